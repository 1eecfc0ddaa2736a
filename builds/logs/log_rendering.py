"""The lines of a log as a page shows them. Pure; what is slow for a long log is done once and kept for a few logs."""

from collections.abc import Sequence
from dataclasses import dataclass

from builds.logs import ansi
from builds.logs.digest_cache import DigestCache
from builds.logs.error_lines import looks_like_error
from builds.logs.log_lines import Line
from builds.logs.log_slices import SlicedLog, sliced
from builds.logs.log_window import MOST_LINES, Window, window
from web import times

SHORT = 128 * 1024  # bytes; a log that is not longer is looked at anew each time
MOST_OUTLINES = 8  # logs; of each where its slices are, and its last lines


@dataclass(frozen=True)
class LogLine:
    """A line as the page shows it."""

    number: int  # from 1
    spans: list[ansi.Span]
    longer: int  # characters that are not shown
    at: str  # time since the step began; empty where it is that of the line before
    is_error: bool = False  # it looks like one


@dataclass(frozen=True)
class Outline:
    """What the page of a log needs: where its lines are, and the last of them."""

    log: SlicedLog
    shown: Window | None  # the last lines; None: there are none
    last: list[LogLine]


def outline(data: bytes) -> Outline:
    """Look through a log as Drone stores it."""
    return OUTLINES.of(data) if len(data) > SHORT else read_outline(data)


def read_outline(data: bytes) -> Outline:
    log = sliced(data)
    if not log.last:
        return Outline(log, None, [])
    return Outline(log, *lines_around(log, data, log.last, log.first_pos + 1, log.last))


def lines_around(log: SlicedLog, data: bytes, number: int, first: int, last: int) -> tuple[Window, list[LogLine]]:
    """Read the lines around one, as many as a window holds, from those that may be shown.

    Args:
        log: where the lines are.
        data: the log.
        number: that of the line, counted from 1.
        first: number of the first line that may be shown.
        last: number of the last.
    """
    first, last = max(first, number - MOST_LINES), min(last, number + MOST_LINES)
    lines, before = log.lines(data, first, last)
    chosen = window([line.out for line in lines[first - before - 1 :]], number - first + 1)
    chosen = Window(chosen.first + first - 1, chosen.last + first - 1)
    return chosen, written(lines, chosen.first - before, chosen.last - before, before)


OUTLINES = DigestCache(read_outline, MOST_OUTLINES)


def written(lines: Sequence[Line], first: int, last: int, skipped: int = 0) -> list[LogLine]:
    """Write some lines of a log, in the colours that the lines before them left behind.

    An empty text is no line, not even a blank one: the runner cuts what a step prints after each line end, and sends what
    follows the last one too. It is not shown, and its number is left out: the others keep those that Drone gives them.

    Args:
        lines: all of them.
        first: number of the first that is written, counted from 1.
        last: number of the last.
        skipped: lines that are missing before all of them; the numbers count them.
    """
    style = ansi.after(end_of(lines, first - 1))
    chosen = lines[first - 1 : last]
    result, before = [], None
    for number, (line, spans) in enumerate(
        zip(chosen, ansi.lines((line.out for line in chosen), style), strict=True), first + skipped
    ):
        if not line.out:
            continue
        begin, end = ansi.visible(line.out)
        at = times.clock(line.time) if line.time != before else ""
        is_error = looks_like_error("".join(span.text for span in spans))
        result.append(LogLine(number, spans, max(end - begin - ansi.LONGEST, 0), at, is_error))
        before = line.time
    return result


def as_text(data: bytes) -> bytes:
    """Return a log as it was printed, each line with its end."""
    log = sliced(data)
    texts = ([line.out for line in log.read(data, part) if line.out] for part in log.slices)
    return b"".join(
        "".join(text if text.endswith("\n") else f"{text}\n" for text in part).encode(errors="replace") for part in texts
    )


def end_of(lines: Sequence[Line], count: int) -> str:
    """Return the end of the first `count` lines, as much as is looked at for colours."""
    texts: list[str] = []
    length = 0
    while count and length < ansi.REMEMBERED:
        count -= 1
        texts.append(lines[count].out[-ansi.REMEMBERED :])
        length += len(texts[-1])
    return "".join(reversed(texts))
