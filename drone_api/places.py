"""Calls to Drone hold at most half of a process's threads: each may wait minutes, and Drone asks edrone meanwhile."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from django.conf import settings

from drone_api.errors import DroneError
from texts.sentence import Sentence


class Busy(DroneError):
    """All places are taken; nothing was asked."""

    wait = 1

    def __init__(self) -> None:
        """Say so."""
        busy = Sentence("edrone waits for Drone in as many requests as it may; nothing was asked. Try again in a moment.")
        super().__init__(busy, 503)


@contextmanager
def place() -> Iterator[None]:
    """Hold one of the places for calls to Drone.

    Raises:
        Busy: all are taken.
    """
    held = places()  # the very one: threads that come first and together may be given two
    if not held.acquire(blocking=False):
        raise Busy
    try:
        yield
    finally:
        held.release()


@cache
def places() -> threading.BoundedSemaphore:
    """Give those of this process."""
    return threading.BoundedSemaphore(max(1, settings.EDRONE_THREADS // 2))
