"""Django's PostgreSQL backend with a bounded number of connections, which requests share, and a deadline for each statement.

Both are for server processes, which say so by `begin`. Commands connect as Django does.
"""

import threading
from functools import cached_property
from types import TracebackType

import psycopg2
from django.db import InterfaceError, NotSupportedError, OperationalError, connections
from django.db.backends.postgresql import base
from django.db.utils import DatabaseErrorWrapper

from configs.database.postgresql import deadline
from configs.database.postgresql.pool import Pool, PooledConnection

SERVING = threading.Event()
LIMIT_OF_A_STATEMENT = f"SET statement_timeout = '{deadline.SECONDS_OF_A_STATEMENT}s'"
making = threading.Lock()


def begin() -> None:
    """Make this process a server."""
    deadline.begin()
    SERVING.set()


class ClosedIsAway(DatabaseErrorWrapper):
    """Translates errors as Django does, but for a connection that is closed already: that is a failure like any other.

    Django's InterfaceError is no DatabaseError, which is what those catch who outlive their database.
    """

    def __exit__(
        self, exc_type: type[BaseException] | None, exc_value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            super().__exit__(exc_type, exc_value, traceback)
        except InterfaceError as error:
            raise OperationalError(*error.args) from exc_value


class DatabaseWrapper(base.DatabaseWrapper):
    """Its entry of DATABASES says how many connections there may be: MOST_CONNECTIONS."""

    _connection_pools: dict[str, Pool] = {}  # noqa: RUF012 - Django's, by alias
    shares = True  # False: this thread keeps a connection of its own

    @property
    def pool(self) -> Pool | None:  # Django's own code takes connections from there, and gives them back
        """Return the pool of this process; None where connections are not shared."""
        if not (SERVING.is_set() and self.shares and self.settings_dict.get("MOST_CONNECTIONS")):
            return None
        with making:
            if self.alias not in self._connection_pools:
                self._connection_pools[self.alias] = Pool(self.settings_dict["MOST_CONNECTIONS"], self.connect_pooled)
        return self._connection_pools[self.alias]

    @cached_property
    def wrap_database_errors(self) -> DatabaseErrorWrapper:
        return ClosedIsAway(self)

    def check_database_version_supported(self) -> None:
        """Let a PostgreSQL that is too old for Django be one that cannot be used: whoever asks it is ready for that."""
        try:
            super().check_database_version_supported()
        except NotSupportedError as error:
            self.close()  # Django leaves it open, and looks at no version the next time
            raise psycopg2.OperationalError(*error.args) from None

    def connect_pooled(self) -> PooledConnection:
        """Open a connection that any thread may use."""
        options = self.get_connection_params()
        connection: PooledConnection = psycopg2.connect(**options, connection_factory=PooledConnection)
        connection.autocommit = True
        if "statement_timeout" not in options.get("options", ""):
            with connection.cursor() as cursor:
                cursor.execute(LIMIT_OF_A_STATEMENT)
        self._configure_connection(connection)  # type: ignore[attr-defined]  # Django's, for its own pool
        return connection


def give_back() -> None:
    """Give back what this thread has, before it waits for something else. Django does so at the end of a request."""
    for connection in connections.all(initialized_only=True):
        if getattr(connection, "pool", None) and not connection.in_atomic_block:
            connection.close()
