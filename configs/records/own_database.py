"""Problems of edrone's own database (DATABASE_URL), one sentence each."""

import os
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from django.db import DatabaseError, Error, IntegrityError, connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Model, QuerySet

from configs.database.postgresql.pool import AllInUse

IT = "edrone's own database (DATABASE_URL)"
AWAY = f"{IT} does not answer, or not as it should."
BUSY = f"All connections of this process to {IT} are in use; try again in a moment."
SLOW = f"{IT} is slow, or another program holds its lock; try again later."
OLD_TABLES = f"{IT} answers, but its tables are not there or are of another version: run manage.py migrate."
READ_ONLY = f"{IT} answers, but can only be read: look at default_transaction_read_only of its role, or at its file."
FORBIDDEN = f"{IT} answers, but does not let its role do this: make the role the owner of the database and of its tables."
INSUFFICIENT_PRIVILEGE = "42501"  # PostgreSQL's
UNDEFINED_TABLE, UNDEFINED_COLUMN, READ_ONLY_TRANSACTION = "42P01", "42703", "25006"  # likewise
QUERY_CANCELED, LOCK_NOT_AVAILABLE = "57014", "55P03"  # likewise
NOT_THERE = re.compile(r"no such (table|column)|has no column named")  # SQLite's
AT_ONCE = 500  # rows that are deleted


def trouble(error: DatabaseError) -> str:
    """Return the problem behind an error. The error's own words may name hosts and users: they are for the log."""
    if isinstance(error.__cause__, AllInUse):
        return BUSY
    code, message = getattr(error.__cause__, "pgcode", None), str(error)
    if code in {UNDEFINED_TABLE, UNDEFINED_COLUMN} or NOT_THERE.search(message):
        return OLD_TABLES
    if code == INSUFFICIENT_PRIVILEGE or "permission denied for" in message:  # Django wraps that of `migrate` in one of its own
        return FORBIDDEN
    if code == READ_ONLY_TRANSACTION or "readonly database" in message:
        return READ_ONLY
    if code in {QUERY_CANCELED, LOCK_NOT_AVAILABLE} or "is locked" in message:
        return SLOW
    return AWAY


def once_more(action: Callable[[], object]) -> None:
    """Do something, on a new connection if need be: the one there is may have ended while Drone was waited for."""
    try:
        action()
    except Error:
        connection.close()
        action()


def save_new(row: Model) -> None:
    """Check a new row and save it. Another request may save an equal one meanwhile, such as the first click of two.

    Raises:
        ValidationError: it is not valid, or has just ceased to be.
    """
    row.full_clean()
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        row.full_clean()
        raise


def delete_some(rows: QuerySet[Any]) -> None:
    """Delete the first of some rows; called often, it keeps up."""
    rows.filter(pk__in=list(rows.values_list("pk", flat=True)[:AT_ONCE])).delete()


def problem() -> str:
    """Return what is wrong: it cannot be written to, or lacks the tables of this version. Empty if all is well.

    Raises:
        DatabaseError: it does not answer.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('transaction_read_only')" if connection.vendor == "postgresql" else "SELECT 'off'")
        guarded = cursor.fetchone() == ("on",)
    file = Path(str(connection.settings_dict["NAME"]))
    paths = (file, file.parent) if connection.vendor == "sqlite" and file.exists() else ()
    if guarded or not all(os.access(path, os.W_OK) for path in paths):
        return READ_ONLY
    # Every time: a backup of an older version may have been put in its place.
    return OLD_TABLES if newest() - MigrationRecorder(connection).applied_migrations().keys() else ""


@cache
def newest() -> frozenset[tuple[str, str]]:
    """Return the last migration of each app."""
    return frozenset(MigrationLoader(None).graph.leaf_nodes())
