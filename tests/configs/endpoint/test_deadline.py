"""Drone is answered within one time in all, whatever a request waits for."""

import json
import time
from queue import LifoQueue

import pytest

from configs import metrics
from configs.client import drone_request
from configs.endpoint import views
from configs.endpoint.drone_server import known
from configs.records import recorder, recording_connections
from tests.conftest import Drone, push, shown_error

YAML = "kind: pipeline\nname: one\n"


def unrecorded() -> float:
    return float(metrics.extension_metrics().unrecorded._value.get())  # noqa: SLF001


@pytest.fixture
def all_lent(records, tree, settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let other requests keep every connection that what is served is recorded by."""
    tree({"default.yaml": YAML})
    settings.DRONE_TOKEN = "of-an-administrator"
    monkeypatch.setattr(known, "login", "edrone")
    monkeypatch.setattr(known, "names_parent", True)
    monkeypatch.setattr(recording_connections, "free", LifoQueue())
    monkeypatch.setattr(views, "SECONDS", 1.0)


@pytest.mark.usefixtures("all_lent")
def test_a_restart_that_may_be_announced_and_is_recorded_waits_for_both_within_one_time(drone: Drone):
    build = push(trigger="edrone", parent=7, repo_id=1)
    before, started = unrecorded(), time.monotonic()
    assert "whether this restart was to run only what failed is not known" in shown_error(
        drone.post(drone_request.body(build, created=8))
    )
    assert time.monotonic() - started < recording_connections.TURN
    assert unrecorded() == before + 1


@pytest.mark.usefixtures("all_lent")
def test_what_only_waits_to_be_recorded_is_answered_within_that_time(drone: Drone):
    before, started = unrecorded(), time.monotonic()
    answer = drone.post(drone_request.body(push(repo_id=1), created=8))
    assert json.loads(answer.content)["Data"] == YAML
    assert time.monotonic() - started < recording_connections.TURN
    assert unrecorded() == before + 1


@pytest.mark.usefixtures("records")
def test_with_no_time_left_the_database_is_not_taken_for_one_that_fails(drone: Drone, tree, monkeypatch: pytest.MonkeyPatch):
    tree({"default.yaml": YAML})
    monkeypatch.setattr(views, "SECONDS", 0.0)
    before = unrecorded()
    answer = drone.post(drone_request.body(push(repo_id=1), created=8))
    assert json.loads(answer.content)["Data"] == YAML
    assert unrecorded() == before + 1
    assert (recorder.reading.open_until, recorder.writing.open_until) == (0, 0)
