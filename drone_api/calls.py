"""Requests to the Drone server, and its replies."""

from collections.abc import Iterable
from dataclasses import dataclass, field

Query = Iterable[tuple[str, str]]


@dataclass(frozen=True)
class Call:
    method: str  # all but GET may change something at Drone
    path: str  # from the server's root, its parts quoted
    query: Query = field(repr=False)  # names and values, as they are; some may be secret
    wait: float  # seconds that the answer may take, from its first byte to its last
    limit: int  # bytes that the answer may have
    content: bytes = field(default=b"", repr=False)  # JSON; empty: none
    changes: bool = True  # False: Drone only computes something

    @property
    def writes(self) -> bool:
        return self.method != "GET" and self.changes


@dataclass(frozen=True)
class Reply:
    call: Call
    status: int
    body: bytes
    location: str  # where a redirect leads: scheme and host only; empty: elsewhere at the same
