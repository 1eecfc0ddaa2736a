"""Builds are started through a real edrone at a stand-in Drone that asks it for configuration before it answers."""

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from demo.standin.drone import TOKEN, Drone, standing_in
from demo.standin.yaml_source import YamlSource
from tests import drones
from tests.e2e.running import SECRET, Server, administrator, ask, serving
from tests.server import free_port, wait_until

BUILDS = "/api/repos/ismewen/edrone/builds"


@dataclass
class Site:
    """edrone and its Drone."""

    edrone: Server
    drone: Drone
    drone_url: str
    token: str

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}"} | options.pop("headers", {})
        return requests.request(method, self.edrone.url + path, headers=headers, timeout=60, **options)


@contextmanager
def site(folder: Path, seconds: float = 0.1, **environment: str) -> Iterator[Site]:
    """Start both; a step at the stand-in lasts some seconds."""
    port, database = free_port(), drones.recorded_sqlite(folder / "drone.sqlite")
    source = YamlSource(f"http://127.0.0.1:{port}/edrone", SECRET)
    with standing_in(database, source, seconds=seconds) as (server, drone):
        settings = {
            "PORT": str(port), "DRONE_SERVER": server.url, "DRONE_TOKEN": TOKEN, "DRONE_DATABASE_URL": f"sqlite:///{database}",
            "EDRONE_STATE": str(folder / "state"),
        } | environment  # fmt: skip
        (folder / "state").mkdir()
        token = administrator("admin", "x" * 20, **settings)
        with serving(folder / "state", **settings) as edrone:
            yield Site(edrone, drone, server.url, token)


def test_an_operation_is_started_runs_and_is_the_same_when_its_stage_starts(tmp_path: Path):
    with site(tmp_path) as started:
        answer = started.call("POST", BUILDS, json={"branch": "develop", "action": "check", "params": {"TARGET": "production"}})
        assert answer.status_code == 200, answer.text
        number = answer.json()["number"]
        wait_until(lambda: started.call("GET", f"{BUILDS}/{number}").json()["status"] == "success", "the build has finished")
        served = started.call("GET", f"{BUILDS}/{number}/config").json()
        assert "name: check" in str(served)
        assert "kind: operation" not in str(served)
        (record,) = started.call("GET", f"/api/audit?build={number}").json()
        assert (record["user"], record["operation"], record["outcome"]) == ("admin", "check", "done")
        bad = started.call("POST", BUILDS, json={"action": "check", "params": {"TARGET": "moon"}})
        assert (bad.status_code, "TARGET must be one of staging, production" in bad.text) == (400, True)


def test_nothing_waits_for_itself_however_many_builds_are_started(tmp_path: Path):
    with site(tmp_path, EDRONE_WORKERS="1", EDRONE_THREADS="8") as started, ExitStack() as held:
        ask_drone = started.drone.source.ask
        started.drone.source.caching = False
        started.drone.source.ask = lambda content: time.sleep(0.3) or ask_drone(content)  # type: ignore[method-assign, func-returns-value]

        def start(number: int) -> tuple[int, float]:
            begun = time.monotonic()
            answer = started.call("POST", f"{BUILDS}?branch=branch-{number}")
            return answer.status_code, time.monotonic() - begun

        def configure(number: int) -> tuple[bool, float]:
            begun = time.monotonic()
            answer = ask(started.edrone.url, branch=f"asked-{number}")
            return answer.status_code == 200 and "kind: pipeline" in answer.text, time.monotonic() - begun

        for _ in range(2):
            held.enter_context(closing(slow_sender(started.edrone)))
        for _ in range(20):
            held.enter_context(closing(slow_reader(started)))
        wait_until(lambda: started.call("GET", BUILDS).ok, "the pages for those who read slowly are made, and wait to be read")
        with ThreadPoolExecutor(60) as starters, ThreadPoolExecutor(200) as drones:
            starts = [starters.submit(start, number) for number in range(60)]
            asked = [drones.submit(configure, number) for number in range(200)]
            configured = [each.result(60) for each in asked]
            answers = [each.result(60) for each in starts]
        assert all(served for served, _ in configured)
        assert max(seconds for _, seconds in configured) < 2
        statuses = {status for status, _ in answers}
        assert statuses == {200, 503}, statuses
        assert max(seconds for status, seconds in answers if status == 503) < 2
        held.close()
        wait_until(lambda: start(999)[0] == 200, "there is room again")


def slow_sender(server: Server) -> socket.socket:
    """Begin to send the form of the login and stop half-way: it holds a thread."""
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=60)
    cookie = "csrftoken=" + "a" * 32
    connection.sendall(
        f"POST /admin/login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\nCookie: {cookie}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n\r\nusername=".encode()
    )
    return connection


def slow_reader(started: Site) -> socket.socket:
    """Ask for a large page and read nothing of it."""
    connection = socket.create_connection(("127.0.0.1", started.edrone.port), timeout=60)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
    head = f"GET {BUILDS}?per_page=100 HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {started.token}\r\n\r\n"
    connection.sendall(head.encode())
    return connection
