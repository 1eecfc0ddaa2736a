"""Drone's events: verified, answered before any work, and believed in nothing."""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest
from django.db import DatabaseError
from django.test import Client

from builds.drone_db.models import Build
from builds.extensions import events, hints
from builds.extensions.hints import Hint, Hints, bind_hinted
from configs.records import rows
from configs.records.models import ServedConfig
from tests import drones
from tests.builds.served.test_api import request_of, serve
from tests.conftest import RECORDED

SECRET = "a-secret-of-events-only"
WEBHOOKS = sorted((RECORDED.parent / "other-requests").glob("webhook-*.json"))
ADDRESS = "/edrone/events"


def body_of(path: Path) -> bytes:
    return str(json.loads(path.read_text())["body"]).encode()


BODY = body_of(next(path for path in WEBHOOKS if "updated-success" in path.name))


def signed(body: bytes, secret: str = SECRET, names: str = "date digest", **more: str) -> dict[str, str]:
    """Sign as Drone signs events (docs/drone.md 3), with code of the test's own."""
    digest = "SHA-256=" + base64.b64encode(hashlib.sha256(body).digest()).decode()
    headers = {"date": formatdate(usegmt=True), "digest": digest, "x-drone-event": "build"} | more
    text = "\n".join(f"{name}: {headers[name]}" for name in names.split(" "))
    mac = base64.b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()).decode()
    return headers | {"signature": f'keyId="hmac-key",algorithm="hmac-sha256",signature="{mac}",headers="{names}"'}


def post(body: bytes, headers: dict[str, str], address: str = ADDRESS) -> Any:
    return Client().post(address, body, content_type="application/json", headers=headers)


@pytest.fixture(autouse=True)
def queue(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Hints:
    """Take events, into a queue that nobody empties."""
    settings.EDRONE_EVENTS_SECRETS, settings.DRONE_DATABASE = ("older", SECRET), {"NAME": "one that is connected"}
    fresh = Hints()
    monkeypatch.setattr(Hints, "work", lambda _: None)
    monkeypatch.setattr(events, "hints", fresh)
    return fresh


@pytest.mark.parametrize("path", WEBHOOKS, ids=lambda path: path.stem)
@pytest.mark.parametrize("address", [ADDRESS, f"{ADDRESS}/"])
def test_recorded_events_are_noted_where_they_are_about_builds(path, address, queue):
    body = body_of(path)
    answer = post(body, signed(body), address)
    assert (answer.status_code, answer.content) == (204, b"")
    event = json.loads(body)
    expected = [Hint("ismewen/edrone", event["build"]["number"], event["build"]["id"])] if event["event"] == "build" else []
    assert list(queue.waiting) == expected


def test_a_build_is_noted_once_however_often_it_is_told(queue):
    for _ in range(5):
        assert post(BODY, signed(BODY)).status_code == 204
    assert len(queue.waiting) == 1


@pytest.mark.parametrize(
    ("wrong", "status", "words"),
    [
        ({"secret": "another"}, 401, "EDRONE_EVENTS_SECRET"),
        ({"body": BODY + b" "}, 401, "Digest does not match"),
        ({"names": "date"}, 401, "does not cover the header digest"),
        ({"names": "date digest x-drone-event"}, 406, "DRONE_WEBHOOK_ENDPOINT alone"),
        ({"names": "accept date digest", "accept": "application/vnd.drone.config.v1+json"}, 406, "DRONE_WEBHOOK_ENDPOINT"),
        ({"date": "Fri, 02 Jan 2026 03:04:05 GMT"}, 401, "clock"),
    ],
)
def test_what_drone_did_not_sign_for_this_address_is_refused(wrong, status, words, queue):
    answer = post(BODY, signed(**{"body": BODY} | wrong))
    assert answer.status_code == status
    assert words in answer.content.decode()
    assert not queue.waiting


def test_an_event_without_a_signature_is_refused(queue):
    answer = post(BODY, {})
    assert answer.status_code == 401
    assert b"no Signature header" in answer.content
    assert not queue.waiting


def test_beyond_those_that_are_sent_slowly_an_event_is_refused_at_once(queue, monkeypatch):
    places = threading.BoundedSemaphore(1)
    monkeypatch.setattr(events, "bodies", lambda: places)
    with places:
        answer = post(BODY, signed(BODY))
        assert answer.status_code == 503
        assert "edrone is busy" in answer.content.decode()
        assert post(BODY, {}).status_code == 401
    assert not queue.waiting
    assert [post(BODY, signed(BODY)).status_code for _ in range(3)] == [204] * 3
    assert post(BODY, signed(b"another")).status_code == 401
    assert post(BODY, signed(BODY)).status_code == 204


EVENT = '{"event": "build", "repo": {"slug": "%s"}, "build": {"id": %s, "number": %s}}'
# No column holds it, and ten thousand of them would fill the memory.
HOSTILE = [
    (EVENT % values).encode()
    for values in [("shop/cart\\u0000", 1, 1), ("s" * 501, 1, 1), ("s/c", "9" * 4000, 1), ("s/c", 1, 2**63), ("s/c", -1, 1)]
]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'{"event": 1}', b'{"build": {"id": 1}}', b"[" * 100_000, b"\xff", *HOSTILE]
)
def test_a_body_that_is_no_event_is_refused(body, queue):
    answer = post(body, signed(body))
    assert (answer.status_code, answer.content) == (400, b"The body is no event of Drone's.\n")


