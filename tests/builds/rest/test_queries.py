"""How many queries each answer takes: the number does not grow with what is shown."""

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from builds.access.models import Level
from tests import drones
from tests.builds.api import Api
from tests.builds.conftest import person

pytestmark = pytest.mark.django_db
REPO = "/api/repos/ismewen/edrone"


@pytest.fixture
def drone(db):
    with drones.connected(drones.sqlite_database(drones.RECORDED / "drone-2.28.2.sqlite")):
        yield


# Of edrone's own: whether there is such a token, it and its owner, the grants. Of Drone's: the repository, then what is shown.
@pytest.mark.parametrize(
    ("path", "own", "drones_"),
    [
        ("/api/user", 1, 0),
        (REPO, 2, 1),
        (f"{REPO}/builds", 2, 2),
        (f"{REPO}/builds/1", 2, 4),
        (f"{REPO}/builds/latest", 2, 4),
        (f"{REPO}/builds/1/logs/1/1", 2, 3),
        ("/api/repos", 2, 1),
        ("/api/repos?latest=true", 2, 3),
        ("/api/user/repos?latest=true", 2, 3),
        ("/api/builds", 2, 2),
        ("/api/builds?status=running", 2, 1),
        ("/api/user/builds", 2, 2),
    ],
)
def test_an_answer_takes_so_many_queries(drone, path, own, drones_):
    api = Api(person("viewer", Level.VIEW, "*"))
    api.get("/api/user")  # the last use of the token is written
    api.get(path)  # the catalogue is read
    with CaptureQueriesContext(connections["default"]) as mine, CaptureQueriesContext(connections["drone"]) as theirs:
        assert api.get(path).status_code == 200
    assert (len(mine), len(theirs)) == (own, drones_), [one["sql"] for one in [*mine, *theirs]]
