"""The configuration endpoint through Django: what Drone sends, and what it is told."""

import json
from email.utils import parsedate_to_datetime

import pytest
import time_machine
import yaml

from configs.client import drone_request
from tests.conftest import RECORDED, SAMPLE, push, recorded, shown_error

REPOSITORY = "kind: repository\n"
REFUSED = {
    "custom-smoke": "there is no operation 'smoke' for ismewen/edrone; there are check, deploy, smoke-test. Did you mean smoke-test?",
    "custom-check-restart": "the operation check of ismewen/edrone: 'X' is not an input; the inputs are TARGET.",
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
    name = f"edrone/_operations/{operation}" if operation else "@shop/default" if asked["repo"]["namespace"] == "shop" else name
    assert answer.json() == {"Data": (SAMPLE / f"{name}.yaml").read_text()}


@pytest.mark.parametrize("path", ["/edrone", "/edrone/"])
def test_it_answers_json_under_both_addresses(tree, drone, path):
    tree({"edrone/master.yaml": "kind: pipeline\n"})
    answer = drone.ask(push(), path=path)
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
    body = json.loads(drone_request.body(request, created=0))
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
    value = json.loads(drone_request.body(push("x"), created=0))
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
