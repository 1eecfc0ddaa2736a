"""Builds that are started by hand, at the configuration endpoint."""

import json
from dataclasses import replace
from typing import Any

import pytest

from configs.endpoint.drone_server import known
from tests.conftest import push, recorded, shown_error

OPERATION = (
    "kind: operation\ninputs: {TARGET: {type: choice, options: [staging, production], required: true}}\n---\nkind: pipeline\n"
)
ORDINARY = "kind: pipeline\nname: ordinary\n"


@pytest.fixture
def files(tree):
    return tree({"edrone/_operations/check.yaml": OPERATION, "edrone/default.yaml": ORDINARY})


def custom(number: int = 0, **params: str) -> Any:
    return push(event="custom", action="check", trigger="ann", number=number, params={"action": "check"} | params)


def test_an_operation_gets_its_pipeline(files, drone):
    assert drone.ask(custom(TARGET="staging", EDRONE_ACTOR="ann", message="By hand")).json() == {"Data": "kind: pipeline\n"}


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({}, "edrone: the operation check of ismewen/edrone: TARGET is required."),
        ({"TARGET": "planted"}, "TARGET must be one of staging, production."),
        ({"TARGET": "staging", "PATH": "planted"}, "'PATH' is reserved"),
        ({"TARGET": "staging", "TARGT": "planted"}, "'TARGT' is not an input (did you mean TARGET?)"),
        ({"TARGET": "staging"} | {f"X{number}": "planted" for number in range(200)}, "'X0' is not an input"),
        ({"TARGET": "staging"} | {f"X{number}": "planted" for number in range(500)}, "the parameters are too long: 8427 characters"),
    ],
)  # fmt: skip
def test_what_it_does_not_take_is_a_build_that_says_so(files, drone, params, words):
    message = shown_error(drone.ask(custom(**params)))
    assert words in message
    assert "planted" not in message


def test_a_stage_that_starts_is_not_refused(files, drone):
    assert drone.ask(custom(number=7)).json() == {"Data": "kind: pipeline\n"}


def test_parameters_of_ordinary_builds_are_whatever_they_are(files, drone):
    for event in ("custom", "promote", "rollback"):
        assert drone.ask(push(event=event, trigger="ann", params={"TARGT": "x"})).json() == {"Data": ORDINARY}


@pytest.mark.parametrize(("target", "refused"), [("production", False), ("production\n- name: evil", True)])
def test_a_target_with_a_line_end_never_reaches_the_yaml(tree, drone, target, refused):
    tree({"edrone/default.yaml": "kind: pipeline\nname: ${DRONE_DEPLOY_TO}\n"})
    answer = drone.ask(push(event="promote", trigger="ann", deploy_to=target))
    assert ("the target must be one line" in shown_error(answer)) if refused else "DRONE_DEPLOY_TO" in answer.json()["Data"]


@pytest.mark.parametrize("event", ["promote", "rollback"])
@pytest.mark.parametrize(("written", "refused"), [("staging", False), ("production", True), ("", True)])
def test_no_parameter_stands_in_for_the_target(event, written, refused, tree, drone):
    tree({"edrone/default.yaml": "kind: pipeline\nname: ${DRONE_DEPLOY_TO}\n"})
    build = push(event=event, trigger="ann", deploy_to="staging", params={"DRONE_DEPLOY_TO": written})
    answer = drone.ask(build)
    assert (
        ("to staging has the parameter DRONE_DEPLOY_TO" in shown_error(answer)) if refused else "DEPLOY" in answer.json()["Data"]
    )
    assert "DEPLOY" in drone.ask(replace(build, number=7)).json()["Data"]


def test_a_name_that_is_none_is_a_build_that_says_so(files, drone):
    message = shown_error(drone.ask(push(event="custom", action="chek", trigger="ann")))
    assert message.startswith("edrone: there is no operation 'chek' for ismewen/edrone; there are check. Did you mean check?")


@pytest.mark.parametrize("name", ["promote", "rollback", "custom-master"])
def test_past_edrone_nobody_starts_what_is_started_by_hand(name, tree, drone, settings):
    """The recorded requests were started by ismewen."""
    tree({"default.yaml": ORDINARY})
    body = json.loads(recorded(name)[1])
    settings.EDRONE_MANUAL_BUILDS_BY = frozenset({"ismewen"})
    assert drone.post(json.dumps(body).encode()).json() == {"Data": ORDINARY}
    settings.EDRONE_MANUAL_BUILDS_BY = frozenset({"edrone", "robot"})
    event = body["build"]["event"]
    below = {"custom": ""}.get(event, f"/NUMBER/{event}")
    body["build"]["created"] += 1
    assert shown_error(drone.post(json.dumps(body).encode())) == (
        f"edrone: ismewen may not start {event} builds at Drone itself: start this one at edrone, in its administration or with "
        f"POST /api/repos/ismewen/edrone/builds{below} (EDRONE_MANUAL_BUILDS_BY says who may)."
    )


@pytest.mark.parametrize("trigger", ["ann", "@hook", "", "Edrone"])
def test_a_restart_of_an_operation_and_a_promotion_by_the_forge_are_refused_likewise(files, drone, settings, trigger):
    settings.EDRONE_MANUAL_BUILDS_BY = frozenset({"edrone"})
    restart = push(event="custom", action="check", trigger=trigger, parent=3, params={"TARGET": "staging"})
    assert "EDRONE_MANUAL_BUILDS_BY" in shown_error(drone.ask(restart))
    assert "EDRONE_MANUAL_BUILDS_BY" in shown_error(drone.ask(push(event="promote", trigger=trigger, deploy_to="production")))


@pytest.mark.parametrize("event", ["custom", "promote", "rollback"])
def test_edrone_itself_is_not_sent_to_edrone(files, drone, settings, monkeypatch, event):
    settings.EDRONE_MANUAL_BUILDS_BY = frozenset({"robot"})
    monkeypatch.setattr(known, "login", "edrone")
    assert shown_error(drone.ask(push(event=event, trigger="edrone"))) == (
        "edrone: EDRONE_MANUAL_BUILDS_BY does not name edrone, the login of DRONE_TOKEN, so edrone can start no "
        f"{event} builds: add it there, and restart edrone."
    )
    assert "start this one at edrone" in shown_error(drone.ask(push(event=event, trigger="ann")))


@pytest.mark.parametrize(
    ("event", "trigger"), [("push", "@hook"), ("push", "ann"), ("cron", "@cron"), ("tag", "@hook"), ("pull_request", "ann")]
)
def test_other_builds_and_their_restarts_are_anybodys(files, drone, settings, event, trigger):
    settings.EDRONE_MANUAL_BUILDS_BY = frozenset({"edrone"})
    assert drone.ask(push(event=event, trigger=trigger)).json() == {"Data": ORDINARY}


def test_stages_of_a_build_that_runs_are_never_refused(files, drone, settings):
    settings.EDRONE_MANUAL_BUILDS_BY = frozenset({"edrone"})
    assert drone.ask(push(event="promote", trigger="ann", number=4)).json() == {"Data": ORDINARY}
