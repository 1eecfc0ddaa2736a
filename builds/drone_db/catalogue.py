"""The columns that the connected Drone database has. Queries leave out those that an older Drone lacks (docs/drone.md 5.2)."""

import time
from collections.abc import Mapping

from django.db.backends.base.base import BaseDatabaseWrapper

Columns = Mapping[str, frozenset[str]]  # table → its columns
SECONDS_TO_KEEP = 60  # Drone may be upgraded while edrone runs
POSTGRESQL = """
SELECT c.relname, a.attname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f') AND pg_catalog.pg_table_is_visible(c.oid) AND a.attnum > 0 AND NOT a.attisdropped
  AND c.relnamespace <> 'pg_catalog'::regnamespace
"""
SQLITE = "SELECT m.name, c.name FROM sqlite_schema m, pragma_table_info(m.name) c WHERE m.type IN ('table', 'view')"

_kept: dict[tuple[str | int, ...], tuple[float, Columns]] = {}


def columns(connection: BaseDatabaseWrapper) -> Columns:
    """Return the tables and their columns, at most a minute old. Works for a role that may read a few columns only.

    Raises:
        DroneDatabaseUnavailable: the database does not answer.
    """
    entry = connection.settings_dict
    key = entry["HOST"], entry["PORT"], entry["NAME"], entry["USER"]
    read_at, tables = _kept.get(key, (0.0, None))
    if tables is None or time.monotonic() - read_at > SECONDS_TO_KEEP:
        tables = read(connection)
        _kept[key] = (time.monotonic(), tables)
    return tables


def read(connection: BaseDatabaseWrapper) -> Columns:
    tables: dict[str, set[str]] = {}
    with connection.cursor() as cursor:
        cursor.execute(POSTGRESQL if connection.vendor == "postgresql" else SQLITE)
        for table, column in cursor.fetchall():
            tables.setdefault(table, set()).add(column)
    return {table: frozenset(names) for table, names in tables.items()}


def has_table(connection: BaseDatabaseWrapper, table: str) -> bool:
    return table in columns(connection)
