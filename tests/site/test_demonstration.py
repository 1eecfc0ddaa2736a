"""`make run` without a Drone: a stand-in runs beside edrone, so that everything can be tried."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.server import PATIENCE, Server, children, running, wait_until

BUILDS = "/api/repos/ismewen/edrone/builds"


class Caller:
    """Somebody with a token of edrone's API."""

    def __init__(self, server: Server) -> None:
        self.url = server.url
        self.headers = {"Authorization": f"Bearer {server.manage('createtoken', 'admin').stdout.strip()}"}

    def get(self, path: str) -> Any:
        return requests.get(self.url + path, headers=self.headers, timeout=PATIENCE).json()

    def post(self, path: str) -> Any:
        return requests.post(self.url + path, headers=self.headers, timeout=PATIENCE).json()

    def finished(self, number: int) -> Any:
        """Wait until a build has ended, and return it."""
        until = time.monotonic() + PATIENCE
        while not (build := self.get(f"{BUILDS}/{number}"))["finished"] and time.monotonic() < until:
            time.sleep(0.2)
        return build


@pytest.mark.slow
def test_a_newcomer_starts_an_operation_and_promotes_and_sees_it_finish(tmp_path):
    with running(tmp_path) as server:
        caller = Caller(server)
        started = caller.post(f"{BUILDS}?branch=develop&action=check&TARGET=staging")
        assert (started["status"], started["action"], started["params"]["EDRONE_ACTOR"]) == ("pending", "check", "admin")
        assert (
            "there is no operation 'chek' for ismewen/edrone; there are check," in caller.post(f"{BUILDS}?action=chek")["message"]
        )
        build = caller.finished(started["number"])
        assert (build["status"], [stage["name"] for stage in build["stages"]]) == ("success", ["check"])
        green, before = (build["number"] for build in caller.get(f"{BUILDS}?branch=master&event=push&status=success")[:2])
        for event, number in (("promote", green), ("rollback", before)):
            build = caller.finished(caller.post(f"{BUILDS}/{number}/{event}?target=staging")["number"])
            assert (build["event"], build["deploy_to"], build["status"]) == (event, "staging", "success")
        assert "Drone made no build" in caller.post(f"{BUILDS}/{green}/promote?target=moon")["message"]
        waiting = caller.get("/api/builds?status=blocked")
        assert [build["number"] for build in waiting] == [started["number"] - 1]
        assert "outcome=served repo=ismewen/edrone event=custom" in server.printed()


@pytest.mark.slow
def test_statistics_are_summed_up_from_the_start_and_forgotten_with_what_was_made_up(tmp_path):
    with running(tmp_path):
        assert summed_days(tmp_path) > 25
    with running(tmp_path, DRONE_SERVER="http://127.0.0.1:9", DRONE_TOKEN="0123456789abcdef0123456789abcdef"):
        assert summed_days(tmp_path) == 0


def stand_in_of(folder: Path) -> int:
    listing = subprocess.run(["pgrep", "-f", f"demo.standin {folder}"], capture_output=True, text=True, check=True)
    (process,) = listing.stdout.split()
    return int(process)


def summed_days(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "var" / "edrone.sqlite3")) as database:
        return int(database.execute("SELECT count(*) FROM builds_summedday").fetchone()[0])


@pytest.mark.slow
def test_a_demonstration_that_begins_again_and_a_server_of_ones_own_know_nothing_of_the_former_one(tmp_path):
    with running(tmp_path) as server:
        made_up = audited(tmp_path)
        assert Caller(server).post(f"{BUILDS}?branch=develop&action=check&TARGET=staging")["number"]
        assert audited(tmp_path) == made_up + 1 > 50
    (tmp_path / "var" / "demo.sqlite3").unlink()
    with running(tmp_path):
        assert audited(tmp_path) == made_up
    (tmp_path / "var" / "demo.sqlite3").unlink()
    with running(tmp_path, sys.executable, "manage.py", "serve", SECRET_KEY="k" * 50, DRONE_YAML_SECRET="s" * 32):
        assert audited(tmp_path) == summed_days(tmp_path) == 0


def audited(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "var" / "edrone.sqlite3")) as database:
        return int(database.execute("SELECT count(*) FROM builds_auditrecord").fetchone()[0])


@pytest.mark.slow
def test_builds_are_kept_and_what_ran_when_it_was_stopped_has_ended(tmp_path):
    with running(tmp_path) as server:
        started = Caller(server).post(f"{BUILDS}?branch=develop&action=check&TARGET=staging")
        deadline = time.monotonic() + PATIENCE
        while Caller(server).get(f"{BUILDS}/{started['number']}")["status"] == "pending":
            assert time.monotonic() < deadline
    with running(tmp_path) as server:
        assert Caller(server).finished(started["number"])["status"] in {"killed", "success"}


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_with_everything_that_it_started(tmp_path, number):
    with running(tmp_path) as server:
        children = subprocess.run(
            ["pgrep", "-P", str(server.process.pid)], capture_output=True, text=True, check=True
        ).stdout.split()
        assert len(children) > 1
        os.killpg(server.process.pid, number)
        assert server.process.wait(PATIENCE) == 0
        assert "Traceback" not in server.printed()
        for child in children:
            assert not Path(f"/proc/{child}").exists()


@pytest.mark.slow
def test_a_stand_in_that_was_killed_is_replaced(tmp_path):
    with running(tmp_path) as server:
        caller = Caller(server)
        os.kill(stand_in_of(tmp_path), signal.SIGKILL)
        wait_until(lambda: "The stand-in for Drone ended with exit code -9; it is started again in 5 s." in server.printed())
        wait_until(lambda: "number" in caller.post(f"{BUILDS}?branch=develop&action=check&TARGET=staging"))


@pytest.mark.slow
def test_the_stand_in_does_not_outlive_an_edrone_that_is_killed(tmp_path):
    with running(tmp_path) as server:
        stand_in = stand_in_of(tmp_path)
        server.process.kill()
        server.process.wait(PATIENCE)
        until = time.monotonic() + PATIENCE
        while Path(f"/proc/{stand_in}").exists() and "zombie" not in Path(f"/proc/{stand_in}/status").read_text():
            assert time.monotonic() < until
            time.sleep(0.1)
        for worker in children(server.process):  # they go on answering Drone until somebody ends them
            os.kill(worker, signal.SIGKILL)


@pytest.mark.slow
def test_a_real_drone_is_not_hidden(tmp_path):
    with running(tmp_path, DRONE_SERVER="http://127.0.0.1:9", DRONE_TOKEN="0123456789abcdef0123456789abcdef") as server:
        assert "builds               none; set DRONE_DATABASE_URL to see yours" in server.printed()
    assert not (tmp_path / "var" / "demo.sqlite3").exists()
