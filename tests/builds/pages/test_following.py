"""The page of a running build whose address names no step goes on from one pipeline to the next."""

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from django.test import Client

from tests import drones, hostile
from tests.builds.pages.conftest import reader
from tests.builds.pages.test_pages import LIST

BUILD = f"{LIST}ismewen/edrone/950/"
FOLLOW = '"follow": "yes"'


@pytest.fixture
def change(db: None, tmp_path: Path) -> Iterator[Callable[[str, str], None]]:
    """Connect to a build between its first two pipelines, and change its steps as a runner would."""
    file = hostile.database(tmp_path / "drone.sqlite")
    with closing(sqlite3.connect(file)) as connection, connection:
        writer = hostile.Writer(connection)
        build = writer.build(950, build_status="running", build_event="push", build_finished=0)
        writer.stage(build, "first", "success", {"compile": "success"})
        writer.stage(build, "second", "pending", {"unit": "pending"}, running=True, number=2, stage_started=0)
        writer.stage(build, "third", "pending", {"lint": "pending"}, running=True, number=3, stage_started=0)

    def of_step(name: str, status: str) -> None:
        with closing(sqlite3.connect(file)) as connection, connection:
            connection.execute(
                "UPDATE steps SET step_status = ?, step_started = strftime('%s', 'now') WHERE step_name = ?", [status, name]
            )

    with drones.connected(drones.sqlite_database(file)):
        yield of_step


@pytest.fixture
def viewer(change: Callable[[str, str], None]) -> Client:
    return reader("viewer", "ismewen/edrone")


def shown(viewer: Client, path: str = "") -> str:
    """Return what a page asks for again."""
    page = viewer.get(f"{BUILD}{path}").content.decode()
    asked = re.search(
        rf'hx-get="{BUILD}-/live/([^"]*)" hx-trigger="every \d+s"\s+hx-swap="outerHTML"\s+hx-vals=\'([^\']*)\'', page
    )
    assert asked
    return f"{asked[1]} {FOLLOW in asked[2]}"


def asked_anew(viewer: Client, step: str, **query: str) -> bool:
    answer = viewer.get(f"{BUILD}-/live/{step}", query)
    assert "HX-Refresh" in answer or (FOLLOW in answer.content.decode()) == ("follow" in query)
    return "HX-Refresh" in answer


def test_it_shows_the_next_pipeline_once_that_runs(change, viewer):
    assert shown(viewer) == "1/1/ True"
    assert not asked_anew(viewer, "1/1/", follow="yes")
    change("unit", "running")
    assert asked_anew(viewer, "1/1/", follow="yes")
    assert shown(viewer) == "2/1/ True"
    assert not asked_anew(viewer, "2/1/", follow="yes")


def test_it_shows_the_next_pipeline_though_its_only_step_ended_between_two_looks(change, viewer):
    change("unit", "success")
    assert asked_anew(viewer, "1/1/", follow="yes")
    assert shown(viewer) == "2/1/ True"


def test_a_step_that_the_address_names_stays(change, viewer):
    assert shown(viewer, "-/step/1/1/") == "1/1/ False"
    change("unit", "running")
    assert not asked_anew(viewer, "1/1/")


@pytest.mark.parametrize("status", ["running", "failure"])
def test_a_step_that_runs_or_failed_stays_while_another_one_fails(status, change, viewer):
    change("lint", status)
    assert shown(viewer) == "3/1/ True"
    change("unit", "failure")
    assert not asked_anew(viewer, "3/1/", follow="yes")


def test_the_first_step_is_shown_once_it_has_begun(change, viewer):
    assert asked_anew(viewer, "")
