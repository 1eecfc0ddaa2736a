"""Lets few of the requests that wait for builds work at a time.

Hundreds may come at once, or be told at once that their build has ended. If all of them worked then, each request of Drone would
ask for the interpreter behind all of them (docs/performance.md).
"""

import threading

AT_WORK = threading.BoundedSemaphore(2)
LONGEST = 2.0  # seconds in the line; whoever stood in it so long works beside the others


class Turn:
    taken = False

    def take(self) -> None:
        self.taken = AT_WORK.acquire(timeout=LONGEST)

    def give_back(self) -> None:
        if self.taken:
            self.taken = False
            AT_WORK.release()
