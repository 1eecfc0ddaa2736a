"""What a step printed, line by line (docs/drone.md 4.6)."""

import re
from itertools import count

import msgspec


class Line(msgspec.Struct, frozen=True, gc=False):
    """A line of a log. A log has very many: msgspec makes them without the help of Python."""

    pos: int = 0  # from 0; the first lines may be missing, where the runner's limit was passed
    out: str = ""  # with its line end, and with escapes for colours
    time: int = 0  # whole seconds since the step began


LINES = msgspec.json.Decoder(list[Line])
PLAIN_LINE = re.compile(r"[^\n]*+\n|[^\n]++")
ANY_JSON = msgspec.json.Decoder(msgspec.Raw)  # reads all of it, and makes no objects


def of_drone(elements: bytes | memoryview) -> list[Line]:
    """Read lines in Drone's form: the elements of an array, without its brackets.

    Raises:
        ValueError: they are no JSON; or no lines, if it is a `msgspec.ValidationError`.
        RecursionError: something in them is nested too deep.
    """
    return LINES.decode(b"".join((b"[", elements, b"]")))


def plain(text: bytes | memoryview, before: int = 0) -> list[Line]:
    """Make lines of plain text.

    Args:
        text: UTF-8; what cannot be read is replaced.
        before: how many lines stand before it.
    """
    return list(map(Line, count(before), PLAIN_LINE.findall(str(text, errors="replace"))))


def is_json(data: bytes) -> bool:
    """Can it be given on byte for byte as Drone does?"""
    try:
        ANY_JSON.decode(data)
    except (ValueError, RecursionError):
        return False
    return True
