"""The first page: red branches with their reason, counts that are true, and nothing of what may not be seen."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from builds.overview import overview
from tests import drones, hostile
from tests.builds.pages.conftest import reader

RED = 3  # repositories


@pytest.fixture
def drone_file(tmp_path: Path) -> Path:
    """Make the default branches of some repositories red, and let a few builds run or wait."""
    path = drones.recorded_sqlite(tmp_path / "drone.sqlite")
    with closing(sqlite3.connect(path)) as database, database:
        writer = hostile.Writer(database)
        database.execute("DELETE FROM latest")
        for number in range(RED + 1):
            repo = writer.add(
                "repos", "repo_id", repo_uid=f"u{number}", repo_namespace="red", repo_name=f"r{number}", repo_slug=f"red/r{number}",
                repo_branch="main", repo_active=1,
            )  # fmt: skip
            kind = {"build_event": "push", "build_ref": "refs/heads/main", "build_repo_id": repo, "build_target": "main"}
            writer.build(1, build_status="success", **kind)
            red = writer.build(2, build_status="failure", build_message=hostile.TEXT, **kind)
            writer.stage(red, "test", "failure", {"clone": "success", hostile.TEXT: "failure", "after": "failure"})
            newest = writer.build(3, build_status="running" if number else "success", build_finished=0, **kind)
            database.execute("INSERT INTO latest VALUES (?, ?, 'branch', 'main', 0, 0, 0)", [repo, newest])
    return path


def client_of(name: str, pattern: str = "", *, is_superuser: bool = False) -> Client:
    return reader(name, pattern, is_superuser=is_superuser)


def text_of(client: Client) -> str:
    return client.get("/admin/").content.decode()


def test_it_names_what_is_red_and_which_step_failed(db, drone_file):
    with drones.connected(drones.sqlite_database(drone_file)):
        page = text_of(client_of("admin", is_superuser=True))
    rows = re.findall(r'<th role="rowheader".*?</tr>', page, re.DOTALL)
    assert [re.search(r"red/r(\d)<", row)[1] for row in rows] == ["3", "2", "1"]  # type: ignore[index]  # most recently pushed first
    for row in rows:
        assert "<bdi>test</bdi> / <bdi>&lt;script&gt;" in row
        assert "exit code 2" in row
        assert ">#2<" in row
        assert 'oldest first:\nsuccess, failure, running"' in row
    assert "<script>alert" not in page


def test_a_time_that_no_calendar_has_is_not_shown(db, drone_file):
    with closing(sqlite3.connect(drone_file)) as database, database:
        database.execute("UPDATE builds SET build_created = 253402300800 WHERE build_number = 2 AND build_target = 'main'")
    with drones.connected(drones.sqlite_database(drone_file)):
        page = text_of(client_of("one", "red/r2"))
    assert '<td role="cell">-</td>' in page


def test_the_counts_are_of_what_the_reader_may_see(db, drone_file):
    with drones.connected(drones.sqlite_database(drone_file)):
        for name, pattern, red, total in (
            ("all", "red/*", 3, 4),
            ("one", "red/r2", 1, 1),
            ("green", "red/r0", 0, 1),
            ("no", "x/*", 0, 0),
        ):
            page = text_of(client_of(name, pattern))
            assert re.search(rf"<b>{red}</b> red of {total}\s*</a>", page), name
            assert page.count('id="red-') - page.count('id="red-title"') == red
            assert re.search(rf"<b>{red}</b> running\s*</a>", page), name
            assert ("The default branch of every repository is green." in page) == (name == "green")
            assert ("Nothing has been pushed" in page) == (name == "no")


def test_what_is_not_listed_is_counted_and_linked(db, drone_file, monkeypatch):
    monkeypatch.setattr(overview, "RED", 2)
    with drones.connected(drones.sqlite_database(drone_file)):
        page = text_of(client_of("admin", is_superuser=True))
    assert "all 3 red repositories" in page
    assert page.count('id="red-') - page.count('id="red-title"') == 2


def test_what_runs_is_listed_beside_many_builds_that_wait_for_approval(db, drone_file, monkeypatch):
    monkeypatch.setattr(overview, "BLOCKED", 2)
    monkeypatch.setattr(overview, "RUNNING", 2)
    with closing(sqlite3.connect(drone_file)) as database, database:
        writer = hostile.Writer(database)
        repo = database.execute("SELECT repo_id FROM repos WHERE repo_slug = 'red/r3'").fetchone()[0]
        for number in range(4, 10):
            waiting = writer.build(number, build_repo_id=repo, build_status="pending", build_started=0, build_finished=0)
            writer.stage(waiting, "test", "blocked", {}, running=True)
    with drones.connected(drones.sqlite_database(drone_file)):
        page = text_of(client_of("one", "red/r3"))
    assert re.search(r"<b>6</b> waiting for approval\s*</a>", page)
    running = page[page.index("<h2>Running and pending</h2>") :]
    assert re.findall(r"<b>#(\d+)</b>", running[: running.index("</section>")]) == ["3"]


def test_what_a_deleted_repository_left_unfinished_is_not_listed(db, drone_file):
    """Drone deletes the row of the repository only, and ends none of its builds."""
    with closing(sqlite3.connect(drone_file)) as database, database:
        writer = hostile.Writer(database)
        writer.build(77, build_repo_id=999, build_status="pending", build_started=0, build_finished=0)
        waiting = writer.build(78, build_repo_id=999, build_status="pending", build_started=0, build_finished=0)
        writer.stage(waiting, "test", "blocked", {}, running=True)
    with drones.connected(drones.sqlite_database(drone_file)):
        page = text_of(client_of("admin", is_superuser=True))
    assert re.findall(r"<b>(\d+)</b> (waiting for approval|running|pending)\s*</a>", page) == [
        ("0", "waiting for approval"), ("3", "running"), ("0", "pending"),
    ]  # fmt: skip
    assert "<b>#77</b>" not in page
    assert "<b>#78</b>" not in page


def test_the_number_of_queries_does_not_grow_with_what_is_red(db, drone_file):
    with drones.connected(drones.sqlite_database(drone_file)):
        numbers = []
        for name, pattern in (("one", "red/r2"), ("all", "red/*")):
            client = client_of(name, pattern)
            client.get("/admin/")
            with CaptureQueriesContext(connections["drone"]) as of_drone, CaptureQueriesContext(connection) as own:
                client.get("/admin/")
            numbers.append((len(of_drone), len(own)))
    assert numbers[0] == numbers[1] == (23, 8)
