"""No thread waits for ever for PostgreSQL: not for one that is stopped and keeps its sockets open, nor for a host that vanished.

Limits of the server (statement_timeout) and of TCP (keepalives) do not help there: the one that would end the statement is the
one that is stopped, and its kernel acknowledges every packet.
"""

import math
import select
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from psycopg2 import OperationalError, extensions

CONNECTED = 0  # libpq's CONNECTION_OK
SECONDS_TO_CONNECT = 2  # with a wait callback, psycopg2 leaves `connect_timeout` to that
SECONDS_OF_A_STATEMENT = 10  # for the server: it ends the statement, and says so
SECONDS_TO_ANSWER = SECONDS_OF_A_STATEMENT + 1.0  # for a server that says nothing


class NoAnswer(OperationalError):  # type: ignore[misc]  # psycopg2 has no types
    """The server took too long, and said nothing."""


class Limits(threading.local):
    """How long this thread waits."""

    to_answer = SECONDS_TO_ANSWER  # seconds for a statement
    end = math.inf  # of the monotonic clock: no longer than until then


limits = Limits()


def begin() -> None:
    """Let all connections of this process wait with a deadline. A command may take longer, and people can end it."""
    extensions.set_wait_callback(wait)


@contextmanager
def within(to_answer: float, end: float) -> Iterator[None]:
    """Let this thread wait for less: so many seconds for a statement, and until `end` in all."""
    begin()
    limits.to_answer, limits.end = to_answer, end
    try:
        yield
    finally:
        limits.to_answer, limits.end = SECONDS_TO_ANSWER, math.inf


def wait(connection: extensions.connection) -> None:
    """Wait until a connection is made, or a statement is answered.

    Raises:
        NoAnswer: it takes too long. psycopg2 then closes the connection.
    """
    limit = limits.to_answer
    if connection.info.status != CONNECTED:
        limit = float(connection.info.dsn_parameters.get("connect_timeout") or SECONDS_TO_CONNECT)
    end = min(time.monotonic() + limit, limits.end)
    while (state := connection.poll()) != extensions.POLL_OK:
        poll = select.poll()
        poll.register(connection.fileno(), select.POLLIN if state == extensions.POLL_READ else select.POLLOUT)
        if not poll.poll(max(end - time.monotonic(), 0) * 1000):
            raise NoAnswer(f"the server did not answer within {limit:g} s")
