"""A browser of each kind of reader, on a database of Drone with the worst in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client

from builds.access.models import Grant, Level
from tests import drones, hostile


@pytest.fixture(scope="session")
def drone_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return hostile.database(tmp_path_factory.mktemp("drone") / "drone.sqlite")


@pytest.fixture
def drone(db: None, drone_file: Path) -> Iterator[None]:
    with drones.connected(drones.sqlite_database(drone_file)):
        yield


def reader(
    name: str, pattern: str = "", level: Level = Level.VIEW, *, is_staff: bool = True, is_superuser: bool = False
) -> Client:
    """Log somebody in who may see the repositories of a pattern."""
    user = User.objects.create_user(name, is_staff=is_staff, is_superuser=is_superuser)
    if pattern:
        Grant.objects.create(user=user, pattern=pattern, level=level)
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def admin(drone: None) -> Client:
    return reader("admin", is_superuser=True)


@pytest.fixture
def viewer(drone: None) -> Client:
    return reader("viewer", "ismewen/edrone")


@pytest.fixture
def outsider(drone: None) -> Client:
    return reader("outsider", "elsewhere/*")
