"""With EDRONE_SIGN, Drone builds what protected repositories are served without an approval; a failure only makes it wait."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from configs import metrics
from configs.client import drone_request
from configs.endpoint import signing, views
from configs.endpoint.signing import Signatures
from demo.standin.faults import PATIENCE
from demo.standin.signing import is_signed, signature
from tests.builds.conftest import Standin
from tests.conftest import push
from tests.server import free_port

SLUG = "ismewen/edrone"
YAML = "kind: pipeline\ntype: docker\nname: one\n"
KEY = "the-key-of-this-repository-of-32"


@pytest.fixture(autouse=True)
def signs(standin: Standin, settings, tree, monkeypatch) -> Iterator[Standin]:
    settings.EDRONE_SIGN = True
    monkeypatch.setattr(signing, "signatures", Signatures())
    tree({"default.yaml": YAML})
    standin.drone.database.rows("UPDATE repos SET repo_secret = ? WHERE repo_slug = ?", KEY, SLUG)
    yield standin
    signing.client_of.cache_clear()


def served(drone, **fields) -> str:
    answer = drone.ask(push(**({"protected": True, "repo_id": 1} | fields)))
    assert answer.status_code == 200, answer.content
    return str(answer.json()["Data"])


def asked(standin: Standin) -> int:
    return sum(request.path.endswith("/sign") for request in standin.server.requests)


def unsigned(reason: str) -> float:
    return float(metrics.extension_metrics().unsigned[reason]._value.get())  # noqa: SLF001


@pytest.mark.parametrize(
    "fields",
    [
        {"event": "push"},
        {"event": "tag", "ref": "refs/tags/v1"},
        {"event": "promote", "deploy_to": "production"},  # by a deployment of GitHub
        {"event": "pull_request", "ref": "refs/pull/1/head", "source_repo": SLUG},
    ],
)
def test_what_drone_would_hold_is_signed_as_drone_does_it(drone, fields):
    text = served(drone, **fields)
    assert text == f"{YAML}---\nkind: signature\nhmac: {signature(YAML, KEY)}\n\n...\n"
    assert is_signed(text, KEY)


@pytest.mark.parametrize(
    "fields",
    [
        {"protected": False},
        {"event": "custom", "trigger": "ismewen"},
        {"event": "promote", "trigger": "ismewen"},
        {"event": "push", "trigger": "ismewen"},
        {"event": "cron", "trigger": "@cron"},
        {"number": 7},
    ],
)
def test_what_drone_never_holds_is_not_signed(standin, drone, fields):
    assert served(drone, **fields) == YAML
    assert asked(standin) == 0


@pytest.mark.parametrize("source", ["", "mallory/edrone", "ismewen/edrone-fork", "Ismewen/edrone"])
def test_a_pull_request_from_another_or_an_unknown_repository_waits_for_approval(standin, drone, caplog, source):
    before = unsigned("fork")
    assert served(drone, event="pull_request", ref="refs/pull/1/head", source_repo=source) == YAML
    assert (asked(standin), unsigned("fork")) == (0, before + 1)
    assert "waits for approval: the pull request comes from" in caplog.text


def test_it_is_off_unless_it_is_set(standin, drone, settings):
    settings.EDRONE_SIGN = False
    assert served(drone) == YAML
    assert asked(standin) == 0


def test_a_text_is_signed_once_for_each_repository(standin, drone, tree):
    for _ in range(3):
        served(drone)
    assert asked(standin) == 1
    assert is_signed(served(drone, slug="octocat/hello", repo_id=2), "") is False
    assert asked(standin) == 2
    tree({"default.yaml": f"{YAML}# another\n"})
    assert is_signed(served(drone), KEY)
    assert asked(standin) == 3


@pytest.mark.parametrize(
    "text",
    [
        YAML.removesuffix("\n"),
        f"---\n{YAML}",
        f"# comment\n{YAML}",
        f"{YAML}--- # two\n{YAML}--- # three\nkind: secret\nname: x\n",
        YAML.replace("\n", "\r\n"),
        f"{YAML}\n\n",
        f"{YAML}# \ttab, trailing   \n# ü🚀\n",
    ],
)
def test_texts_of_every_form_are_signed_rightly(drone, tree, text):
    tree({"default.yaml": text})
    answer = served(drone)
    assert answer.startswith(text)
    assert is_signed(answer, KEY)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"{YAML}---\nkind: signature\nhmac: 1234\n", "signature"),
        (f"{YAML}...\nbehind\n", "text"),
        (f"{YAML}# {'x' * 70_000}\n", "text"),
    ],
)
def test_what_no_signature_can_be_found_behind_is_served_as_it_is(standin, drone, tree, text, reason):
    tree({"default.yaml": text})
    before = unsigned(reason)
    assert served(drone) == text
    assert (asked(standin), unsigned(reason)) == (0, before + 1)


def test_a_signature_in_a_file_that_is_extended_is_dropped(drone, tree):
    tree({"default.yaml": "extends: _shared/a.yaml\n", "_shared/a.yaml": f"{YAML}---\nkind: signature\nhmac: 1234\n\n...\n"})
    answer = served(drone)
    assert answer.count("kind: signature") == 1
    assert is_signed(answer, KEY)


def test_the_repositorys_own_file_is_never_signed(standin, drone, tree):
    tree({"default.yaml": "kind: repository\n"})
    assert drone.ask(push(protected=True)).status_code == 204
    assert asked(standin) == 0


FAULTS = [
    "null", "401", "403", "404", "429", "500-text", "501", "502", "503", "504", "html", "empty", "list", "drop", "hang-up", "half",
    "huge", "redirect", "deep", "bomb", "no-http",
]  # fmt: skip
LATE = ["slow", "trickle", "trickle-head"]


@pytest.fixture
def little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signing, "WAIT", 0.3)


@pytest.mark.usefixtures("little_patience")
@pytest.mark.parametrize("fault", FAULTS + LATE)
def test_where_drone_does_not_sign_the_text_is_served_unsigned_and_somebody_is_told(standin, drone, caplog, fault):
    standin.drone.faults.append(fault)
    before, started = unsigned("drone"), time.monotonic()
    assert served(drone) == YAML
    assert time.monotonic() - started < PATIENCE / 2
    assert unsigned("drone") == before + 1
    assert "is served unsigned and waits for approval" in caplog.text
    assert "planted" not in caplog.text


def test_where_drone_cannot_be_reached_the_text_is_served_unsigned(drone, settings, caplog):
    settings.DRONE_SERVER = f"http://127.0.0.1:{free_port()}"
    before = unsigned("drone")
    assert served(drone) == YAML
    assert unsigned("drone") == before + 1
    assert "waits for approval" in caplog.text


def test_after_a_failure_drone_is_left_alone_for_a_moment_and_then_asked_again(standin, drone, monkeypatch):
    standin.drone.faults.append("401")
    assert [served(drone), served(drone)] == [YAML, YAML]
    assert asked(standin) == 1
    monkeypatch.setattr(signing.signatures, "paused_until", 0.0)  # the moment is over
    assert is_signed(served(drone), KEY)


def test_where_drone_does_not_know_a_repository_those_of_others_are_signed_at_once(standin, drone):
    standin.drone.faults.append("404")
    assert served(drone, slug="octocat/hello", repo_id=2) == YAML
    assert is_signed(served(drone), KEY)


def test_a_text_that_drone_cannot_parse_stops_nobody_elses_from_being_signed(standin, drone, tree, caplog):
    broken = "kind: pipeline\nname: [\n"
    tree({"default.yaml": YAML, "hello/default.yaml": broken})
    before = unsigned("text")
    assert served(drone, slug="octocat/hello", repo_id=2) == broken
    assert unsigned("text") == before + 1
    assert "Drone reported an internal error («yaml: " in caplog.text
    assert is_signed(served(drone), KEY)
    assert asked(standin) == 2


def test_after_a_500_that_is_not_drones_own_nobody_is_asked_for_a_moment(standin, drone):
    standin.drone.faults.append("500-text")
    assert served(drone, slug="octocat/hello", repo_id=2) == YAML
    assert served(drone) == YAML
    assert asked(standin) == 1


def test_a_wrong_hmac_is_never_appended(standin, drone, monkeypatch):
    for wrong in ("", "x" * 64, "a" * 63, f"{'a' * 64}\n---\nkind: pipeline", 7, None):
        monkeypatch.setattr(signing, "signatures", Signatures())
        monkeypatch.setattr(standin.drone, "sign", lambda *_, wrong=wrong: {"data": wrong})
        standin.drone.routes = [
            (method, pattern, standin.drone.sign if pattern.endswith("/sign") else handle)
            for method, pattern, handle in standin.drone.routes
        ]
        assert served(drone) == YAML


def test_a_drone_that_hangs_is_waited_for_once(standin, drone, monkeypatch, little_patience):
    monkeypatch.setattr(signing, "PAUSE", 60.0)
    standin.drone.faults += ["slow"] * 2
    assert [served(drone), served(drone)] == [YAML, YAML]
    assert asked(standin) == 1


def test_drone_is_waited_for_no_longer_than_the_request_may_take(standin, drone, monkeypatch, caplog):
    monkeypatch.setattr(views, "SECONDS", signing.CONNECT + 0.2)
    standin.drone.faults.append("slow")
    started = time.monotonic()
    assert served(drone) == YAML
    assert time.monotonic() - started < signing.WAIT
    assert asked(standin) == 1
    monkeypatch.setattr(views, "SECONDS", signing.CONNECT)
    monkeypatch.setattr(signing.signatures, "paused_until", 0.0)
    assert served(drone) == YAML
    assert asked(standin) == 1
    assert "no time was left to ask Drone" in caplog.text


def test_all_pushes_are_answered_while_drone_waits_for_them_in_all_of_its_threads(
    standin, drone, caplog, monkeypatch, little_patience
):
    """Drone cannot sign before edrone has answered: who waits for the other longer, holds both."""
    answered = Event()
    sign = standin.drone.sign

    def once_all_are_answered(request, *slug):
        answered.wait(PATIENCE)
        return sign(request, *slug)

    monkeypatch.setattr(standin.drone, "routes", [("POST", r"/api/repos/([^/]+)/([^/]+)/sign", once_all_are_answered)])
    before = unsigned("drone")
    with ThreadPoolExecutor(16) as pool:
        texts = list(pool.map(lambda n: served(drone, ref=f"refs/heads/{n}"), range(16)))
        answered.set()
    assert texts == [YAML] * 16
    assert (unsigned("drone"), caplog.text.count("waits for approval")) == (before + 16, 16)
    assert asked(standin)
    monkeypatch.setattr(signing.signatures, "paused_until", 0.0)
    assert is_signed(served(drone), KEY)


def test_the_record_gives_the_signed_text_again(records, drone, tree):
    build = push(protected=True, repo_id=1, after="c0ffee")
    first = drone.post(drone_request.body(build, created=1000)).json()["Data"]
    tree({"default.yaml": "kind: pipeline\n"})
    stage = push(protected=True, repo_id=1, after="c0ffee", number=7, build_id=70)
    assert drone.post(drone_request.body(stage, created=1001)).json()["Data"] == first
    assert is_signed(first, KEY)


def test_a_build_that_was_served_unsigned_keeps_its_text(records, standin, drone):
    standin.drone.faults.append("500")
    build = push(protected=True, repo_id=1, after="c0ffee")
    assert drone.post(drone_request.body(build, created=1000)).json()["Data"] == YAML
    stage = push(protected=True, repo_id=1, after="c0ffee", number=7, build_id=70)
    assert drone.post(drone_request.body(stage, created=1001)).json()["Data"] == YAML
