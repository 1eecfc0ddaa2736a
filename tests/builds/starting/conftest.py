"""A stand-in Drone that edrone is connected to, database and API; its configuration comes from a server of one answer."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from builds.drone import places
from tests import drones
from tests.builds.api import Api
from tests.standin.config import Source
from tests.standin.drone import TOKEN, Drone, standing_in
from tests.standin.http import Request, Response, Server, serving

SECRET = "bea26a2221fd8090ea38720fc445eca6"
YAML = b'{"Data": "kind: pipeline\\nname: test\\nsteps:\\n- {name: unit, image: alpine, commands: [make test]}\\n"}'


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


@pytest.fixture
def api(standin: Standin, people: dict[str, Any]) -> dict[str, Api]:
    """A client for each of the people, and one for a guest."""
    return {"guest": Api()} | {name: Api(user) for name, user in people.items()}
