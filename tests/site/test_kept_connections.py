"""On SQLite a thread keeps its connections from one request to the next, as long as the file is the one at the path."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import DatabaseError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import ConnectionHandler
from pytest_django.plugin import DjangoDbBlocker

from builds.drone_db.backends.config import read_only
from configs.records.recording_connections import Lent


def made(file: Path, number: int) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE here (number)")
        connection.execute("INSERT INTO here VALUES (?)", [number])
        connection.commit()


@pytest.fixture(params=["own", "Drone's"])
def entry(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Any]:
    file = tmp_path / "file.sqlite3"
    made(file, 1)
    plain = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(file)}
    return settings.DATABASES["default"] | {"NAME": str(file)} if request.param == "own" else read_only(plain)


@pytest.fixture
def connection(entry: dict[str, Any], django_db_blocker: DjangoDbBlocker) -> Iterator[BaseDatabaseWrapper]:
    kept = ConnectionHandler({"default": entry})["default"]
    with django_db_blocker.unblock():
        yield kept
        kept.close()


def asked(connection: BaseDatabaseWrapper) -> int:
    """Do what a request does, from its beginning to its end."""
    connection.close_if_unusable_or_obsolete()
    with closing(connection.cursor()) as cursor:
        cursor.execute("SELECT number FROM here")
        (number,) = cursor.fetchone()
    connection.close_if_unusable_or_obsolete()
    return int(number)


def test_one_request_after_another_uses_one_connection(connection: BaseDatabaseWrapper):
    assert asked(connection) == 1
    first = connection.connection
    assert first is not None
    assert asked(connection) == 1
    assert connection.connection is first


def test_a_file_that_was_replaced_is_read_at_once(connection: BaseDatabaseWrapper, tmp_path: Path):
    assert asked(connection) == 1
    made(tmp_path / "new.sqlite3", 2)
    (tmp_path / "new.sqlite3").rename(tmp_path / "file.sqlite3")
    assert asked(connection) == 2


def test_what_is_recorded_goes_to_the_file_that_is_there(tmp_path: Path, django_db_blocker: DjangoDbBlocker):
    made(tmp_path / "file.sqlite3", 1)
    kept = ConnectionHandler({"default": settings.DATABASES["default"] | {"NAME": str(tmp_path / "file.sqlite3")}})["default"]

    def number() -> int:
        with closing(kept.cursor()) as cursor:
            return int(cursor.execute("SELECT number FROM here").fetchone()[0])

    with django_db_blocker.unblock(), closing(kept):
        assert Lent(kept, time.monotonic() + 10).do(number) == 1
        first = kept.connection
        assert Lent(kept, time.monotonic() + 10).do(number) == 1
        assert kept.connection is first
        made(tmp_path / "new.sqlite3", 2)
        (tmp_path / "new.sqlite3").rename(tmp_path / "file.sqlite3")
        assert Lent(kept, time.monotonic() + 10).do(number) == 2


def test_a_file_that_was_moved_away_is_not_read_any_more(connection: BaseDatabaseWrapper, tmp_path: Path):
    assert asked(connection) == 1
    (tmp_path / "file.sqlite3").rename(tmp_path / "away.sqlite3")
    with pytest.raises(DatabaseError):
        asked(connection)
    (tmp_path / "away.sqlite3").rename(tmp_path / "file.sqlite3")
    assert asked(connection) == 1
