"""Somebody who subscribes, a channel that is a real server, and a Drone whose builds the test writes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from builds.access.models import Level
from builds.notices import delivery
from builds.notices.models import Channel, Subscription, Topic
from builds.notices.sealing import seal
from builds.notices.sending import Sender
from tests import drones
from tests.builds.conftest import person
from tests.builds.notices.receivers import MailServer, Receiver, mail_server, receiving
from tests.builds.notices.rows import Rows


def plan_of(sql: str) -> str:
    """Return how SQLite would find the rows of a query."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
        return str(cursor.fetchall())


@pytest.fixture
def rows(db: None, tmp_path: Path, settings: Any) -> Iterator[Rows]:
    path = drones.recorded_sqlite(tmp_path / "drone.sqlite")
    written = Rows(path)
    settings.DRONE_DATABASE = drones.sqlite_database(path)
    with drones.connected(settings.DRONE_DATABASE):
        yield written


@pytest.fixture(autouse=True)
def not_stopping() -> None:
    delivery.stopping.clear()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as started:
        yield started


@pytest.fixture
def mails() -> Iterator[MailServer]:
    with mail_server() as started:
        yield started


@pytest.fixture(scope="session")
def sender() -> Iterator[Sender]:
    started = Sender()
    yield started
    started.close()


def channel(address: str = "json://127.0.0.1:1/", kind: str = "json", name: str = "team", **fields: Any) -> Channel:
    fields = {"language": "en", "site": "https://edrone.example.com"} | fields
    return Channel.objects.create(name=name, kind=kind, sealed=seal(address), **fields)


def subscribe(to: Channel, pattern: str = "*", user: Any = None, topics: list[str] | None = None) -> Subscription:
    user = user or person(f"reader of {to.name} {pattern}".replace(" ", "-"), Level.VIEW, pattern)
    return Subscription.objects.create(user=user, channel=to, pattern=pattern, topics=topics or Topic.values)
