"""Freezes and EDRONE_MANUAL_BUILDS_BY at a real Drone server that asks edrone whether a build may start."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.beside import SHOP, Place, beside_drone, pipeline
from tests.e2e.drone import TOKEN, build
from tests.server import wait_until

BUILDS = f"/api/repos/{SHOP}/builds"
EVE = "another-administrators-token-of-drone"  # of a user that EDRONE_MANUAL_BUILDS_BY does not name
REASON = "no Fridays"
SAYS = "- name: say\n  commands: ['echo $DRONE_BUILD_EVENT to=$DRONE_DEPLOY_TO $WORD']"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("freezes")
    with beside_drone(build(folder, as_newer=True), folder, validates=True, EDRONE_MANUAL_BUILDS_BY="octocat") as started:
        started.write("shop/default.yaml", pipeline(SAYS))
        eve = {"login": "eve", "admin": True, "machine": True, "token": EVE}
        assert started.drone.call("POST", "/api/users", json=eve).ok
        yield started


@pytest.fixture(scope="module")
def pushed(place: Place) -> int:
    """Return the number of a build that has succeeded, to promote or to restart."""
    number = place.started(place.drone.forge.push(SHOP, "master"))
    assert place.ended(number)["status"] == "success"
    return number


@pytest.fixture(autouse=True)
def own_second() -> None:
    """Wait for the next second: Drone does not ask again for a configuration of the same commit and event in one second."""
    time.sleep(1 - time.time() % 1)


@pytest.fixture
def frozen(place: Place) -> Iterator[int]:
    """Freeze production and the branch `stable`; return the number of the freeze, which the test may lift."""
    made = place.call(
        "POST", "/api/freezes", json={"pattern": SHOP, "targets": "production", "branches": "stable", "reason": REASON}
    )
    assert made.status_code == 201, made.text
    yield made.json()["id"]
    lift(place, made.json()["id"])


def lift(place: Place, freeze: int) -> None:
    assert place.call("DELETE", f"/api/freezes/{freeze}").status_code == 204


def at_drone(place: Place, path: str, token: str = TOKEN) -> int:
    """Start a build past edrone, as Drone's own page and command line do."""
    return place.started(place.drone.call("POST", path, token))


def refused(place: Place, number: int) -> str:
    """Return the sentence with which Drone shows a build that validation refused."""
    shown = place.drone.call("GET", f"{BUILDS}/{number}").json()
    assert (shown["status"], shown.get("stages", [])) == ("error", [])
    assert place.shown(f"{BUILDS}/{number}")["error"] == shown["error"]
    return str(shown["error"])


def frozen_sentence(what: str) -> str:
    return (
        f"edrone: {what} of {SHOP} is frozen by ada until the freeze is lifted: “{REASON}”. "
        "Lift the freeze, or override it with a reason, in edrone."
    )


def test_a_frozen_deployment_is_refused_at_drones_own_api_until_the_freeze_is_lifted(place: Place, pushed: int, frozen: int):
    promote = f"{BUILDS}/{pushed}/promote?target=production"
    assert refused(place, at_drone(place, promote)) == frozen_sentence("production")
    assert refused(place, at_drone(place, promote + "&override=urgent")) == frozen_sentence("production")
    elsewhere = at_drone(place, f"{BUILDS}/{pushed}/promote?target=staging")
    assert place.ended(elsewhere)["status"] == "success"
    lift(place, frozen)
    number = at_drone(place, promote)
    assert place.ended(number)["status"] == "success"
    assert "promote to=production" in place.log(number)


def test_an_override_with_a_reason_runs_once_and_is_on_record(place: Place, pushed: int, frozen: int):
    promote = f"{BUILDS}/{pushed}/promote?target=production"
    conflict = place.call("POST", promote)
    assert (conflict.status_code, REASON in conflict.text) == (409, True)
    number = place.started(place.call("POST", promote, json={"override": "customers wait"}))
    assert place.ended(number)["status"] == "success"
    (record,) = place.shown(f"/api/audit?repository={SHOP}&build={number}")
    assert (record["user"], record["verb"], record["outcome"]) == ("ada", "promote", "done")
    again = at_drone(place, f"{promote}&EDRONE_ACTOR=ada")  # the same start, which nobody has announced
    assert refused(place, again) == frozen_sentence("production")


def test_a_restart_and_a_rollback_of_what_is_frozen_are_refused_too(place: Place, pushed: int):
    deployed = at_drone(place, f"{BUILDS}/{pushed}/promote?target=production")
    assert place.ended(deployed)["status"] == "success"
    with_freeze = {"pattern": "acme/*", "targets": "prod*", "reason": REASON}
    freeze = place.call("POST", "/api/freezes", json=with_freeze).json()["id"]
    try:
        for path in (f"{BUILDS}/{deployed}", f"{BUILDS}/{pushed}/rollback?target=Production"):
            assert REASON in refused(place, at_drone(place, path))
        override = {"override": "the other one is broken"}
        number = place.started(place.call("POST", f"{BUILDS}/{deployed}", json=override))
        assert place.ended(number)["status"] == "success"
    finally:
        lift(place, freeze)


