"""A log as it was stored. A process holds one long log at a time, so that many readers cost no more memory."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from builds.drone_db.models import Step
from builds.drone_db.queries import log_piece, log_up_to
from drone_api.errors import DroneError
from texts.sentence import Sentence

SHORT = 1024 * 1024  # bytes; the client of PostgreSQL keeps four times as many for each connection that read so many at once
LARGEST = 20 * 1024 * 1024  # bytes; a runner sends 5 MiB at most, if it is not told otherwise
SECONDS = 10.0  # to wait for the reader of another long log
long_log = threading.Lock()


class LongLogsBusy(DroneError):
    """Too many want to read long logs at once."""

    retry_after = 1

    def __init__(self) -> None:
        super().__init__(Sentence("edrone is reading other long logs. Try again in a moment."), 503)


@contextmanager
def stored_log(step: Step) -> Iterator[bytes | None]:
    """Read the log of a step; None where Drone's table has none. Other long logs wait until the reader is done with it.

    Raises:
        DroneError: it is too long, or others are read.
    """
    size, data = log_up_to(step, SHORT) or (0, None)
    with place(size):
        yield data if size <= SHORT else long_data(step, size)


def long_data(step: Step, size: int) -> bytes | None:
    pieces = [log_piece(step, begin, SHORT) for begin in range(0, size, SHORT)]
    return b"".join(pieces) if all(pieces) else None  # where it was deleted meanwhile, some are empty


@contextmanager
def place(size: int) -> Iterator[None]:
    """Hold the process's only place for a long log; a short one needs none.

    Raises:
        DroneError: the log is too long, or others are read.
    """
    if size <= SHORT:
        yield
        return
    refuse_too_long(size)
    if not long_log.acquire(timeout=SECONDS):
        raise LongLogsBusy
    try:
        yield
    finally:
        long_log.release()


def refuse_too_long(size: int) -> None:
    if size > LARGEST:
        reason = Sentence(
            "This log has %(size)s bytes. edrone reads logs of up to %(limit)s bytes; get this one from Drone itself.",
            size=size,
            limit=LARGEST,
        )
        raise DroneError(reason, 502, permanent=True)
