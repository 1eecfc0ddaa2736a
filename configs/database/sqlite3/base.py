"""Django's SQLite backend for connections that are kept: none is used again once its file was moved, replaced or deleted."""

import os
import sqlite3
from typing import Any

from django.db.backends.sqlite3 import base


class DatabaseWrapper(base.DatabaseWrapper):
    """Its health check (CONN_HEALTH_CHECKS, once a request) compares the file with the one that was opened."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> sqlite3.Connection:
        """Connect, and remember which file it is."""
        connection: sqlite3.Connection = super().get_new_connection(conn_params)
        _, _, self.file = connection.execute("PRAGMA database_list").fetchone()
        self.identity = identity(self.file)
        return connection

    def is_usable(self) -> bool:
        return identity(self.file) == self.identity


def identity(file: str) -> tuple[int, int] | None:
    """Return device and inode of a file; None where there is no file, as for a database in memory."""
    try:
        status = os.stat(file)
    except OSError:
        return None
    return status.st_dev, status.st_ino
