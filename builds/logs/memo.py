"""Results that are slow to make of some bytes, kept for the next who asks."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from hashlib import blake2b
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Kept(Generic[Value]):
    """The results of a pure function, for the few texts that were asked for last. Safe for threads.

    Texts are known by their digest: nothing is ever out of date, and the texts themselves are not held. Threads that want
    something new wait for each other, so that six who open the same log at once have it looked through once.
    """

    def __init__(self, make: Callable[[bytes], Value], most: int) -> None:
        """Take the function, and how many results are kept."""
        self.make, self.most = make, most
        self.found: OrderedDict[bytes, Value] = OrderedDict()
        self.lock = threading.Lock()

    def of(self, data: bytes) -> Value:
        """Give the result for some bytes."""
        key = blake2b(data, digest_size=16).digest()
        with self.lock:
            if key not in self.found:
                self.found[key] = self.make(data)
            self.found.move_to_end(key)
            while len(self.found) > self.most:
                self.found.popitem(last=False)
            return self.found[key]