def test_a_long_reason_fits_into_drones_column(place: Place, pushed: int):
    made = {"pattern": "*", "targets": "moon", "reason": "because " * 60}
    freeze = place.call("POST", "/api/freezes", json=made).json()["id"]
    error = refused(place, at_drone(place, f"{BUILDS}/{pushed}/promote?target=moon"))
    lift(place, freeze)
    assert len(error) <= 500
    assert error.endswith("Lift the freeze, or override it with a reason, in edrone.")


def test_pushes_to_a_frozen_branch_are_refused_and_others_run(place: Place, frozen: int):
    forge = place.drone.forge
    assert refused(place, place.started(forge.push(SHOP, "stable"))) == frozen_sentence("stable")
    for answer in (forge.push(SHOP, "master"), forge.pull(SHOP, 3, "fix", "stable")):
        assert place.ended(place.started(answer))["status"] == "success"
    lift(place, frozen)
    assert place.ended(place.started(forge.push(SHOP, "stable")))["status"] == "success"


def test_manual_builds_by_holds_for_a_second_build_of_the_same_second(place: Place):
    """Drone asks for the configuration once for both, so that alone would let the second one pass."""
    made = list[dict[str, Any]]()
    configurations = 0

    def in_one_second() -> bool:
        nonlocal configurations
        time.sleep(1 - time.time() % 1)
        second, before = int(time.time()), asked_for_custom_builds(place)
        made[:] = [place.drone.call("POST", BUILDS, token).json() for token in (TOKEN, EVE)]
        configurations = asked_for_custom_builds(place) - before
        return all(build["created"] == second for build in made)

    wait_until(in_one_second, "both are made in one second")
    named, other = (build["number"] for build in made)
    assert configurations == 1
    assert place.ended(named)["status"] == "success"
    assert "eve may not start custom builds at Drone itself" in refused(place, other)
    time.sleep(1)
    alone = place.drone.call("POST", BUILDS, EVE)  # the configuration refuses it, which Drone makes no build of
    assert (alone.status_code, "eve may not start" in alone.text) == (200, True), alone.text


def asked_for_custom_builds(place: Place) -> int:
    """Return for how many custom builds Drone asked the configuration, as edrone's log says."""
    lines = place.edrone.log.read_text().splitlines()
    return sum("event=custom" in line and "build=0" in line and "asked=conversion" not in line for line in lines)


def test_what_failed_runs_alone_and_nobody_elses_restart_gets_its_text(place: Place) -> None:
    mended = place.folder / "mended"
    texts = {
        "lint": pipeline("- name: lint\n  commands: [echo linted]", "lint"),
        "test": pipeline(f"- name: test\n  commands: [test -e {mended}]", "test", "depends_on: [lint]\n\n"),
    }
    place.write("shop/flaky.yaml", "---\n".join(texts.values()))
    first = place.started(place.drone.forge.push(SHOP, "flaky"))
    assert [stage["status"] for stage in place.ended(first)["stages"]] == ["success", "failure"]
    mended.touch()
    time.sleep(1 - time.time() % 1)
    again = place.started(place.call("POST", f"{BUILDS}/{first}?only=failed"))
    others = place.ended(at_drone(place, f"{BUILDS}/{first}", EVE))
    shown = place.ended(again)
    assert (shown["status"], [stage["name"] for stage in shown["stages"]]) == ("success", ["test"])
    if others["created"] == shown["created"]:
        assert "the YAML of another one of the same second" in others["error"]
    else:
        assert [stage["name"] for stage in others["stages"]] == ["lint", "test"]


def test_what_failed_of_a_promotion_and_of_an_operation_runs_alone(place: Place) -> None:
    mended = place.folder / "deployed"
    ship = f"- name: ship\n  commands: [test -e {mended}, 'echo $DRONE_DEPLOY_TO $WORD > {mended}']"
    text = "---\n".join([pipeline(SAYS, "lint"), pipeline(ship, "ship", "depends_on: [lint]\n\n")])
    place.write("shop/ships.yaml", text)
    place.write("shop/_operations/send.yaml", f"kind: operation\ninputs:\n  WORD: {{default: hello}}\n---\n{text}")
    pushed = place.started(place.drone.forge.push(SHOP, "ships"))
    place.ended(pushed)
    for path, said in ((f"{BUILDS}/{pushed}/promote?target=staging&WORD=red", "staging red"), (f"{BUILDS}?action=send", "hello")):
        mended.unlink(missing_ok=True)
        first = place.started(place.call("POST", path))
        assert [stage["status"] for stage in place.ended(first)["stages"]] == ["success", "failure"]
        mended.touch()
        shown = place.ended(place.started(place.call("POST", f"{BUILDS}/{first}?only=failed")))
        assert (shown["status"], [stage["name"] for stage in shown["stages"]]) == ("success", ["ship"])
        assert mended.read_text().strip() == said
