"""The mark in the bar counts what the reader may approve, and what failed of theirs since they looked."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from builds.access.models import Grant, Level
from tests import drones, hostile
from tests.builds.pages.conftest import reader

MARKS = "/admin/builds/build/-/marks/"


@pytest.fixture
def drone_file(tmp_path: Path) -> Path:
    """Let two builds wait for approval, and one of ann's fail just after now."""
    path = drones.recorded_sqlite(tmp_path / "drone.sqlite")
    with closing(sqlite3.connect(path)) as database, database:
        writer = hostile.Writer(database)
        repo = writer.add(
            "repos", "repo_id", repo_uid="u", repo_namespace="red", repo_name="cart", repo_slug="red/cart", repo_branch="main",
            repo_active=1,
        )  # fmt: skip
        for number in (1, 2):
            build = writer.build(number, build_status="pending", build_repo_id=repo, build_event="pull_request")
            writer.stage(build, "test", "blocked", {})
        soon = int(time.time()) + 60
        writer.build(3, build_status="failure", build_repo_id=repo, build_event="push", build_author="ann", build_finished=soon)
        where = {"build_event": "promote", "build_deploy": "production", "build_repo_id": repo}
        writer.build(4, build_status="success", **where)
        writer.build(5, build_status="failure", **where)
    return path


def text_of(client: Client, address: str = MARKS) -> str:
    return client.get(address).content.decode()


def may_approve(client: Client) -> Client:
    Grant.objects.update(level=Level.DEPLOY)
    return client


def test_who_may_approve_is_told_what_waits(db, drone_file):
    client = may_approve(reader("wei", "red/*"))
    with drones.connected(drones.sqlite_database(drone_file)):
        assert "2 builds wait for your approval" in text_of(client)


def test_who_may_only_look_or_see_nothing_has_no_mark(db, drone_file):
    with drones.connected(drones.sqlite_database(drone_file)):
        for client in (reader("wei", "red/*"), reader("outsider", "elsewhere/*")):
            assert text_of(client).strip() == ""


def test_own_builds_that_failed_are_counted_until_the_overview_is_looked_at(db, drone_file, monkeypatch):
    client = reader("ann", "red/*")
    with drones.connected(drones.sqlite_database(drone_file)):
        assert "1 of your builds failed since you looked" in text_of(client)
        after = time.time() + 120
        monkeypatch.setattr("builds.overview.marks.time.time", lambda: after)
        assert client.get("/admin/").status_code == 200
        assert text_of(client).strip() == ""


def test_the_queries_do_not_grow_with_what_waits(db, drone_file):
    client = may_approve(reader("wei", "red/*"))
    numbers = []
    with drones.connected(drones.sqlite_database(drone_file)):
        for one_waits in (False, True):
            if one_waits:
                with closing(sqlite3.connect(drone_file)) as database, database:
                    database.execute("UPDATE builds SET build_status = 'declined' WHERE build_number = 2")
            text_of(client)
            with CaptureQueriesContext(connections["drone"]) as of_drone, CaptureQueriesContext(connection) as own:
                text_of(client)
            numbers.append((len(of_drone), len(own)))
    assert numbers[0] == numbers[1]


def test_without_drones_database_there_is_none(db, no_drone):
    assert reader("admin", is_superuser=True).get(MARKS).status_code == 204


def test_what_succeeded_lately_is_shown_to_those_who_may_see_it(db, drone_file):
    with drones.connected(drones.sqlite_database(drone_file)):
        page = text_of(reader("wei", "red/*"), "/admin/")
        other = text_of(reader("outsider", "elsewhere/*"), "/admin/")
    lately = page.partition("Deployed lately")[2]
    assert "production" in lately
    assert "<b>#4</b>" in lately
    assert "<b>#5</b>" not in lately
    assert "Deployed lately" not in other
