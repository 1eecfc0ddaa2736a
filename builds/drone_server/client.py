"""The client of DRONE_SERVER, and the limit on threads that wait for it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, lru_cache

from django.conf import settings

from configs.database.postgresql.base import give_back
from drone_api.client import Client
from drone_api.errors import DroneError
from drone_api.transport import Transport
from texts.sentence import Sentence


class Busy(DroneError):
    """All slots are taken; nothing was sent."""

    retry_after = 1

    def __init__(self) -> None:
        busy = Sentence("Too many requests are already waiting for Drone, so this one was not sent. Try again in a moment.")
        super().__init__(busy, 503)


def connected() -> Client:
    """Return the client of DRONE_SERVER.

    Raises:
        DroneError: the settings name no server.
    """
    if not (settings.DRONE_SERVER and settings.DRONE_TOKEN):
        raise DroneError(
            Sentence("edrone is not connected to Drone's API: set DRONE_SERVER and DRONE_TOKEN."), 503, permanent=True
        )
    return client_of(settings.DRONE_SERVER, settings.DRONE_TOKEN, settings.DRONE_CA_FILE)


@lru_cache(maxsize=8)
def client_of(server: str, token: str, ca_file: str) -> Client:
    return Client(Transport(server, token, ca_file))


@contextmanager
def slot() -> Iterator[None]:
    """Hold one of the process's slots for calls to Drone: half of its threads. Connections to databases are given back.

    A call may wait for minutes, and meanwhile Drone asks edrone for the configuration, which needs a thread too.

    Raises:
        Busy: all slots are taken.
    """
    held = slots()  # the very one: threads that come first and together may be given two
    if not held.acquire(blocking=False):
        raise Busy
    give_back()
    try:
        yield
    finally:
        held.release()


@cache
def slots() -> threading.BoundedSemaphore:
    return threading.BoundedSemaphore(max(1, settings.EDRONE_THREADS // 2))
