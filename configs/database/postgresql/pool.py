"""Connections that are kept for the next request, of whichever thread, and never more of them than a limit.

Django has a pool for psycopg 3 only. This one answers to the same calls. Connections kept by threads, Django's other way, would
be as many as there are threads.
"""

import select
import time
from collections.abc import Callable
from threading import BoundedSemaphore
from typing import Any

from psycopg2 import OperationalError, extensions

SECONDS_TO_WAIT = 5  # for a connection that others use
SECONDS_KEPT = 60  # since it was opened: its role may have been changed, or it may have been dropped without a word


class AllInUse(OperationalError):  # type: ignore[misc]  # psycopg2 has no types
    """No connection became free in time."""


class PooledConnection(extensions.connection):  # type: ignore[misc]  # likewise
    _pool: "Pool"  # where Django gives it back

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.opened = time.monotonic()


class Pool:
    """Lends connections, the one used last first."""

    def __init__(self, limit: int, connect: Callable[[], PooledConnection]) -> None:
        self.limit, self.connect = limit, connect
        self.slots = BoundedSemaphore(limit)
        self.idle: list[PooledConnection] = []

    def open(self) -> None:
        """Do nothing: a connection is opened when it is needed."""

    def getconn(self) -> PooledConnection:
        """Lend a connection.

        Raises:
            AllInUse: none became free in time.
            psycopg2.Error: none could be opened.
        """
        if not self.slots.acquire(timeout=SECONDS_TO_WAIT):
            raise AllInUse(f"all {self.limit} connections of this process were in use for {SECONDS_TO_WAIT} s")
        try:
            connection = self.kept() or self.connect()
        except BaseException:
            self.slots.release()
            raise
        connection._pool = self  # noqa: SLF001 - as Django has it
        return connection

    def kept(self) -> PooledConnection | None:
        while self.idle:
            try:
                connection = self.idle.pop()
            except IndexError:  # another thread was faster
                break
            if time.monotonic() - connection.opened < SECONDS_KEPT and silent(connection):
                return connection
            connection.close()
        return None

    def putconn(self, connection: PooledConnection) -> None:
        """Take a connection back; one that is broken, or in a transaction, is closed."""
        if connection.closed or connection.info.transaction_status != extensions.TRANSACTION_STATUS_IDLE:
            connection.close()
        else:
            self.idle.append(connection)
        self.slots.release()

    def close(self) -> None:
        """Close what is idle."""
        while self.idle:
            self.idle.pop().close()


def silent(connection: PooledConnection) -> bool:
    """Return whether the server has neither closed an idle connection nor said that it will. It is not asked."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return not poll.poll(0)