@pytest.mark.parametrize(
    "body", [b'{"event": "build"}', b'{"event": "build", "repo": {}}', b'{"event": "user", "build": {"id": 1}}']
)
def test_an_event_without_a_build_is_ignored(body, queue):
    assert post(body, signed(body)).status_code == 204
    assert not queue.waiting


def test_without_a_secret_no_events_are_taken(settings, queue):
    settings.EDRONE_EVENTS_SECRETS = ()
    settings.EDRONE_ALLOW_UNSIGNED = True
    answer = post(BODY, signed(BODY))
    assert answer.status_code == 404
    assert "set EDRONE_EVENTS_SECRET" in answer.content.decode()
    assert not queue.waiting


def test_other_methods_are_told_what_the_address_is_for():
    answer = Client().get(ADDRESS)
    assert answer.status_code == 405
    assert "DRONE_WEBHOOK_ENDPOINT" in answer.content.decode()


def test_a_full_queue_drops_new_builds_and_drone_does_not_notice(queue):
    queue.most = 1
    assert queue.add(Hint("shop/cart", 1, 1))
    assert post(BODY, signed(BODY)).status_code == 204
    assert list(queue.waiting) == [Hint("shop/cart", 1, 1)]
    assert queue.add(Hint("shop/cart", 1, 1))  # it waits already


@pytest.fixture
def builds_of_drone(db: None) -> Iterator[None]:
    rows.stored_files.clear()
    with drones.connected(drones.sqlite_database(drones.RECORDED / "drone-2.28.2.sqlite")):
        yield


def test_builds_that_drone_has_are_bound_to_their_records(builds_of_drone, tree):
    tree({"edrone/default.yaml": "kind: pipeline\nname: one\n"})
    builds = list(Build.objects.filter(repo_id=1, number__in=(2, 3)))
    for build in builds:
        serve(request_of(build))
    hinted = [Hint("ismewen/edrone", build.number, build.id) for build in builds]
    bind_hinted([*hinted, *hinted])
    bound = set(ServedConfig.objects.values_list("number", "build_id"))
    assert bound == {(build.number, build.id) for build in builds}
    bind_hinted(hinted)
    assert set(ServedConfig.objects.values_list("number", "build_id")) == bound


@pytest.mark.parametrize(
    "hint",
    [
        Hint("ismewen/edrone", 3, 2), Hint("ismewen/other", 2, 2), Hint("nobody/nothing", 2, 2), Hint("ismewen/edrone", 2, 99_999),
        Hint("ismewen/edrone", 2, -1), Hint("ismewen/edrone", 2, 2**70), Hint("", 0, 0),
    ],
)  # fmt: skip
def test_hints_that_drones_database_does_not_know_do_nothing(hint, builds_of_drone, tree):
    tree({"edrone/default.yaml": "kind: pipeline\nname: one\n"})
    serve(request_of(Build.objects.get(repo_id=1, number=2)))
    bind_hinted([hint])
    assert ServedConfig.objects.get().build_id is None


def test_without_drones_database_nothing_is_noted(settings, queue):
    settings.DRONE_DATABASE = None
    assert post(BODY, signed(BODY)).status_code == 204
    assert not queue.waiting


def test_a_thread_works_on_what_is_noted_and_another_one_where_it_has_ended(queue, monkeypatch):
    worked = SimpleQueue[list[Hint]]()
    monkeypatch.setattr(Hints, "work", lambda self: worked.put(list(self.waiting)))
    one, other = Hint("a/b", 1, 1), Hint("a/b", 2, 2)
    for hint, waiting in ((one, [one]), (other, [one, other])):
        queue.add(hint)
        assert worked.get(timeout=10) == waiting
        assert queue.thread
        queue.thread.join(10)


def test_the_thread_tries_again_what_a_database_that_fails_was_hinted(db, monkeypatch):
    """Its order stays, and nothing is lost beyond the bound."""
    tried = list[list[Hint]]()

    class Over(BaseException):
        pass

    def fail(batch: list[Hint]) -> None:
        tried.append(batch)
        if len(tried) == 3:
            raise Over
        raise DatabaseError("away")

    monkeypatch.undo()
    monkeypatch.setattr(hints, "bind_hinted", fail)
    monkeypatch.setattr(hints, "PAUSE", 0)
    monkeypatch.setattr(hints, "AT_ONCE", 2)
    waiting = Hints(3)
    waiting.waiting = {Hint("a/b", number, number): None for number in (1, 2, 3)}
    with pytest.raises(Over):
        waiting.work()
    assert tried == [[Hint("a/b", 1, 1), Hint("a/b", 2, 2)]] * 3
    assert list(waiting.waiting) == [Hint("a/b", 3, 3)]


def test_the_thread_outlives_any_other_error_and_drops_what_it_was_about(db, monkeypatch, caplog):
    tried = list[Hint]()

    class Over(BaseException):
        pass

    def fail(batch: list[Hint]) -> None:
        tried.extend(batch)
        raise Over if len(tried) == 3 else ValueError("no database's")

    monkeypatch.undo()
    monkeypatch.setattr(hints, "bind_hinted", fail)
    monkeypatch.setattr(hints, "AT_ONCE", 1)
    waiting = Hints()
    waiting.waiting = {Hint("a/b", number, number): None for number in (1, 2, 3)}
    with pytest.raises(Over):
        waiting.work()
    assert tried == [Hint("a/b", number, number) for number in (1, 2, 3)]
    assert "no database's" in caplog.text
