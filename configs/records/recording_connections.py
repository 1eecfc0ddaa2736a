"""The few connections of a process that Drone's requests record by, whichever thread answers them.

They are connections of their own: pages may wait for a database longer than a build may. Each is the thread's default one as long
as it is lent.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Empty, LifoQueue
from typing import TypeVar

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, DatabaseError, OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from configs.database.postgresql import deadline

STATEMENT = 2.0  # seconds that the database may take for a statement
ANSWER = 2.5  # seconds after which it is given up, if the database does not even say that it failed
TURN = 4.0  # seconds for a connection that others use
LEAST = 0.1  # seconds; with less left none is lent, since work that is cut off looks like a database that fails
# SQLite lets one process write at a time and tells nobody when it is their turn: short waits, asked for again and again,
# meet a free moment where one long wait with its growing pauses may miss them all. 8 MB hold the pages of the indexes' ends.
SETTINGS = {
    "postgresql": (f"SET statement_timeout = {STATEMENT * 1000:.0f}; SET lock_timeout = {STATEMENT * 1000 - 10:.0f}",),
    "sqlite": ("PRAGMA busy_timeout = 20", "PRAGMA cache_size = -8000"),
}
T = TypeVar("T")


class NoneFree(Exception):
    """No connection became free in time."""


class Lent:
    """A connection, for one request."""

    def __init__(self, connection: BaseDatabaseWrapper, end: float) -> None:
        self.connection, self.end = connection, end
        self.opened_before = connection.connection  # None: it is opened for this request

    def do(self, work: Callable[[], T]) -> T:
        """Do it, on SQLite as soon as no other process writes."""
        end = min(time.monotonic() + STATEMENT, self.end)
        while True:
            try:
                self.connect()
                return work()
            except OperationalError as error:
                if self.connection.vendor != "sqlite" or "locked" not in str(error) or time.monotonic() > end:
                    raise

    def connect(self) -> None:
        """Connect with short waits, where there is no connection, or one to a file that was moved, replaced or deleted."""
        if self.connection.vendor == "sqlite" and self.connection.connection is not None and not self.connection.is_usable():
            self.close()
        if self.connection.connection is None:
            self.connection.ensure_connection()
            with self.connection.cursor() as cursor:
                for statement in SETTINGS[self.connection.vendor]:
                    cursor.execute(statement)

    def went_stale(self, error: Exception) -> bool:
        """Return whether it died since it was last lent, as when PostgreSQL is started again.

        Django may have opened another in its place: it does at the end of a transaction that failed.
        """
        if self.opened_before is None or isinstance(error.__cause__, deadline.NoAnswer):
            return False
        return self.connection.connection is not self.opened_before or not self.connection.is_usable()

    def close(self) -> None:
        try:
            self.connection.close()
        except DatabaseError:
            self.connection.connection = None
        self.opened_before = None


def make() -> "LifoQueue[BaseDatabaseWrapper]":
    """Make the connections of this process; each is opened when it is needed."""
    free: LifoQueue[BaseDatabaseWrapper] = LifoQueue()
    for _ in range(settings.RECORDING_CONNECTIONS if connections[DEFAULT_DB_ALIAS].vendor == "postgresql" else 1):
        connection = connections.create_connection(DEFAULT_DB_ALIAS)
        connection.inc_thread_sharing()
        connection.shares = False  # type: ignore[attr-defined]  # of a pool: pages never keep it waiting
        free.put(connection)
    return free


free = make()


@contextmanager
def lend(end: float) -> Iterator[Lent]:
    """Lend a connection to this thread until it has recorded.

    Args:
        end: of the monotonic clock; nothing takes longer.

    Raises:
        NoneFree: none became free in time.
    """
    turn = min(TURN, end - LEAST - time.monotonic())
    if turn <= 0:
        raise NoneFree
    try:
        connection = free.get(timeout=turn)
    except Empty:
        raise NoneFree from None
    before = connections[DEFAULT_DB_ALIAS]
    connections[DEFAULT_DB_ALIAS] = connection
    try:
        with deadline.within(ANSWER, end):
            yield Lent(connection, end)
    finally:
        connections[DEFAULT_DB_ALIAS] = before
        free.put(connection)
