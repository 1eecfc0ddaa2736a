"""The four addresses for a Drone server, one against the other: what Drone signed for one of them is worth nothing at another.

All of them get one secret here, which is the worst case: an operator may give Drone's four extensions the same.
"""

import json
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pytest
from django.test import Client

from builds.extensions import events, hints, validation
from builds.freezes import reading
from builds.freezes.models import Freeze
from builds.starting.models import AuditRecord
from configs.client import drone_request
from configs.endpoint.signature import CONFIGURATION, CONVERSION, EVENTS, VALIDATION, Extension
from configs.records.announcements import Kind, announce
from configs.records.models import Announcement, LastError, ServedConfig
from pipelines.build_request import parse_validation
from tests.conftest import RECORDED, SECRET, Drone, push

EVENT_SECRET = "a-secret-of-events-only"
PIPELINE = "kind: pipeline\nname: of-the-tree\n"
OWN_FILE = "kind: pipeline\nextends: _shared/step.yaml\n"
BUILD = push(repo_id=1, trigger="edrone", event="promote", deploy_to="production")
EVENT = json.loads((RECORDED.parent / "other-requests" / "webhook-build-updated-success.json").read_text())["body"].encode()


class Address(NamedTuple):
    extension: Extension
    path: str
    body: bytes  # as Drone sends it
    signed: tuple[str, ...]  # the headers that Drone signs


def body(text: str | None = None) -> bytes:
    return drone_request.body(BUILD, created=1_790_000_000, text=text)


ADDRESSES = {
    "yaml": Address(CONFIGURATION, "/edrone", body(), drone_request.SIGNED),
    "convert": Address(CONVERSION, "/edrone/convert", body(OWN_FILE), drone_request.SIGNED),
    "validate": Address(VALIDATION, "/edrone/validate", body(PIPELINE), drone_request.SIGNED),
    "events": Address(EVENTS, "/edrone/events", EVENT, ("date", "digest")),
}
OTHERS = [(signed_for, asked) for signed_for in ADDRESSES for asked in ADDRESSES if signed_for != asked]
LISTS = [
    "", " ", "date", "digest", "accept", "accept date", "accept digest", "accept-encoding content-type date",
    "(request-target) date", "host digest", "date;digest", "date,digest", "date  digest", " date digest",
]  # fmt: skip


