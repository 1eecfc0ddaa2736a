"""What a step printed, line by line (docs/drone.md 4.6)."""

from typing import Any, NamedTuple

import msgspec


class Line(NamedTuple):
    """A line of a log. A log has very many: a tuple is made in a third of the time that a dataclass takes."""

    pos: int  # from 0; the first lines may be missing, where the runner's limit was passed
    out: str  # with its line end, and with escapes for colours
    time: int  # whole seconds since the step began


def lines(data: bytes) -> list[Line]:
    """Read a log as Drone stores it. `null` has no lines; what is not Drone's JSON is taken for plain text."""
    try:
        found = msgspec.json.decode(data or b"null")
    except (ValueError, RecursionError):
        return plain(data)
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        return plain(data)
    return [
        Line(whole(line.get("pos"), place), text(line.get("out")), whole(line.get("time"), 0)) for place, line in enumerate(found)
    ]


def plain(data: bytes) -> list[Line]:
    return [Line(place, line, 0) for place, line in enumerate(data.decode(errors="replace").splitlines(keepends=True))]


def is_drones(data: bytes) -> bool:
    """Is it JSON, so that it can be given on byte for byte as Drone does?"""
    try:
        msgspec.json.decode(data)
    except (ValueError, RecursionError):
        return False
    return True


def whole(value: Any, default: int) -> int:
    """Return a whole number, or the default."""
    return value if type(value) is int else default


def text(value: Any) -> str:
    """Return a text; anything else is written as JSON, nothing as the empty text."""
    if isinstance(value, str):
        return value
    return "" if value is None else msgspec.json.encode(value).decode()
