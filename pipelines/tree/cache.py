"""A cache of what came from files, valid as long as none of the files changes.

No entry is used without a look at the files: an entry is found by the stamp of the file that serves, and is used only
if the stamps of all others it came from are still the same.
"""

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Generic, TypeVar

from pipelines.tree.files import Stamp

SIZE_LIMIT = 12 * 1024 * 1024  # bytes in memory: 6,000 pipelines of 1.4 KB, or 1,800 that are composed
ENTRY_SIZE, STAMP_SIZE = 600, 350  # bytes of an entry beside its value and the other stamps, and of one of these
# A file that changed within this time may change again without a new stamp: clocks of file systems are coarse.
SETTLED = 2_000_000_000  # nanoseconds

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class CacheEntry(Generic[T]):
    """A value that came from files, and their stamps."""

    value: T
    others: tuple[Stamp, ...]  # of the files beside the one that it is found by
    size: int  # bytes


class Cache(Generic[T]):
    """The most recently used entries. Safe for threads."""

    def __init__(self, limit: int = SIZE_LIMIT) -> None:
        self.limit, self.used = limit, 0  # bytes
        self.entries: OrderedDict[Stamp, CacheEntry[T]] = OrderedDict()
        self.lock = threading.Lock()

    def get(self, stamp: Stamp) -> CacheEntry[T] | None:
        """Find what came from a file in this state; the caller checks whether the other files are the same."""
        with self.lock:
            entry = self.entries.get(stamp)
            if entry:
                self.entries.move_to_end(stamp)
            return entry

    def put(self, stamps: tuple[Stamp, ...], value: T, size: int, since: int) -> None:
        """Add an entry, unless one of its files changed so lately that it may change again unseen.

        Args:
            stamps: of all files that it came from, first the one to find it by.
            value: to cache.
            size: bytes that the value takes, roughly.
            since: when the first of the files was read, in nanoseconds of the clock.
        """
        if any(stamp.ctime_ns > since - SETTLED for stamp in stamps):
            return
        entry = CacheEntry(value, stamps[1:], size + ENTRY_SIZE + STAMP_SIZE * len(stamps[1:]))
        with self.lock:
            replaced = self.entries.pop(stamps[0], None)
            self.used += entry.size - (replaced.size if replaced else 0)
            self.entries[stamps[0]] = entry
            while self.used > self.limit:
                self.used -= self.entries.popitem(last=False)[1].size


def now() -> int:
    """Return the time as files do, in nanoseconds."""
    return time.time_ns()
