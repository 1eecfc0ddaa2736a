"""A long log in slices: as objects, all of its lines would take ten times its size. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from builds.logs.log_lines import Line, of_drone, plain

SIZE = 64 * 1024  # bytes of a slice, more where no line ends there
BACK = 256 * 1024  # bytes that are read before the lines that are wanted, since their colours may come from there
BETWEEN_LINES = re.compile(rb"\}(\s*+,)\s*+(?=\{\s*+[\"}])")


class OtherFormError(ValueError):
    """A log is not in Drone's form."""


@dataclass(frozen=True)
class Slice:
    """Some lines of a log that follow each other."""

    begin: int  # bytes before it
    end: int
    before: int  # lines before it, with those that the runner dropped
    count: int  # lines


@dataclass(frozen=True)
class SlicedLog:
    """Where in a log its lines are."""

    slices: list[Slice]
    filled: int  # lines with a text
    last: int  # number of the last line with a text; 0: there is none
    first_pos: int = 0  # what Drone calls the first line: lines that the runner dropped before it; numbers count them
    is_plain: bool = False

    def read(self, data: bytes, part: Slice) -> list[Line]:
        """Read the lines of one slice."""
        text = memoryview(data)[part.begin : part.end]
        return plain(text, part.before) if self.is_plain else of_drone(text)

    def lines(self, data: bytes, first: int, last: int) -> tuple[list[Line], int]:
        """Read the slices that some lines are in, and some before them.

        Args:
            data: the log.
            first: number of the first of these lines, counted from 1 with those that the runner dropped.
            last: number of the last.

        Returns:
            Lines up to the last one, and how many come before them, with those dropped.
        """
        begin = next((part.begin for part in self.slices if part.before + part.count >= first), 0)
        chosen = [part for part in self.slices if part.end > begin - BACK and part.before < last]
        before = chosen[0].before if chosen else 0
        return [line for part in chosen for line in self.read(data, part)][: last - before], before


def sliced(data: bytes) -> SlicedLog:
    """Look through a log as Drone stores it. `null` has no lines; what is not in Drone's form is taken for plain text."""
    try:
        return drones_sliced(data)
    except OtherFormError:
        return plain_sliced(data)


def plain_sliced(data: bytes) -> SlicedLog:
    slices, begin, before = list[Slice](), 0, 0
    while begin < len(data):
        end = data.find(b"\n", begin + SIZE) + 1 or len(data)
        count = data.count(b"\n", begin, end) + (not data.endswith(b"\n", begin, end))
        slices.append(Slice(begin, end, before, count))
        begin, before = end, before + count
    return SlicedLog(slices, before, before, is_plain=True)


def drones_sliced(data: bytes) -> SlicedLog:
    """Look through a log in Drone's form.

    Raises:
        OtherFormError: it is not in that form.
    """
    slices, before, filled, last, first_pos = list[Slice](), 0, 0, 0, 0
    for begin, end, lines in decoded(data):
        texts = [line.out for line in lines]
        if not slices:
            before = first_pos = max(lines[0].pos, 0)
        slices.append(Slice(begin, end, before, len(texts)))
        filled += len(texts) - texts.count("")
        last = next((before + place for place in range(len(texts), 0, -1) if texts[place - 1]), last)
        before += len(texts)
    return SlicedLog(slices, filled, last, first_pos)


def decoded(data: bytes) -> Iterator[tuple[int, int, list[Line]]]:
    """Decode an array of lines in slices, and say where each begins and ends; none is empty.

    A slice ends where one object seems to end and the next to begin. That may be inside of a text, or of an object: what stands
    before is no JSON then, and a slice that is twice as long is tried.

    Raises:
        OtherFormError: it is no array of lines.
    """
    begin, stop = data.find(b"[") + 1, data.rfind(b"]")
    if not 0 < begin <= stop:
        if data.strip() in {b"", b"null"}:
            return
        raise OtherFormError
    if data[: begin - 1].strip() or data[stop + 1 :].strip():
        raise OtherFormError
    size = SIZE
    while begin < stop:
        gap = BETWEEN_LINES.search(data, begin + size, stop)
        end, following = (gap.start(1), gap.end(1)) if gap else (stop, stop)
        try:
            lines = of_drone(memoryview(data)[begin:end])
        except msgspec.ValidationError:
            raise OtherFormError from None
        except (ValueError, RecursionError):
            if not gap:
                raise OtherFormError from None
            size = 2 * (end - begin)
            continue
        if lines:
            yield begin, end, lines
        begin, size = following, SIZE