@pytest.fixture(autouse=True)
def one_secret_for_all(records: None, tree: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> hints.Hints:
    tree({"default.yaml": PIPELINE, "_shared/step.yaml": "steps: []\n"})
    settings.EDRONE_EVENTS_SECRETS, settings.DRONE_DATABASE = (SECRET,), {"NAME": "one that is connected"}
    settings.DRONE_YAML_SECRETS = (SECRET,)
    waiting = hints.Hints()
    monkeypatch.setattr(hints.Hints, "work", lambda _: None)
    monkeypatch.setattr(events, "hints", waiting)
    monkeypatch.setattr(validation, "known_freezes", reading.KnownFreezes())
    return waiting


def headers_of(address: Address, *, content: bytes | None = None, secret: str = SECRET, names: Any = None) -> dict[str, str]:
    accept = address.extension.accept or "*/*"
    content = address.body if content is None else content
    return drone_request.signed_headers(content, secret, datetime.now(UTC), names or address.signed, accept)


def send(path: str, content: bytes, headers: dict[str, str]) -> Any:
    return Drone().send(content, headers, path)


def assert_nothing_happened(answer: Any, waiting: hints.Hints) -> None:
    text = answer.content.decode()
    assert answer["Content-Type"].startswith("text/plain")
    assert len(text.splitlines()) == 1
    assert "of-the-tree" not in text
    assert not waiting.waiting
    assert not ServedConfig.objects.exists()
    assert not LastError.objects.exists()


@pytest.mark.parametrize("name", ADDRESSES)
def test_each_takes_what_drone_signed_for_it(name: str) -> None:
    address = ADDRESSES[name]
    for slash in ("", "/"):
        assert send(address.path + slash, address.body, headers_of(address)).status_code in {200, 204}


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize(("signed_for", "asked"), OTHERS)
def test_what_is_signed_for_one_is_refused_by_each_other(
    signed_for: str, asked: str, slash: str, one_secret_for_all: hints.Hints
) -> None:
    sent, other = ADDRESSES[signed_for], ADDRESSES[asked]
    answer = send(other.path + slash, sent.body, headers_of(sent))
    assert answer.status_code == 406
    assert f"This address is for {other.extension.endpoint} alone" in answer.content.decode()
    assert_nothing_happened(answer, one_secret_for_all)


@pytest.mark.parametrize(("signed_for", "asked"), OTHERS)
def test_no_header_that_is_changed_afterwards_makes_it_another_request(
    signed_for: str, asked: str, one_secret_for_all: hints.Hints
) -> None:
    """The media type of the other address, and the list of headers that it signs, put into a signature of this one."""
    sent, other = ADDRESSES[signed_for], ADDRESSES[asked]
    genuine = headers_of(sent)
    accept = genuine | {"accept": other.extension.accept or "*/*"}
    shorter = genuine["signature"].replace(" ".join(sent.signed), " ".join(other.signed))
    for forged in (accept, genuine | {"signature": shorter}, accept | {"signature": shorter}):
        if forged != genuine:
            answer = send(other.path, sent.body, forged)
            assert answer.status_code in {401, 406}
            assert_nothing_happened(answer, one_secret_for_all)


@pytest.mark.parametrize("names", LISTS)
@pytest.mark.parametrize("name", ADDRESSES)
def test_a_list_without_date_and_digest_is_refused_everywhere(name: str, names: str, one_secret_for_all: hints.Hints) -> None:
    address = ADDRESSES[name]
    headers = headers_of(address)
    listed = f'headers="{" ".join(address.signed)}"'
    assert listed in headers["signature"]
    answer = send(address.path, address.body, headers | {"signature": headers["signature"].replace(listed, f'headers="{names}"')})
    assert answer.status_code == 401
    assert_nothing_happened(answer, one_secret_for_all)


@pytest.mark.parametrize("names", ["date digest", "digest date", "date digest content-type", "accept-encoding date digest"])
@pytest.mark.parametrize("name", ["yaml", "convert", "validate"])
def test_a_media_type_that_is_sent_but_not_signed_opens_nothing(name: str, names: str, one_secret_for_all: hints.Hints) -> None:
    address = ADDRESSES[name]
    answer = send(address.path, address.body, headers_of(address, names=names.split(" ")))
    assert answer.status_code == 406
    assert_nothing_happened(answer, one_secret_for_all)


@pytest.mark.parametrize("more", ["accept", "content-type", "accept-encoding content-type"])
def test_events_are_signed_by_date_and_digest_alone(more: str, one_secret_for_all: hints.Hints) -> None:
    address = ADDRESSES["events"]
    answer = send(address.path, address.body, headers_of(address, names=["date", "digest", *more.split(" ")]))
    assert answer.status_code == 406
    assert_nothing_happened(answer, one_secret_for_all)


@pytest.mark.parametrize("name", ADDRESSES)
def test_a_body_past_the_limit_is_refused_whoever_signed_it(name: str, one_secret_for_all: hints.Hints) -> None:
    address = ADDRESSES[name]
    largest = address.extension.largest
    fits, over = address.body.ljust(largest), address.body.ljust(largest + 1)
    assert send(address.path, fits, headers_of(address, content=fits)).status_code in {200, 204}
    one_secret_for_all.waiting.clear()
    ServedConfig.objects.all().delete()
    answer = send(address.path, over, headers_of(address, content=over))
    assert answer.status_code == 400
    assert f"larger than {largest} bytes" in answer.content.decode()
    assert_nothing_happened(answer, one_secret_for_all)


@pytest.mark.parametrize("name", ADDRESSES)
def test_a_large_body_without_a_signature_is_not_read(name: str) -> None:
    address = ADDRESSES[name]
    for headers in ({}, headers_of(address, secret="another")):
        answer = send(address.path, b" " * (address.extension.largest + 1), headers)
        assert answer.status_code == 401
        assert b"larger" not in answer.content


@pytest.mark.parametrize("name", ADDRESSES)
def test_a_secret_of_its_own_keeps_events_and_the_others_apart(name: str, settings: Any, one_secret_for_all: hints.Hints) -> None:
    settings.EDRONE_EVENTS_SECRETS = (EVENT_SECRET,)
    address = ADDRESSES[name]
    wrong = SECRET if name == "events" else EVENT_SECRET
    answer = send(address.path, address.body, headers_of(address, secret=wrong))
    assert answer.status_code == 401
    assert_nothing_happened(answer, one_secret_for_all)


def test_unsigned_events_are_refused_also_where_unsigned_builds_are_served(
    settings: Any, one_secret_for_all: hints.Hints
) -> None:
    settings.EDRONE_ALLOW_UNSIGNED = True
    answer = Client().post("/edrone/events", EVENT, content_type="application/json")
    assert answer.status_code == 401
    assert_nothing_happened(answer, one_secret_for_all)


def test_an_override_is_used_up_at_the_validation_alone_and_once() -> None:
    """Whoever sends the validation of an override again can keep its build from starting, but starts none."""
    Freeze.objects.create(pattern="ismewen/*", targets="production", reason="no Fridays", username="wei")
    record = AuditRecord.objects.create(username="ann", verb="promote", slug="ismewen/edrone", override="hotfix")
    address = ADDRESSES["validate"]
    announce(Kind.OVERRIDE, record.pk, parse_validation(address.body).build, "edrone")
    headers = headers_of(address)
    for path in ("/edrone", "/edrone/convert", "/edrone/events"):
        assert send(path, address.body, headers).status_code == 406
    assert Announcement.objects.filter(claimed=None).exists()
    assert [send(address.path, address.body, headers).status_code for _ in range(3)] == [204, 400, 400]
