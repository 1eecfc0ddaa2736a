"""Requests that Drone does not send, or that prove nothing, get nothing and do no harm."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import time_machine
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from configs.client import drone_request
from configs.records.models import LastError, ServedConfig
from pipelines.build_request import LARGEST_BODY
from tests.conftest import RECORDED, SECRET, Drone, push, shown_error

OTHERS = RECORDED.with_name("other-requests")


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


@pytest.mark.parametrize("show", ["build", "http"])
@pytest.mark.parametrize("later", [0, 900])  # also with a clock that is off: 200 would tell a validation «valid»
@pytest.mark.parametrize("file", sorted(OTHERS.glob("*.json")), ids=lambda file: file.stem)
def test_a_recorded_request_of_another_extension_gets_no_configuration(tree, drone, settings, file, later, show):
    settings.EDRONE_SHOW_ERRORS = show
    tree({"default.yaml": "kind: pipeline\n"})
    request = json.loads(file.read_text())
    headers = dict(request["headers"])
    with time_machine.travel(parsedate_to_datetime(headers["Date"]) + timedelta(seconds=later), tick=False):
        answer = drone.send(request["body"].encode(), headers)
    assert (answer.status_code, answer["Content-Type"]) == (406, "text/plain; charset=utf-8")
    assert answer.content.startswith(b"This address is for DRONE_YAML_ENDPOINT alone, ")
    assert answer.content.count(b"\n") == 1


ANOTHER_TYPE = pytest.mark.parametrize(
    "accept", ["*/*", "application/vnd.drone.convert.v1+json", "application/vnd.drone.config.v1+json, */*", ""]
)


@ANOTHER_TYPE
def test_only_the_media_type_that_drone_asks_for_gets_a_configuration(tree, drone, accept):
    tree({"default.yaml": "kind: pipeline\n"})
    body = drone_request.body(push(), created=0)
    answer = drone.send(body, drone_request.signed_headers(body, SECRET, datetime.now(UTC), accept=accept))
    assert (answer.status_code, b"pipeline" in answer.content) == (406, False)


@ANOTHER_TYPE
@pytest.mark.parametrize("path", ["/edrone", "/edrone/convert", "/edrone/validate"])
def test_also_of_unsigned_requests_only_those_with_the_media_type_of_the_address_are_answered(
    tree, drone, settings, path, accept
):
    tree({"default.yaml": "kind: pipeline\n"})
    settings.DRONE_YAML_SECRETS, settings.EDRONE_ALLOW_UNSIGNED = (), True
    accept = accept.replace("convert", "secret")
    answer = drone.send(drone_request.body(push(), created=0, text=""), {"accept": accept}, path)
    assert (answer.status_code, b"kind: pipeline" in answer.content) == (406, False)
    assert b"This address is for DRONE_" in answer.content


@pytest.mark.parametrize("show", ["build", "http"])
@pytest.mark.parametrize("file", sorted(OTHERS.glob("*.json")), ids=lambda file: file.stem)
def test_unsigned_too_a_recorded_request_of_another_extension_gets_no_configuration(tree, drone, settings, file, show):
    settings.EDRONE_SHOW_ERRORS = show
    settings.DRONE_YAML_SECRETS, settings.EDRONE_ALLOW_UNSIGNED = (), True
    tree({"default.yaml": "kind: pipeline\n"})
    request = json.loads(file.read_text())
    answer = drone.send(request["body"].encode(), dict(request["headers"]))
    assert (answer.status_code, b"kind: pipeline" in answer.content) == (406, False)


def test_the_media_type_must_be_signed(tree, drone):
    """Who has seen a request of another extension could send it again with another Accept."""
    tree({"default.yaml": "kind: pipeline\n"})
    body = drone_request.body(push(), created=0)
    answer = drone.send(body, drone_request.signed_headers(body, SECRET, datetime.now(UTC), ["date", "digest"]))
    assert (answer.status_code, b"does not sign that header" in answer.content) == (406, True)


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


def test_a_request_that_is_sent_again_gets_the_same_answer_and_changes_nothing(tree, drone, records):
    root = tree({"default.yaml": "kind: pipeline\nname: first\n"})
    body = drone_request.body(push(repo_id=1, after="c0ffee"), created=1_795_426_889)
    headers = drone_request.signed_headers(body, SECRET, datetime.now(UTC))
    first, before = drone.send(body, headers), ServedConfig.objects.values().get()
    (root / "default.yaml").write_text("kind: pipeline\nname: second\n")
    assert {drone.send(body, headers).content for _ in range(3)} == {first.content}
    assert ServedConfig.objects.values().get() == before
    assert not LastError.objects.exists()


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
    body = json.loads(drone_request.body(push(), created=0))
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
    assert drone.post(drone_request.body(push(), created=0), host="10.0.0.7:8000").status_code == 200


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
    body = json.loads(drone_request.body(push(), created=0))
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
