"""A cache of results that are slow to make."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from hashlib import blake2b
from typing import Generic, TypeVar

Value = TypeVar("Value")


class DigestCache(Generic[Value]):
    """The results of a pure function, for the few texts that were asked for last. Safe for threads.

    Texts are known by their digest: nothing is ever out of date, and the texts themselves are not held. Threads that want
    something new wait for each other, so that six who open the same log at once have it looked through once.
    """

    def __init__(self, make: Callable[[bytes], Value], most: int) -> None:
        self.make, self.most = make, most
        self.results: OrderedDict[bytes, Value] = OrderedDict()
        self.lock = threading.Lock()

    def of(self, data: bytes) -> Value:
        key = blake2b(data, digest_size=16).digest()
        with self.lock:
            if key not in self.results:
                self.results[key] = self.make(data)
            self.results.move_to_end(key)
            while len(self.results) > self.most:
                self.results.popitem(last=False)
            return self.results[key]
