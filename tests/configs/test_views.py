"""The configuration endpoint through Django: what Drone sends, and what it is told."""

import json
import logging
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import time_machine
import yaml
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from configs import asking
from configs.payload import LARGEST_BODY
from tests.conftest import RECORDED, SAMPLE, SECRET, Drone, push, recorded, shown_error

REPOSITORY = "kind: repository\n"
REFUSED = {
    "custom-smoke": "there is no operation 'smoke' for ismewen/edrone; there are check, deploy, smoke-test. Did you mean smoke-test?",
    "custom-check-restart": "the operation check of ismewen/edrone: 'X' is no input; there are TARGET.",
}


@pytest.mark.parametrize("file", sorted(RECORDED.glob("*.json")), ids=lambda file: file.stem)
def test_every_recorded_request_of_a_real_drone_is_answered(file, drone):
    """The sample tree answers; the clock is set to the recording."""
    headers, body = recorded(file.stem)
    asked = json.loads(body)
    with time_machine.travel(parsedate_to_datetime(headers["Date"]), tick=False):
        answer = drone.send(body, headers)
    assert answer.status_code == 200, answer.content
    if refused := REFUSED.get(file.stem):
        assert refused in shown_error(answer)
        return
    branch, operation = asked["build"]["target"], asked["build"]["action"] if asked["build"]["event"] == "custom" else ""
    known = asked["repo"]["name"] == "edrone" and branch in {"develop", "master"}
    name = f"edrone/{branch}" if known else "edrone/default" if asked["repo"]["name"] == "edrone" else "default"
    name = f"edrone/_operations/{operation}" if operation else name
    assert answer.json() == {"Data": (SAMPLE / f"{name}.yaml").read_text()}


@pytest.mark.parametrize("path", ["/edrone", "/edrone/"])
@pytest.mark.parametrize(
    "accept", ["application/vnd.drone.config.v1+json", "*/*", "text/html", "application/xml;q=0.5", "nonsense"]
)
def test_it_answers_json_under_both_addresses_whatever_is_accepted(tree, drone, path, accept):
    tree({"edrone/master.yaml": "kind: pipeline\n"})
    body = asking.body(push(), created=0)
    headers = asking.signed_headers(body, SECRET, datetime.now(UTC), ["date", "digest"]) | {"accept": accept}
    answer = drone.send(body, headers, path)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
    assert answer.json() == {"Data": "kind: pipeline\n"}
    assert int(answer["Content-Length"]) == len(answer.content)


TEXTS = [
    "a: 1\r\nb: 2\r\n",
    "\ufeffkind: x\n",
    "名称: 中文\n",
    "🚀 \u2028\u2029\x85\n",
    '"quotes" \\ <b>&amp;</b>\n',
    "\x00\x07",
    "tab\tend",
]


@pytest.mark.parametrize("text", TEXTS)
def test_the_file_is_answered_byte_for_byte(tree, drone, text):
    tree({"edrone/master.yaml": text})
    assert drone.ask(push()).json()["Data"].encode() == text.encode()


def test_a_pull_request_gets_the_file_of_its_base_branch(tree, drone):
    tree({"edrone/master.yaml": "master\n", "edrone/evil.yaml": "evil\n"})
    request = push(event="pull_request", ref="refs/pull/8/head", target="master")
    body = json.loads(asking.body(request, created=0))
    body["build"]["source"] = "evil"
    assert drone.post(json.dumps(body).encode()).json()["Data"] == "master\n"


def test_a_repository_that_keeps_its_own_file_is_told_so_with_204(tree, drone):
    tree({"default.yaml": REPOSITORY})
    answer = drone.ask(push(slug="octocat/hello"))
    assert (answer.status_code, answer.content) == (204, b"")


def test_only_named_namespaces_get_plain_folders(tree, drone, settings):
    tree({"edrone/master.yaml": "ours\n", "default.yaml": REPOSITORY})
    settings.EDRONE_NAMESPACES = frozenset({"ismewen"})
    assert drone.ask(push()).json()["Data"] == "ours\n"
    assert drone.ask(push(slug="fork/edrone")).status_code == 204


# Errors that people must see


def test_an_error_is_a_pipeline_that_drone_refuses_with_the_message(tree, drone):
    tree({"edrone/master.yaml": ""})
    answer = drone.ask(push())
    assert (
        shown_error(answer)
        == "edrone: projects/edrone/master.yaml: is empty. Delete it, or write a pipeline or `kind: repository` into it."
    )
    pipeline = yaml.safe_load(answer.json()["Data"])
    assert (pipeline["kind"], pipeline["type"], pipeline["name"]) == ("pipeline", "docker", "edrone-error")
    assert pipeline["platform"]["os"] == shown_error(answer)


def test_a_stage_that_starts_gets_the_same_error(tree, drone):
    tree({})
    assert shown_error(drone.ask(push(number=7))) == shown_error(drone.ask(push()))


