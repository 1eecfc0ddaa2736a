"""edrone's SQLite backend with one error for every failure, and for text that is not UTF-8."""

import sqlite3
from functools import cached_property
from typing import Any

from builds.drone_db.backends.failures import OneFailure
from configs.database.sqlite3 import base


class DatabaseWrapper(base.DatabaseWrapper):
    """The file is opened to be read only (builds/drone_db/backends/config.py)."""

    @cached_property
    def wrap_database_errors(self) -> OneFailure:
        return OneFailure(self)

    def get_new_connection(self, conn_params: dict[str, Any]) -> sqlite3.Connection:
        """Connect; bytes that are no text read with a replacement character instead of failing the whole row."""
        connection = super().get_new_connection(conn_params)
        connection.text_factory = lambda raw: raw.decode(errors="replace")
        return connection
