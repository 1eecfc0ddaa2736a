"""A request that waits until it is recorded, and what it is answered whether or not it is."""

import threading
from dataclasses import dataclass, field

from configs.records.rows import Ask
from configs.records.rules import RecordSearch
from pipelines.errors import ConfigError
from pipelines.resolve.resolve import Resolved

Answer = Resolved | ConfigError


@dataclass(eq=False)
class Job:
    """A request that waits to be recorded."""

    ask: Ask
    search: RecordSearch | None = None  # what is known of the build, once it was read
    answer: Answer | None = None  # None also where it could not be recorded
    reason: str = ""  # why it could not
    given_up: bool = False
    done: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def offer(self, answer: Answer | None) -> bool:
        """Set the answer; return False if the request has given up waiting."""
        with self.lock:
            if not self.given_up:
                self.answer = answer
            return not self.given_up

    def give_up(self) -> None:
        """Stop waiting: the answer is what is known by now."""
        with self.lock:
            self.given_up = True
