"""`?wait` at a build and `?after` at a log: what scripts follow builds with."""

import json
import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import connections

from builds.access.models import Grant, Level
from builds.access.token_models import ApiToken
from builds.browsing import waiting
from builds.browsing.builds_api import BuildView
from builds.browsing.turns import Turn
from builds.browsing.waiting import EndOfBuilds, TooManyWait, end_of_builds
from builds.drone_db.models import Build
from tests import drones, hostile
from tests.builds.api import Api
from tests.builds.conftest import REPO, person
from tests.server import wait_until

BUILD = f"{REPO}/builds/{hostile.RUNNING}"


@pytest.fixture
def drone_file(transactional_db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    path = hostile.database(tmp_path / "drone.sqlite")
    monkeypatch.setattr(waiting, "PAUSE", 0.05)
    end_of_builds.cache_clear()
    with drones.connected(drones.sqlite_database(path)):
        yield path
    end_of_builds.cache_clear()


def finish(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE builds SET build_status = 'success' WHERE build_number = ?", [hostile.RUNNING])


def test_it_answers_when_the_build_has_ended(drone_file, as_superuser):
    timer = threading.Timer(0.5, finish, [drone_file])
    timer.start()
    started = time.monotonic()
    build = as_superuser.get(f"{BUILD}?wait=60").json()
    assert build["status"] == "success"
    assert 0.5 <= time.monotonic() - started < 50
    timer.join()


def test_it_answers_after_the_time_with_the_build_as_it_is(drone_file, as_superuser):
    started = time.monotonic()
    assert as_superuser.get(f"{BUILD}?wait=1").json()["status"] == "running"
    assert time.monotonic() - started >= 1


@pytest.mark.parametrize(("lose", "status"), [(Grant, 404), (ApiToken, 401)])
def test_who_loses_the_right_while_waiting_gets_nothing(lose, status, drone_file, monkeypatch):
    viewer = Api(person("viewer", Level.VIEW, "ismewen/*"))
    monkeypatch.setattr(EndOfBuilds, "wait", lambda *_: lose.objects.all().delete())
    assert viewer.get(f"{BUILD}?wait=60").status_code == status


@pytest.mark.parametrize("query", ["", "?wait=", "?wait=0"])
def test_it_answers_at_once_where_nothing_is_waited_for(query, drone_file, as_superuser, monkeypatch):
    monkeypatch.setattr(EndOfBuilds, "wait", None)  # any call would fail
    assert as_superuser.get(f"{BUILD}{query}").json()["status"] == "running"
    assert as_superuser.get(f"{REPO}/builds/1?wait=60").json()["finished"]


@pytest.mark.parametrize("value", ["301", "-1", "1.5", "ever", "%00", "9" * 30, "\uff11"])
def test_a_wait_that_is_no_number_of_seconds_is_refused(value, drone_file, as_superuser):
    answer = as_superuser.get(f"{BUILD}?wait={value}")
    assert answer.status_code == 400
    assert "is no whole number from 0 to 300." in answer.json()["message"]


def test_a_wait_that_is_given_twice_is_refused(drone_file, as_superuser):
    answer = as_superuser.get(f"{BUILD}?wait=0&wait=1")
    assert answer.status_code == 400
    assert "wait is given more than once; it takes one value." in answer.json()["message"]


def test_nobody_waits_for_what_they_may_not_see(drone_file, as_outsider, monkeypatch):
    monkeypatch.setattr(EndOfBuilds, "wait", None)
    assert as_outsider.get(f"{BUILD}?wait=60").status_code == 404


def test_past_the_bound_it_is_503_with_a_time_to_come_back(drone_file, as_superuser, monkeypatch):
    full = EndOfBuilds(1)
    assert full.slots.acquire(blocking=False)
    monkeypatch.setattr("builds.browsing.builds_api.end_of_builds", lambda: full)
    answer = as_superuser.get(f"{BUILD}?wait=60")
    assert answer.status_code == 503
    assert 5 <= int(answer.headers["Retry-After"]) <= 10
    assert "1 requests wait" in answer.json()["message"]
    full.slots.release()
    assert as_superuser.get(f"{BUILD}?wait=1").status_code == 200


@pytest.mark.parametrize(
    ("method", "query", "takes"),
    [
        ("GET", "wait=1", True),
        ("HEAD", "x=&wait=1", True),
        ("GET", "await=1", False),
        ("GET", "", False),
        ("POST", "wait=1", False),
    ],
)
def test_only_what_waits_takes_a_turn(method, query, takes, drone_file, as_superuser, monkeypatch):
    turns = list[int]()
    monkeypatch.setattr(Turn, "take", lambda _: turns.append(1))
    monkeypatch.setattr(EndOfBuilds, "wait", lambda *_: None)
    as_superuser.client.generic(method, f"{BUILD}?{query}")
    assert bool(turns) == takes


def test_many_wait_at_once_but_only_two_work_at_a_time(drone_file, as_superuser, monkeypatch):
    at_work, most, counting = 0, 0, threading.Lock()
    look = BuildView.build

    def counted(view: BuildView, number: int) -> Build:
        nonlocal at_work, most
        with counting:
            at_work += 1
            most = max(most, at_work)
        time.sleep(0.05)
        build = look(view, number)
        with counting:
            at_work -= 1
        return build

    monkeypatch.setattr(BuildView, "build", counted)
    end = EndOfBuilds(8)
    monkeypatch.setattr("builds.browsing.builds_api.end_of_builds", lambda: end)
    with ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(as_superuser.get, f"{BUILD}?wait=60") for _ in range(8)]
        wait_until(lambda: len(end.waiting) == 8)
        finish(drone_file)
        assert {answer.result().json()["status"] for answer in answers} == {"success"}
    assert most == 2


def test_one_look_serves_all_who_wait_and_nobody_is_forgotten(monkeypatch):
    """Many wait for different builds, which end at different looks; then others come, after the thread has ended."""
    looks, ended = list[set[int]](), set[int]()

    def look(build_ids: set[int]) -> set[int]:
        looks.append(set(build_ids))
        ended.add(min(build_ids))
        return build_ids - ended

    monkeypatch.setattr(waiting, "still_unfinished", look)
    monkeypatch.setattr(waiting, "PAUSE", 0.02)
    end = EndOfBuilds(40)
    for _round in range(3):
        ended.clear()
        threads = [threading.Thread(target=end.wait, args=(number % 4, 60)) for number in range(40)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
            assert not thread.is_alive()
        assert not end.waiting
    assert len(looks) < 60
    with pytest.raises(TooManyWait):
        EndOfBuilds(0).wait(1, 1)


def test_who_waits_is_told_that_drones_database_is_away(drone_file, as_superuser):
    def vanish() -> None:
        drone_file.rename(drone_file.with_suffix(".away"))

    timer = threading.Timer(0.3, vanish)
    timer.start()
    answer = as_superuser.get(f"{BUILD}?wait=60")
    timer.join()
    assert answer.status_code == 503


def test_who_waits_is_answered_where_looking_fails_and_so_is_who_comes_next(drone_file, as_superuser, monkeypatch, caplog):
    monkeypatch.setattr(waiting, "Build", None)
    for _ in range(2):
        started = time.monotonic()
        assert as_superuser.get(f"{BUILD}?wait=60").json()["status"] == "running"
        assert time.monotonic() - started < 50
    assert "looking at the builds failed" in caplog.text


LINES = [{"pos": place, "out": f"line {place + 1}\n", "time": place} for place in range(6)]


@pytest.mark.parametrize("missing", [0, 2])
@pytest.mark.parametrize("kind", ["drone", "plain"])
def test_a_log_goes_on_behind_the_lines_that_one_has(missing, kind, drone_file, as_superuser):
    kept = LINES[missing:] if kind == "drone" else LINES
    stored = json.dumps(kept) if kind == "drone" else "".join(str(line["out"]) for line in kept)
    with closing(sqlite3.connect(drone_file)) as database, database:
        database.execute("UPDATE logs SET log_data = ? WHERE log_id = 1", [stored.encode()])
    connections["drone"].close()
    for after in range(8):
        answer = as_superuser.get(f"{REPO}/builds/1/logs/1/1?after={after}")
        expected = [line for line in kept if int(str(line["pos"])) >= after]
        lines = json.loads(answer.getvalue())
        assert [line["pos"] for line in lines] == [line["pos"] for line in expected]
        assert [line["out"] for line in lines] == [line["out"] for line in expected]


@pytest.mark.parametrize("value", ["-1", "x", "1e3", "9" * 12])
def test_lines_behind_what_is_no_number_are_refused(value, drone_file, as_superuser):
    assert as_superuser.get(f"{REPO}/builds/1/logs/1/1?after={value}").status_code == 400


def test_a_step_that_has_not_begun_has_no_lines_yet_and_one_that_runs_needs_drone(drone_file, as_superuser, settings):
    settings.DRONE_SERVER = settings.DRONE_TOKEN = ""
    steps = as_superuser.get(BUILD).json()["stages"][0]["steps"]
    by_status = {step["status"]: step["number"] for step in steps}
    assert as_superuser.get(f"{BUILD}/logs/1/{by_status['pending']}?after=0").json() == []
    running = as_superuser.get(f"{BUILD}/logs/1/{by_status['running']}?after=0")
    assert running.status_code == 404
    assert "Set DRONE_SERVER and DRONE_TOKEN" in running.json()["message"]


@pytest.fixture
def as_superuser(people: dict[str, User]) -> Api:
    return Api(people["superuser"])


@pytest.fixture
def as_outsider(people: dict[str, User]) -> Api:
    return Api(people["outsider"])
