"""edrone, its tree, a real Drone server and a real runner, set up as docs/connecting.md says."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psycopg2
import requests

from tests.e2e.drone import TOKEN, Drone, drone, runner
from tests.e2e.running import SECRET, Server, administrator, manage, serving
from tests.server import free_port, wait_until

SHOP, WEB = "acme/shop", "acme/web"
PASSWORD = "x" * 20
PIPELINE = """kind: pipeline
type: exec
name: {name}

clone:
  disable: true

{more}steps:
{steps}
"""
ENDED = {"success", "failure", "error", "killed", "declined"}


def pipeline(steps: str, name: str = "test", more: str = "") -> str:
    return PIPELINE.format(name=name, steps=steps, more=more)


@dataclass
class Place:
    """edrone, its tree and its Drone."""

    edrone: Server
    drone: Drone
    tree: Path
    token: str
    folder: Path
    database: str
    programs: dict[str, Path]

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        return requests.request(
            method, self.edrone.url + path, headers={"Authorization": f"Bearer {self.token}"}, timeout=60, **options
        )

    def shown(self, path: str) -> Any:
        answer = self.call("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def write(self, path: str, text: str) -> None:
        file = self.tree / path
        file.parent.mkdir(parents=True, exist_ok=True)
        new = file.with_name(f"{file.name}.new")
        new.write_text(text)
        new.replace(file)

    def started(self, answer: requests.Response) -> int:
        assert answer.status_code == 200, answer.text
        return int(answer.json()["number"])

    def ended(self, number: int, slug: str = SHOP) -> dict[str, Any]:
        """Wait until a build has ended, and give what edrone shows of it."""
        path = f"/api/repos/{slug}/builds/{number}"
        wait_until(lambda: self.shown(path)["status"] in ENDED, f"build {number} has ended", 60)
        return dict(self.shown(path))

    def log(self, number: int, slug: str = SHOP) -> str:
        return "".join(line["out"] for line in self.shown(f"/api/repos/{slug}/builds/{number}/logs/1/1"))

    def config(self, number: int, slug: str = SHOP) -> str:
        return str(self.shown(f"/api/repos/{slug}/builds/{number}/config")["yaml"])


@contextmanager
def beside_drone(programs: dict[str, Path], folder: Path, *, validates: bool = False, **more: str) -> Iterator[Place]:
    """Start all of it, and end it.

    Args:
        programs: of Drone.
        folder: for all that is written.
        validates: let Drone ask edrone whether a build may start.
        more: settings of edrone.
    """
    tree, state = folder / "projects", folder / "state"
    tree.mkdir()
    state.mkdir()
    port = free_port()
    with ExitStack() as held:
        address = f"http://127.0.0.1:{port}/edrone"
        validation = {"DRONE_VALIDATE_PLUGIN_ENDPOINT": f"{address}/validate", "DRONE_VALIDATE_PLUGIN_SECRET": SECRET}
        server = held.enter_context(drone(programs["drone"], folder, address, SHOP, WEB, **(validation if validates else {})))
        held.enter_context(runner(programs["runner"], folder, server))
        settings = {
            "PORT": str(port), "EDRONE_PROJECTS": str(tree), "EDRONE_STATE": str(state), "DRONE_SERVER": server.url,
            "DRONE_TOKEN": TOKEN, "DRONE_DATABASE_URL": read_only(server),
        } | more  # fmt: skip
        token = administrator("ada", PASSWORD, **settings)
        edrone = held.enter_context(serving(state, **settings))
        yield Place(edrone, server, tree, token, folder, settings["DRONE_DATABASE_URL"], programs)


def read_only(server: Drone) -> str:
    """Make the role that edrone reads with, and give the address of the database for it."""
    rights = manage("dronegrants", "--role", "edrone_reader")
    assert rights.returncode == 0, rights.stderr
    connection = psycopg2.connect(server.datasource)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE edrone_reader LOGIN")
        cursor.execute(rights.stdout)
    connection.close()
    (host,) = parse_qs(urlsplit(server.datasource).query)["host"]
    return f"postgres://edrone_reader:@/postgres?host={host}"
