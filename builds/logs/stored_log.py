"""A log of Drone's table, as it was stored. A process holds one long log at a time, so that many readers cost no more memory."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from builds.drone_db.models import Step
from builds.drone_db.queries import log_piece
from drone_api.client import LOG as LARGEST
from drone_api.errors import DroneError
from texts.sentence import Sentence

FIRST, NEXT = 1024 * 1024, 8 * 1024 * 1024  # bytes that one query reads, since psycopg2 needs four times as many for it
SECONDS = 5.0  # to wait for the reader of another long log
long_log = threading.Lock()


class Busy(DroneError):
    """Too many want to read long logs at once."""

    retry_after = 1

    def __init__(self) -> None:
        super().__init__(Sentence("edrone is reading other long logs. Try again in a moment."), 503)


@contextmanager
def stored_log(step: Step) -> Iterator[bytes | None]:
    """Read the log of a step; None where Drone's table has none. Other long logs have to wait until the reader is done with it.

    Raises:
        DroneError: it is too long, or others are read.
    """
    size, data = log_piece(step, 0, FIRST) or (0, None)
    if data is None or size <= FIRST:
        yield data
        return
    if size > LARGEST:
        too_long = "This log has %(size)s bytes. edrone reads logs of up to %(limit)s bytes; get this one from Drone's database."
        raise DroneError(Sentence(too_long, size=size, limit=LARGEST), 502, permanent=True)
    if not long_log.acquire(timeout=SECONDS):
        raise Busy
    try:
        yield b"".join([data, *rest(step, size)])
    finally:
        long_log.release()


def rest(step: Step, size: int) -> Iterator[bytes]:
    """Read what follows the first piece."""
    for begin in range(FIRST, size, NEXT):
        _, data = log_piece(step, begin, NEXT) or (0, b"")
        yield data
