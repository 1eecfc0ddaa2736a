"""What was resolved, or why it could not be, kept as long as none of its files changes.

Nothing here is trusted without a look at the files: an entry is found by the stamp of the file that serves, and is used only
if the stamps of all others it came from are still the same.
"""

import sys
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Generic, TypeVar

from pipelines.tree.tree import Stamp

ROOM = 32 * 1024 * 1024  # bytes of text, about 20,000 pipelines
# A file that changed within this time may change again without a new stamp: clocks of file systems are coarse.
SETTLED = 2_000_000_000  # nanoseconds

T = TypeVar("T")


@dataclass(frozen=True)
class Entry(Generic[T]):
    """Something that came from files."""

    value: T
    others: tuple[Stamp, ...]  # of the files beside the one that it is found by
    size: int  # bytes


class Cache(Generic[T]):
    """The most recently used entries. Safe for threads."""

    def __init__(self, room: int = ROOM) -> None:
        """Start empty."""
        self.room, self.used = room, 0
        self.entries: OrderedDict[Stamp, Entry[T]] = OrderedDict()
        self.lock = threading.Lock()

    def get(self, stamp: Stamp) -> Entry[T] | None:
        """Find what came from a file in this state; whether the others are the same is the caller's to see."""
        with self.lock:
            entry = self.entries.get(stamp)
            if entry:
                self.entries.move_to_end(stamp)
            return entry

    def put(self, stamps: tuple[Stamp, ...], value: T, size: int, since: int) -> None:
        """Keep something.

        Args:
            stamps: of all files that it came from, first the one to find it by.
            value: to keep.
            size: bytes that it takes, roughly.
            since: when the first of the files was read, in nanoseconds of the clock.
        """
        if any(stamp.ctime_ns > since - SETTLED for stamp in stamps):
            return
        entry = Entry(value, stamps[1:], size + sys.getsizeof(stamps) * 4)
        with self.lock:
            replaced = self.entries.pop(stamps[0], None)
            self.used += entry.size - (replaced.size if replaced else 0)
            self.entries[stamps[0]] = entry
            while self.used > self.room:
                self.used -= self.entries.popitem(last=False)[1].size


def now() -> int:
    """Tell the time as files do, in nanoseconds."""
    return time.time_ns()
