"""What Drone is told when a stage starts and nothing serves it: words that people see, where its version shows them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from configs.endpoint.drone_server import known
from tests.conftest import push, shown_error


@pytest.fixture(autouse=True)
def new_drone() -> Iterator[None]:
    known.shows_stage_errors = True
    yield
    known.shows_stage_errors = False


def test_an_error_of_the_tree_is_a_plain_sentence_for_the_stage(tree, drone):
    tree({"default.yaml": ""})
    answer = drone.ask(push(number=7))
    assert (answer.status_code, answer["Content-Type"]) == (422, "text/plain; charset=utf-8")
    assert answer.content.decode().startswith("edrone: projects/default.yaml: is empty.")
    assert not answer.content.endswith(b"\n")


def test_an_older_drone_would_let_the_stage_hang_over_it(tree, drone):
    known.shows_stage_errors = False
    tree({"default.yaml": ""})
    assert "is empty" in shown_error(drone.ask(push(number=7)))


def test_a_build_that_is_triggered_gets_its_error_from_drones_linter_as_ever(tree, drone):
    tree({"default.yaml": ""})
    assert "is empty" in shown_error(drone.ask(push()))


@pytest.mark.parametrize("letter", ["x", "é", "中", "🚀"])
def test_a_long_sentence_ends_where_drone_would_cut_it_within_a_character(tree, drone, letter):
    tree({"edrone/default.yaml": f"extends: _shared/{letter * 300}.yaml\n"})
    answer = drone.ask(push(number=7))
    assert answer.status_code == 422
    shorter = len(answer.content) < 490
    assert shorter == (letter == "x")
    assert len(answer.content) <= 500
    assert answer.content.decode().endswith("…") != shorter


def test_a_wrong_clock_fails_a_stage_too(tree, drone):
    """Which build it is of is not known: the body of such a request is not read."""
    tree({"default.yaml": "kind: pipeline\nname: private\n"})
    answer = drone.ask(push(number=7), now=datetime.now(UTC) - timedelta(minutes=25))
    assert "Drone's clock is 25 minutes behind" in shown_error(answer)
    assert b"private" not in answer.content
