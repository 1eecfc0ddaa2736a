"""Operations, started through edrone at a real Drone server that knows them, run by a real runner."""

import time
from collections.abc import Iterator

import pytest

from tests.e2e.beside import SHOP, Place, beside_drone, pipeline
from tests.e2e.drone import build, runner
from tests.server import wait_until

BUILDS = f"/api/repos/{SHOP}/builds"
HEAD = """kind: operation
title: Check
level: run
inputs:
  TARGET:
    type: choice
    options: [staging, production]
    required: true
  COUNT:
    type: number
    default: 3
---
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("operations")
    with beside_drone(build(folder, as_newer=True), folder) as started:
        started.write("shop/default.yaml", pipeline("- name: say\n  commands: [echo ordinary]"))
        yield started


@pytest.fixture(autouse=True)
def own_second() -> None:
    """Wait for the next second: Drone does not ask again for a build of the same commit and action in one second."""
    time.sleep(1 - time.time() % 1)


def operation(word: str, more: str = "") -> str:
    return HEAD + pipeline(f"- name: say\n  commands: ['echo {word} $TARGET $COUNT by $EDRONE_ACTOR']", "check", more)


def test_an_operation_runs_with_its_inputs_and_keeps_them_when_it_is_restarted(place: Place):
    place.write("shop/_operations/check.yaml", operation("checked"))
    number = place.started(place.call("POST", BUILDS, json={"action": "check", "params": {"TARGET": "staging"}}))
    shown = place.ended(number)
    assert (shown["status"], shown["event"], shown["action"]) == ("success", "custom", "check")
    assert "checked staging 3 by ada" in place.log(number)
    again = place.started(place.call("POST", f"{BUILDS}/{number}"))
    assert place.ended(again)["status"] == "success"
    assert "checked staging 3 by ada" in place.log(again)
    assert "kind: operation" not in place.config(again)
    records = place.shown(f"/api/audit?repository={SHOP}")
    assert [(record["verb"], record["operation"], record["outcome"], record["build"]) for record in records] == [
        ("restart", "check", "done", again),
        ("create", "check", "done", number),
    ]


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({}, "TARGET"),
        ({"TARGET": "moon"}, "staging, production"),
        ({"TARGET": "staging", "COUNT": "many"}, "number"),
        ({"TARGET": "staging", "COLOUR": "blue"}, "COLOUR"),
    ],
)
def test_a_bad_input_starts_nothing(place: Place, params: dict[str, str], said: str):
    place.write("shop/_operations/check.yaml", operation("checked"))
    before = len(place.drone.builds(SHOP))
    refused = place.call("POST", BUILDS, json={"action": "check", "params": params})
    assert refused.status_code == 400, refused.text
    assert said in refused.json()["message"]
    assert len(place.drone.builds(SHOP)) == before


def test_what_comes_past_edrone_is_held_to_the_same_rules(place: Place):
    """Drone's own page and command line start builds too: the configuration is where they are judged."""
    place.write("shop/_operations/check.yaml", operation("checked"))
    good = place.started(place.drone.call("POST", f"{BUILDS}?action=check&TARGET=production&COUNT=5"))
    assert place.ended(good)["status"] == "success"
    assert "checked production 5" in place.log(good)
    for query, said in (("action=check&TARGET=moon", "TARGET"), ("action=chekc&TARGET=staging", "chekc")):
        time.sleep(1)
        bad = place.started(place.drone.call("POST", f"{BUILDS}?{query}"))
        shown = place.ended(bad)
        assert shown["status"] == "error"
        assert said in shown["error"]
    ordinary = place.started(place.drone.call("POST", BUILDS))
    assert place.ended(ordinary)["status"] == "success"
    assert "ordinary" in place.log(ordinary)


def test_an_operation_that_waits_keeps_its_pipeline_and_two_at_once_get_their_own(place: Place):
    later = "node:\n  kept: for-operations\n\n"
    for name in ("check", "other"):
        place.write(f"shop/_operations/{name}.yaml", operation(f"{name}-before", later))
    numbers = [
        place.started(place.call("POST", BUILDS, json={"action": name, "params": {"TARGET": target}}))
        for name in ("check", "other")
        for target in ("staging", "production")
    ]
    for name in ("check", "other"):
        place.write(f"shop/_operations/{name}.yaml", operation(f"{name}-after", later))
    for number in range(12):  # Drone itself keeps ten
        place.drone.forge.push(SHOP, f"crowd-{number}")
    with runner(place.programs["runner"], place.folder, place.drone, "kept:for-operations"):
        said = []
        for number in numbers:
            assert place.ended(number)["status"] == "success", number
            said.append(place.log(number).split("\n")[-2])
    assert said == [f"{name}-before {target} 3 by ada" for name in ("check", "other") for target in ("staging", "production")]


def test_a_promotion_of_an_operations_build_is_an_ordinary_promotion(place: Place):
    place.write("shop/_operations/check.yaml", operation("checked"))
    number = place.started(place.call("POST", BUILDS, json={"action": "check", "params": {"TARGET": "staging"}}))
    wait_until(lambda: place.ended(number)["status"] == "success", "it has run")
    promoted = place.started(place.call("POST", f"{BUILDS}/{number}/promote?target=production"))
    assert place.ended(promoted)["status"] == "success"
    assert "ordinary" in place.log(promoted)
