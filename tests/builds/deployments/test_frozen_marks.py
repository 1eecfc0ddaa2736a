"""Cells of Deployments and lines of Overview say what is frozen, until when and why, to those who may see it."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from builds.access.models import Level
from builds.freezes.models import Freeze
from tests import hostile
from tests.builds.deployments.conftest import SLUG, operate, promote
from tests.builds.pages.conftest import reader

BOARD, HISTORY, OVERVIEW = "/admin/builds/deployments/", f"/admin/builds/repo/{SLUG}/-/deployments/", "/admin/"
PAGES = (BOARD, HISTORY, OVERVIEW)


@pytest.fixture(autouse=True)
def connected_to_drone(settings: Any) -> None:
    settings.DRONE_SERVER, settings.DRONE_TOKEN = "http://127.0.0.1:1", "t"


@pytest.fixture
def shipped(add: Any) -> None:
    now = int(timezone.now().timestamp())
    promote(add, 81, "production", created=now - 60, finished=now - 50)
    promote(add, 83, "production", created=now - 30, finished=now - 20)
    operate(add, 84, "staging", created=now - 15, finished=now - 10)


def freeze(**fields: Any) -> Freeze:
    values = {"pattern": SLUG, "targets": "production", "reason": "no Fridays", "username": "wei"} | fields
    return Freeze.objects.create(**values)


def marks(client: Any, path: str) -> list[str]:
    found = re.findall(r'<div class="frozen">(.*?)</div>', client.get(path).content.decode(), re.DOTALL)
    return [" ".join(re.sub("<[^>]*>", " ", mark).split()) for mark in found]


def test_the_target_that_is_frozen_is_marked_and_no_other(shipped):
    freeze()
    client = reader("anna", SLUG, Level.DEPLOY)
    for path in PAGES:
        assert marks(client, path) == ["Frozen until it is lifted no Fridays"], path


def test_the_end_is_named_and_of_several_freezes_the_one_that_holds_longest(shipped):
    freeze(reason="short", ends=timezone.now() + timedelta(hours=1))
    freeze(reason="long", pattern="*", targets="*", ends=datetime(2099, 12, 24, 17, tzinfo=UTC))
    client = reader("anna", SLUG, Level.DEPLOY)
    for path in PAGES:
        assert all("2099-12-24" in mark and mark.endswith("long") for mark in marks(client, path)), path
        assert marks(client, path)


@pytest.mark.parametrize(
    "fields",
    [
        {"lifted": timezone.now()},
        {"ends": timezone.now() - timedelta(seconds=1)},
        {"begins": timezone.now() + timedelta(days=1)},
        {"targets": "produc"},
        {"targets": "", "branches": "*"},
        {"pattern": f"{SLUG}2"},
    ],
)
def test_what_does_not_hold_here_is_not_marked(fields, shipped):
    freeze(**fields)
    client = reader("anna", "*", Level.DEPLOY)
    assert [marks(client, path) for path in PAGES] == [[], [], []]


def test_an_operation_that_is_frozen_by_its_name_is_marked_where_it_is_offered(shipped):
    freeze(targets="deploy")
    client = reader("anna", SLUG, Level.DEPLOY)
    assert [len(marks(client, path)) for path in (BOARD, HISTORY)] == [1, 1]
    assert marks(reader("bert", SLUG, Level.VIEW), BOARD) == []  # it is not offered


def test_who_may_not_see_the_repository_sees_no_freeze(shipped):
    freeze(reason="for insiders")
    client = reader("other", "shop/*", Level.DEPLOY)
    for path in (BOARD, OVERVIEW):
        assert "for insiders" not in client.get(path).content.decode()


def test_a_hostile_reason_and_pattern_do_no_harm(shipped):
    freeze(reason=hostile.TEXT, targets=f"production, {hostile.TEXT}"[:500])
    client = reader("anna", SLUG, Level.DEPLOY)
    for path in PAGES:
        page = client.get(path).content.decode()
        assert marks(client, path)
        assert "<script>alert" not in page
        assert "\x1b" not in page
        assert "\u202e" not in page


def test_freezes_cost_no_query_each(shipped, add):
    client = reader("anna", SLUG, Level.DEPLOY)

    def asked(path: str) -> int:
        client.get(path)
        with CaptureQueriesContext(connections["drone"]) as drone, CaptureQueriesContext(connection) as own:
            client.get(path)
        return len(drone) + len(own)

    freeze()
    before = [asked(path) for path in PAGES]
    for number in range(30):
        freeze(targets=f"t{number}, production")
    assert [asked(path) for path in PAGES] == before