@pytest.mark.parametrize(
    ("files", "status", "start"),
    [({}, 404, "no file serves ismewen/edrone, branch master. Tried in projects/: @ismewen/edrone/master.yaml,"),
     ({"edrone/master.yaml": ""}, 422, "projects/edrone/master.yaml: is empty."),
     ({"edrone/master.yaml": "a\n", "edrone/master.yml": "b\n"}, 422, "projects/edrone/master.yaml: master.yml is there too")],
)  # fmt: skip
def test_errors_are_plain_text_where_the_operator_wants_http(tree, drone, settings, files, status, start):
    tree(files)
    settings.EDRONE_SHOW_ERRORS = "http"
    answer = drone.ask(push())
    assert (answer.status_code, answer["Content-Type"]) == (status, "text/plain; charset=utf-8")
    assert answer.content.decode().startswith(start)


def test_a_missing_tree_is_shown_in_both_ways(drone, settings, tmp_path):
    settings.EDRONE_PROJECTS = tmp_path / "gone"
    assert shown_error(drone.ask(push())) == f"edrone: The tree {tmp_path}/gone (setting EDRONE_PROJECTS) does not exist."
    settings.EDRONE_SHOW_ERRORS = "http"
    assert drone.ask(push()).status_code == 503


def test_a_long_message_is_cut_to_what_drone_can_store(tree, drone):
    tree({})
    message = shown_error(drone.ask(push("/".join(["branch"] * 40))))
    assert len(message) == 470
    assert message.startswith("edrone: no file serves ismewen/edrone, branch branch/")
    assert message.endswith("…")


HOSTILE = ["../../../etc/passwd", "..", "/etc/passwd", "a//b", "_shared/x", "nul\0", "x" * 300, "中文", "🚀", "trailing.", "trailing ", 'a"b', "a\nb", "\u2028", "\u202e", "${X}", "-" * 60_000]  # fmt: skip


@pytest.mark.parametrize("branch", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_branch_gets_the_default_or_a_readable_error(tree, drone, branch):
    root = tree({"default.yaml": "default\n"})
    (root.parent / "secret.yaml").write_text("outside\n")
    value = json.loads(asking.body(push("x"), created=0))
    value["build"] |= {"target": branch, "ref": f"refs/heads/{branch}"}
    body = json.dumps(value).encode()
    assert drone.post(body).json() == {"Data": "default\n"}
    (root / "default.yaml").unlink()
    answer = drone.post(body)
    message = shown_error(answer)
    assert len(message) <= 470
    assert message.isprintable()
    assert yaml.safe_load(answer.json()["Data"])["platform"]["os"] == message
    assert all(len(line.encode()) < 65_535 for line in answer.json()["Data"].splitlines())


# Requests that prove nothing


def test_an_unsigned_request_is_told_401(tree, drone):
    tree({"default.yaml": "kind: pipeline\n"})
    answer = drone.ask(push(), signature=None)
    assert (answer.status_code, answer["Content-Type"]) == (401, "text/plain; charset=utf-8")
    assert b"no Signature header" in answer.content
    assert b"pipeline" not in answer.content


@pytest.mark.parametrize("show", ["build", "http"])
@pytest.mark.parametrize("changed", [{"secret": "wrong"}, {"accept": "*/*"}, {"digest": "SHA-256=x"}, {"date": "yesterday"}, {"signature": "é"}, {"date": None}])  # fmt: skip
def test_a_wrong_signature_is_401_in_both_settings(tree, drone, settings, show, changed):
    tree({"default.yaml": "kind: pipeline\n"})
    settings.EDRONE_SHOW_ERRORS = show
    answer = drone.ask(push(), **changed)
    assert answer.status_code == 401
    assert answer["Content-Type"].startswith("text/plain")


def test_the_endpoint_accepts_the_old_and_the_new_secret_while_they_are_rotated(tree, drone, settings):
    tree({"default.yaml": "kind: pipeline\n"})
    settings.DRONE_YAML_SECRETS = ("new", "old")
    assert {drone.ask(push(), secret=secret).status_code for secret in ("new", "old")} == {200}
    assert drone.ask(push(), secret="older").status_code == 401


def test_a_wrong_clock_is_shown_to_people_and_gives_nothing_away(tree, drone, settings):
    tree({"default.yaml": "kind: pipeline\nname: private\n"})
    answer = drone.ask(push(), now=datetime.now(UTC) - timedelta(minutes=25))
    assert "Drone's clock is 25 minutes behind edrone's" in shown_error(answer)
    assert b"private" not in answer.content
    settings.EDRONE_SHOW_ERRORS = "http"
    assert drone.ask(push(), now=datetime.now(UTC) + timedelta(hours=3)).status_code == 401
    settings.EDRONE_DATE_TOLERANCE = 86_400
    assert drone.ask(push(), now=datetime.now(UTC) + timedelta(hours=3)).json()["Data"].startswith("kind")


def test_unsigned_requests_are_answered_only_where_the_operator_allows_it(tree, drone, settings):
    tree({"default.yaml": "kind: pipeline\n"})
    settings.DRONE_YAML_SECRETS, settings.EDRONE_ALLOW_UNSIGNED = (), True
    assert drone.ask(push(), signature=None).status_code == 200
    settings.EDRONE_ALLOW_UNSIGNED = False
    assert drone.ask(push()).status_code == 401


# Bodies that Drone does not send


@pytest.mark.parametrize("body", [b"", b"x", b"[]", b"{}", b'{"repo": {}}', b"[" * 10_000, b"\xff", b"{}" + b" " * 2 * LARGEST_BODY], ids=range(8))  # fmt: skip
def test_a_malformed_body_is_400_with_a_sentence(tree, drone, body):
    tree({"default.yaml": "kind: pipeline\n"})
    answer = drone.post(body)
    assert (answer.status_code, answer["Content-Type"]) == (400, "text/plain; charset=utf-8")
    assert answer.content.decode().strip().endswith(".")


def test_a_slug_that_disagrees_is_400(tree, drone):
    tree({"default.yaml": "kind: pipeline\n"})
    body = json.loads(asking.body(push(), created=0))
    body["repo"]["slug"] = "shop/cart"
    assert drone.post(json.dumps(body).encode()).status_code == 400


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete", "head", "options", "trace"])
@pytest.mark.parametrize("path", ["/edrone", "/edrone/"])
def test_other_methods_are_told_what_the_address_is_for(drone, method, path):
    answer = getattr(drone.client, method)(path)
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    if method != "head":
        assert b"DRONE_YAML_ENDPOINT" in answer.content


def test_no_host_name_is_refused_since_the_signature_says_who_asks(tree, drone, settings):
    settings.ALLOWED_HOSTS = ["edrone.example.com"]
    tree({"default.yaml": "kind: pipeline\n"})
    assert drone.post(asking.body(push(), created=0), host="10.0.0.7:8000").status_code == 200


# The log


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
    body = json.loads(asking.body(push(), created=0))
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


def test_no_secret_is_logged_or_answered(tree, drone, caplog, settings):
    settings.EDRONE_SHOW_ERRORS = "http"
    body = json.loads(asking.body(push(), created=0))
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
    [({"protected": True}, {"trigger": "@hook"}, "is protected"), ({"config_path": "ci/.drone.jsonnet"}, {}, "Drone converts edrone's YAML"), ({"config_path": "x.star"}, {}, "x.star")],
)  # fmt: skip
def test_what_makes_a_right_answer_useless_is_a_warning(tree, drone, caplog, repo, build, words):
    tree({"default.yaml": "kind: pipeline\n"})
    body = json.loads(asking.body(push(), created=0))
    body["repo"] |= repo
    body["build"] |= build
    assert drone.post(json.dumps(body).encode()).status_code == 200
    assert any(words in message for message in caplog.messages)


