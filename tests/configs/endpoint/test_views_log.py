"""What the log says of a request, and what it never says."""

import json
import logging

import pytest

from configs.client import drone_request
from tests.conftest import SECRET, push


def test_one_line_says_what_was_served(tree, drone, caplog):
    tree({"edrone/master.yaml": "kind: pipeline\n"})
    with caplog.at_level(logging.INFO, logger="edrone.config"):
        drone.ask(push())
    (line,) = caplog.messages
    assert line.startswith(
        "outcome=served repo=ismewen/edrone event=push ref=refs/heads/master target=master build=0 file=edrone/master.yaml ms="
    )


def test_an_error_is_logged_with_its_reason(tree, drone, caplog):
    tree({})
    drone.ask(push())
    drone.ask(push(), signature=None)
    assert "outcome=error repo=ismewen/edrone" in caplog.messages[0]
    assert 'reason="no file serves ismewen/edrone' in caplog.messages[0]
    assert caplog.messages[1].startswith("outcome=unsigned ms=")


def test_nothing_in_a_request_can_forge_a_line_of_the_log(tree, drone, caplog):
    tree({"default.yaml": "kind: pipeline\n"})
    with caplog.at_level(logging.INFO, logger="edrone.config"):
        drone.ask(push('x\noutcome=served repo="evil" '))
    assert "\n" not in caplog.messages[0]
    assert r'target="x\noutcome=served repo=\"evil\" "' in caplog.messages[0]


def test_a_hostile_configuration_path_forges_no_line_either(tree, drone, caplog):
    tree({"default.yaml": "kind: pipeline\n"})
    body = json.loads(drone_request.body(push(), created=0))
    body["repo"]["config_path"] = "x\n2026-01-01 INFO edrone.config outcome=served FORGED.star"
    drone.post(json.dumps(body).encode())
    assert "FORGED.star" in caplog.text
    assert not any("\n" in str(message) for message in caplog.messages)


def test_an_error_in_plain_text_holds_only_what_can_be_printed(tree, drone, settings):
    tree({})
    settings.EDRONE_SHOW_ERRORS = "http"
    text = drone.ask(push("x\x1b[31m\ny" + "/z" * 300)).content.decode()
    assert text.rstrip("\n").isprintable()
    assert len(text) < 10_000


@pytest.mark.parametrize("show", ["build", "http"])
@pytest.mark.parametrize("field", ["ref", "action", "target", "event", "name", "config_path"])
def test_a_long_name_comes_back_whole_neither_in_the_answer_nor_in_the_log(field, show, tree, drone, caplog, settings):
    tree({})
    settings.EDRONE_SHOW_ERRORS = show
    body = json.loads(drone_request.body(push(), created=0))
    body["build"]["event"] = "custom" if field == "action" else "push"
    long = "n" * 160_000
    body["build" if field in body["build"] or field == "action" else "repo"][field] = long
    body["repo"]["slug"] = f"{body['repo']['namespace']}/{body['repo']['name']}"
    with caplog.at_level(logging.INFO):
        answer = drone.post(json.dumps(body).encode())
    assert len(answer.content) < 5000
    assert max(len(str(message)) for message in caplog.messages) < 6000


def test_no_secret_is_logged_or_answered(tree, drone, caplog, settings):
    settings.EDRONE_SHOW_ERRORS = "http"
    body = json.loads(drone_request.body(push(), created=0))
    body["token"] = {"access": "planted-access", "refresh": "planted-refresh"}
    body["build"]["params"] = {"PASSWORD": "planted-password"}
    encoded = json.dumps(body).encode()
    with caplog.at_level(logging.DEBUG):
        for files in ({}, {"default.yaml": "kind: pipeline\n"}):
            tree(files)
            answers = [drone.post(encoded), drone.post(encoded, secret="planted-other"), drone.post(encoded[:-1])]
            assert not any(b"planted" in answer.content or SECRET.encode() in answer.content for answer in answers)
    assert "planted" not in caplog.text
    assert SECRET not in caplog.text
    assert "signature=" not in caplog.text


@pytest.mark.parametrize(
    ("repo", "build", "words"),
    [({"protected": True}, {"trigger": "@hook"}, "is protected"), ({"protected": True}, {"trigger": "@hook", "event": "promote"}, "is protected"), ({"config_path": "ci/.drone.jsonnet"}, {}, "Drone converts edrone's YAML"), ({"config_path": "x.star"}, {}, "x.star")],
)  # fmt: skip
def test_what_makes_a_right_answer_useless_is_a_warning(tree, drone, caplog, repo, build, words):
    tree({"default.yaml": "kind: pipeline\n"})
    body = json.loads(drone_request.body(push(), created=0))
    body["repo"] |= repo
    body["build"] |= build
    assert drone.post(json.dumps(body).encode()).status_code == 200
    assert any(words in message for message in caplog.messages)


def test_a_protected_repository_started_by_hand_needs_no_warning(tree, drone, caplog):
    tree({"default.yaml": "kind: pipeline\n"})
    body = json.loads(drone_request.body(push(trigger="ismewen"), created=0))
    body["repo"]["protected"] = True
    drone.post(json.dumps(body).encode())
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
