"""The lines of a log as a page shows them. Pure; what is slow for a long log is done once and kept for a few logs."""

from collections.abc import Sequence
from dataclasses import dataclass

from builds.logs import ansi, log_parts
from builds.logs.digest_cache import DigestCache
from builds.logs.log_lines import Line
from builds.logs.log_slices import SlicedLog, sliced
from web import times

SHORT = 128 * 1024  # bytes; a log that is not longer is looked at anew each time
MOST_PARTS = 200  # that a page has
MOST_OUTLINES = 8  # logs; of each the lines of its last part and the borders of the others, a megabyte at most


@dataclass(frozen=True)
class LogLine:
    """A line as the page shows it."""

    number: int  # from 1
    spans: list[ansi.Span]
    longer: int  # characters that are not shown
    at: str  # time since the step began; empty where it is that of the line before


@dataclass(frozen=True)
class Outline:
    """What the page of a log needs: where its parts begin, and the lines of the last one."""

    log: SlicedLog
    parts: list[log_parts.LogPart]  # the last MOST_PARTS of them
    since: list[str]  # for each part the time at which it begins
    last: list[LogLine]


def outline(data: bytes) -> Outline:
    """Look through a log as Drone stores it."""
    return OUTLINES.of(data) if len(data) > SHORT else read_outline(data)


def read_outline(data: bytes) -> Outline:
    log = sliced(data)
    found, before = log.lines(data, log.last - MOST_PARTS * log_parts.MOST_LINES + 1, log.last)
    parts = log_parts.parts([line.out for line in found])[-MOST_PARTS:]
    last = written(found, parts[-1].first, parts[-1].last, before) if parts else []
    since = [times.clock(found[part.first - 1].time) for part in parts]
    return Outline(log, [log_parts.LogPart(part.first + before, part.last + before) for part in parts], since, last)


OUTLINES = DigestCache(read_outline, MOST_OUTLINES)


def written(found: Sequence[Line], first: int, last: int, skipped: int = 0) -> list[LogLine]:
    """Write some lines of a log, in the colours that the lines before them left behind.

    An empty text is no line, not even a blank one: the runner cuts what a step prints after each line end, and sends what
    follows the last one too. It is not shown, and its number is left out: the others keep those that Drone gives them.

    Args:
        found: all lines.
        first: number of the first that is written, counted from 1.
        last: number of the last.
        skipped: lines that are missing before all of them; the numbers count them.
    """
    style = ansi.after(end_of(found, first - 1))
    chosen = found[first - 1 : last]
    result, before = [], None
    for number, (line, spans) in enumerate(
        zip(chosen, ansi.lines((line.out for line in chosen), style), strict=True), first + skipped
    ):
        if not line.out:
            continue
        begin, end = ansi.visible(line.out)
        at = times.clock(line.time) if line.time != before else ""
        result.append(LogLine(number, spans, max(end - begin - ansi.LONGEST, 0), at))
        before = line.time
    return result


def as_text(data: bytes) -> bytes:
    """Return a log as it was printed, each line with its end."""
    log = sliced(data)
    texts = ([line.out for line in log.read(data, part) if line.out] for part in log.slices)
    return b"".join(
        "".join(text if text.endswith("\n") else f"{text}\n" for text in part).encode(errors="replace") for part in texts
    )


def end_of(found: Sequence[Line], count: int) -> str:
    """Return the end of the first `count` lines, as much as is looked at for colours."""
    texts: list[str] = []
    length = 0
    while count and length < ansi.REMEMBERED:
        count -= 1
        texts.append(found[count].out[-ansi.REMEMBERED :])
        length += len(texts[-1])
    return "".join(reversed(texts))