def test_a_protected_repository_started_by_hand_needs_no_warning(tree, drone, caplog):
    tree({"default.yaml": "kind: pipeline\n"})
    body = json.loads(asking.body(push(trigger="ismewen"), created=0))
    body["repo"]["protected"] = True
    drone.post(json.dumps(body).encode())
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


# No request does harm

words = st.text(max_size=40) | st.sampled_from(
    ["..", "../secret", "../../secret", "/etc", "secret", "@x", "_x", "\0", "link", "edrone", "default"]
)


@hypothesis_settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(words, words, words, words, st.sampled_from(["push", "tag", "pull_request", "custom", "promote"]), st.booleans())
def test_no_request_reads_a_file_outside_the_tree_or_gets_a_500(tree, namespace, name, branch, source, event, signed):
    root = tree({"default.yaml": "inside\n", "edrone/default.yaml": "inside\n"})
    for outside in (root.parent / "secret.yaml", root.parent / "default.yaml"):
        outside.write_text("outside\n")
    if not (root / "link.yaml").is_symlink():
        (root / "link.yaml").symlink_to(root.parent / "secret.yaml")
        (root / "link").symlink_to(root.parent)
    body = json.loads(asking.body(push(), created=0))
    body["repo"] |= {"namespace": namespace, "name": name, "slug": f"{namespace}/{name}"}
    body["build"] |= {"event": event, "ref": f"refs/heads/{branch}", "target": branch, "source": source}
    changed: dict[str, Any] = {} if signed else {"signature": None}
    answer = Drone().post(json.dumps(body).encode(), **changed)
    assert answer.status_code == (200 if signed else 401)
    assert b"outside" not in answer.content


@hypothesis_settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(["Signature", "Date", "Digest", "Accept", "Content-Type", "X"]), st.text(st.characters(max_codepoint=255), max_size=60)), st.binary(max_size=80))  # fmt: skip
def test_no_unsigned_bytes_get_anything_but_401(tree, headers, body):
    tree({"default.yaml": "inside\n"})
    assert Drone().send(body, headers).status_code == 401
