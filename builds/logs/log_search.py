"""The lines of a log that hold a text, or look like errors. Pure: it reads slice by slice, so its memory has a bound."""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from builds.logs import ansi
from builds.logs.log_lines import Line

MOST = 5000  # lines that are listed, the last ones: the end of a log is where it failed
LONGEST = 200  # characters that are looked for
SHOWN = 300  # characters of a line that is listed
Matches = Callable[[str], bool]  # of a line without escapes; of many lines, whether it may be so of any


@dataclass(frozen=True)
class FoundLines:
    count: int  # lines that match
    lines: list[tuple[int, str]]  # number, counted from 1, and the beginning of its text; of more than MOST the last ones


def containing(text: str) -> Matches:
    """Match lines that contain a text, in any case."""
    wanted = text[:LONGEST].casefold()
    return lambda line: wanted in line.casefold()


def search(slices: Iterable[tuple[int, list[Line]]], matches: Matches) -> FoundLines:
    """Look through a log.

    Args:
        slices: how many lines come before each, and its lines.
        matches: what is looked for.
    """
    count, lines = 0, deque[tuple[int, str]](maxlen=MOST)
    for before, part in slices:
        if not may_match(part, matches):
            continue
        for number, line in enumerate(part, before + 1):
            if line.out and matches(text := shown_text(line.out)):
                count += 1
                lines.append((number, text[:SHOWN]))
    return FoundLines(count, list(lines))


def may_match(part: list[Line], matches: Matches) -> bool:
    """Look at many lines at once, which is quicker; all that each shows is in the text: no escape goes on over its end."""
    outs = [line.out for line in part]
    if max(map(len, outs), default=0) > ansi.LONGEST:
        return True
    return matches(without_escapes("\n".join(outs).replace("\r", "\n")))


def shown_text(out: str) -> str:
    """Return what a page shows of a line: what no carriage return wrote over, without escapes, cut where a page cuts it."""
    begin, end = ansi.visible(out)
    return without_escapes(out[begin : min(end, begin + ansi.LONGEST)])


def without_escapes(text: str) -> str:
    return ansi.ESCAPE.sub("", text) if "\x1b" in text else text
