"""What the tests of builds share: people with each level, and a stand-in Drone that edrone is connected to."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from builds.drone import places
from builds.models.access import Grant, Level
from tests import drones
from tests.standin.config import Source
from tests.standin.drone import TOKEN, Drone, standing_in
from tests.standin.http import Request, Response, Server, serving

SECRET = "bea26a2221fd8090ea38720fc445eca6"
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

    server: Server
    drone: Drone

    @property
    def writes(self) -> list[Request]:
        return [request for request in self.server.requests if request.method != "GET"]

    def fail(self, *faults: str) -> None:
        self.drone.faults += faults


@pytest.fixture
def standin(db: None, tmp_path: Path, settings: Any) -> Iterator[Standin]:
    database = tmp_path / "drone.sqlite"
    with (
        serving(lambda _: Response(200, YAML)) as endpoint,
        standing_in(database, Source(f"{endpoint.url}/edrone", SECRET, caching=False)) as (server, drone),
        drones.connected(drones.sqlite_database(database)),
    ):
        settings.DRONE_SERVER, settings.DRONE_TOKEN = server.url, TOKEN
        places.places.cache_clear()
        yield Standin(server, drone)
    places.places.cache_clear()
