"""Who may ask. The recorded signature is Drone's own; others are made by an implementation of the test's own."""

import base64
import hashlib
import hmac
import string
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from functools import partial

import pytest
from httpsig.verify import HeaderVerifier
from hypothesis import given
from hypothesis import strategies as st

from configs.endpoint.signature import CONFIGURATION, Clock, verify
from pipelines.errors import ClockOff, OtherExtension, Unsigned
from tests.conftest import RECORDED, SECRET, recorded

BODY = b'{"build":{"event":"push"},"repo":{"slug":"octocat/hello"}}'
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
# The test vector of docs/drone.md 1.3.
VECTOR_SECRET = "correct-horse-battery-staple"
VECTOR = {
    "accept": "application/vnd.drone.config.v1+json",
    "accept-encoding": "identity",
    "content-type": "application/json",
    "date": "Fri, 02 Jan 2026 03:04:05 GMT",
    "digest": "SHA-256=eC8NjcUvj/Tr38TWP0CVelqkLS+MUFC9pt+ZIBZcU6k=",
    "signature": 'keyId="hmac-key",algorithm="hmac-sha256",signature="eFsP8BmOFOKidwSi1KyG6yhZ4TtPw2kI49Z6E7TCMVk=",'
    'headers="accept accept-encoding content-type date digest"',
}


def check(headers: dict[str, str], body: bytes = BODY, secrets: tuple[str, ...] = (VECTOR_SECRET,), now: datetime = NOW) -> None:
    verify(CONFIGURATION, headers.get, lambda: body, secrets, Clock(now, 300))


def signed(
    secret: str = VECTOR_SECRET, names: str = "accept date digest", algorithm: str = "hmac-sha256", **headers: str
) -> dict[str, str]:
    """Sign with code of the test's own; None of edrone's or httpsig's is used."""
    sent = {name: VECTOR[name] for name in ("accept", "date", "digest")} | {
        key.replace("_", "-"): value for key, value in headers.items()
    }
    text = "\n".join(f"{name}: {sent.get(name, '')}" for name in names.split(" "))
    mac = base64.b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()).decode()
    return sent | {"signature": f'keyId="hmac-key",algorithm="{algorithm}",signature="{mac}",headers="{names}"'}


def test_it_accepts_the_test_vector_of_drones_own_client():
    check(VECTOR)


def test_it_accepts_a_recorded_request():
    headers, body = recorded("push-ismewen-edrone-master")
    lowered = {name.lower(): value for name, value in headers.items()}
    verify(CONFIGURATION, lowered.get, lambda: body, [SECRET], Clock(datetime(2026, 11, 23, 9, 41, 29, tzinfo=UTC), 300))


def test_it_agrees_with_httpsig_about_every_recorded_request():
    for file in RECORDED.glob("*.json"):
        headers, body = recorded(file.stem)
        lowered = {name.lower(): value for name, value in headers.items()}
        assert HeaderVerifier(lowered, SECRET, required_headers=["date", "digest"], sign_header="signature").verify()
        clock = Clock(parsedate_to_datetime(headers["Date"]), 300)
        verify(CONFIGURATION, lowered.get, partial(bytes, body), [SECRET], clock)


def test_it_accepts_any_of_several_secrets():
    check(VECTOR, secrets=("new", VECTOR_SECRET))
    check(VECTOR, secrets=(VECTOR_SECRET, "old"))


def test_it_accepts_a_signature_of_what_must_be_signed_only():
    check(signed())


@pytest.mark.parametrize("secrets", [("wrong",), ("wrong", "also wrong"), ("",), ()])
def test_it_refuses_another_secret(secrets):
    with pytest.raises(Unsigned, match="different secrets"):
        check(VECTOR, secrets=secrets)


def test_it_refuses_a_request_without_signature():
    for value in ({}, {"signature": ""}):
        with pytest.raises(Unsigned, match="no Signature header; only a Drone server with DRONE_YAML_SECRET set"):
            check({name: text for name, text in VECTOR.items() if name != "signature"} | value)


@pytest.mark.parametrize(
    "value",
    [
        "garbage",
        'keyId="hmac-key",algorithm="hmac-sha256"signature="x"',
        'keyId="hmac-key',
        ",",
        '="x"',
        'algorithm="hmac-sha256",',
        "Signature " + VECTOR["signature"],
        VECTOR["signature"] + "é",
        VECTOR["signature"] + ',x="' + "y" * 5000 + '"',
    ],
)
def test_it_refuses_a_malformed_signature_header(value):
    with pytest.raises(Unsigned, match="malformed"):
        check(VECTOR | {"signature": value})


def test_it_refuses_two_signature_headers():
    for joint in (",", ", "):
        with pytest.raises(Unsigned, match="sent twice"):
            check(VECTOR | {"signature": VECTOR["signature"] + joint + VECTOR["signature"]})


def test_it_refuses_a_signature_header_without_signature():
    with pytest.raises(Unsigned, match="no signature"):
        check(VECTOR | {"signature": 'keyId="hmac-key",algorithm="hmac-sha256",headers="date digest"'})


@pytest.mark.parametrize("algorithm", ["hmac-sha1", "rsa-sha256", "hs2019", "HMAC-SHA256", "hmac-sha512", "none", ""])
def test_it_refuses_other_algorithms(algorithm):
    with pytest.raises(Unsigned, match="algorithm"):
        check(signed(algorithm=algorithm))


def test_it_refuses_a_signature_that_names_no_algorithm():
    with pytest.raises(Unsigned, match="algorithm"):
        check(VECTOR | {"signature": VECTOR["signature"].replace('algorithm="hmac-sha256",', "")})


@pytest.mark.parametrize(("names", "missing"), [("digest", "date"), ("date", "digest"), ("accept", "date"), ("", "date")])
def test_it_refuses_a_signature_that_covers_too_little(names, missing):
    with pytest.raises(Unsigned, match=f"does not cover the header {missing}"):
        check(signed(names=names))


def test_without_a_list_only_the_date_is_signed_which_is_too_little():
    headers = signed(names="date")
    headers["signature"] = headers["signature"].replace(',headers="date"', "")
    with pytest.raises(Unsigned, match="digest"):
        check(headers)


@pytest.mark.parametrize("names", ["accept date digest accept", "date digest x-a x_a"])
def test_it_refuses_a_list_that_names_a_header_twice(names):
    with pytest.raises(Unsigned, match="names a header twice"):
        check(signed(names=names))


def test_it_refuses_a_signed_header_that_did_not_arrive():
    with pytest.raises(Unsigned, match="'x-gone'"):
        check(signed(names="accept date digest x-gone"))


@pytest.mark.parametrize("name", ["accept", "accept-encoding", "content-type", "date", "digest"])
def test_it_refuses_a_changed_header(name):
    with pytest.raises(Unsigned, match="a proxy changed"):
        check(VECTOR | {name: VECTOR[name] + " "})


def test_it_refuses_another_body():
    with pytest.raises(Unsigned, match="does not match the body"):
        check(VECTOR, body=BODY + b" ")


@pytest.mark.parametrize("digest", ["", "SHA-256=", "MD5=abc", "eC8NjcUvj/Tr38TWP0CVelqkLS+MUFC9pt+ZIBZcU6k="])
def test_it_refuses_other_digests(digest):
    with pytest.raises(Unsigned, match="Digest"):
        check(signed(digest=digest))


def test_it_refuses_characters_outside_ascii_in_signed_headers():
    for headers in (signed(date="Frü"), signed(names="date digest x", x="中")):
        with pytest.raises(Unsigned, match="outside ASCII"):
            check(headers)


@pytest.mark.parametrize(
    "date",
    ["yesterday", "", "2026-01-02T03:04:05Z", "Fri, 31 Jun 2026 03:04:05 GMT", "Fri, 02 Foo 2026 03:04:05 GMT", "Fri, 02 Jan 0000 03:04:05 GMT",
     "Fri, 02 Jan 2026 25:04:05 GMT", "Fri, 02 Jan 2026 03:04:05 CET", "Fri, ٠٢ Jan 2026 03:04:05 GMT"],
)  # fmt: skip
def test_it_refuses_what_is_not_a_date(date):
    with pytest.raises(Unsigned, match="not a date|outside ASCII"):
        check(signed(date=date))


@pytest.mark.parametrize(
    ("off", "words"),
    [
        (timedelta(minutes=-7), "7 minutes behind"),
        (timedelta(seconds=-301), "5 minutes 1 second behind"),
        (timedelta(minutes=-25), "25 minutes behind"),
        (timedelta(minutes=7), "7 minutes ahead of"),
        (timedelta(hours=-3), "3 hours behind"),
        (timedelta(days=400), "400 days ahead of"),
    ],
)
def test_a_right_signature_with_a_wrong_clock_is_told_how_wrong(off, words):
    with pytest.raises(ClockOff, match=f"Drone's clock is {words} edrone's"):
        check(VECTOR, now=NOW - off)


def test_the_clock_may_be_off_by_the_tolerance():
    check(VECTOR, now=NOW + timedelta(seconds=300))
    check(VECTOR, now=NOW - timedelta(seconds=300))


def test_a_wrong_clock_is_only_named_to_who_has_the_secret():
    with pytest.raises(Unsigned):
        check(VECTOR, now=NOW + timedelta(days=1), secrets=("wrong",))


def test_the_body_of_an_old_request_is_not_read():
    with pytest.raises(ClockOff):
        verify(CONFIGURATION, VECTOR.get, lambda: pytest.fail("read"), [VECTOR_SECRET], Clock(NOW + timedelta(seconds=301), 300))


def accepted(verifier: Callable[[], None]) -> bool:
    try:
        verifier()
    except (Unsigned, OtherExtension, ClockOff):
        return False
    return True


def plain_reading(headers: dict[str, str], body: bytes, secret: str, now: datetime) -> bool:
    """Decide as the draft says, written without a look at configs.endpoint.signature."""
    parameters: dict[str, str] = {}
    for part in headers.get("signature", "").split('",'):
        name, _, value = part.strip().partition('="')
        parameters[name] = value.rstrip('"')
    names = parameters.get("headers", "date").lower().split(" ")
    if (
        parameters.get("algorithm") != "hmac-sha256"
        or not {"accept", "date", "digest"} <= set(names)
        or not set(names) <= set(headers)
    ):
        return False
    lines = "\n".join(f"{name}: {headers[name]}" for name in names)
    if not lines.isascii():
        return False
    mac = base64.b64encode(hmac.new(secret.encode(), lines.encode(), "sha256").digest()).decode()
    if (
        parameters.get("signature") != mac
        or headers["digest"] != "SHA-256=" + base64.b64encode(hashlib.sha256(body).digest()).decode()
    ):
        return False
    if headers["accept"] != "application/vnd.drone.config.v1+json":
        return False
    try:
        date = datetime.strptime(headers["date"], "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)
    except ValueError:
        return False
    return abs((date - now).total_seconds()) <= 300


header_text = st.text(string.ascii_letters + string.digits + " ,;=/-", max_size=12)
extra_headers = st.dictionaries(st.sampled_from(["accept", "content-type", "x-a", "host"]), header_text, max_size=3)
accepts = st.one_of(st.just({"accept": VECTOR["accept"]}), st.just({}), st.builds(lambda value: {"accept": value}, header_text))
seconds_off = st.one_of(st.integers(-310, 310), st.integers(-100_000, 100_000))


@given(
    st.binary(max_size=60), extra_headers, accepts, st.permutations(["date", "digest", "accept", "x-a"]), st.integers(0, 4), seconds_off,
    st.sampled_from(["", "body", "secret", "digest", "date", "mac", "algorithm", "drop"]),
)  # fmt: skip
def test_acceptance_agrees_with_an_independent_implementation(body, extra, accept, names, count, off, damage):
    digest = "SHA-256=" + base64.b64encode(hashlib.sha256(body).digest()).decode()
    headers = extra | accept | {"date": format_datetime(NOW + timedelta(seconds=off), usegmt=True), "digest": digest}
    covered = names[:count] or ["date"]
    text = "\n".join(f"{name}: {headers.get(name, '')}" for name in covered)
    mac = base64.b64encode(hmac.new(VECTOR_SECRET.encode(), text.encode(), "sha256").digest()).decode()
    if damage == "mac":
        mac = mac[:-2] + ("A=" if mac[-2] != "A" else "B=")
    algorithm = "hmac-sha1" if damage == "algorithm" else "hmac-sha256"
    headers["signature"] = f'keyId="k",algorithm="{algorithm}",signature="{mac}",headers="{" ".join(covered)}"'
    if damage in {"digest", "date"}:
        headers[damage] += "x"
    if damage == "drop":
        headers.pop(covered[-1], None)
    received = body + b"x" if damage == "body" else body
    secret = "another" if damage == "secret" else VECTOR_SECRET
    verdict = accepted(lambda: check(headers, received, (secret,)))
    assert verdict == plain_reading(headers, received, secret, NOW)
    right = accept == {"accept": VECTOR["accept"]} and {"accept", "date", "digest"} <= set(covered) <= set(headers)
    if not damage and right and abs(off) <= 300:
        assert verdict


@given(st.dictionaries(st.sampled_from(list(VECTOR)), st.text(max_size=200)), st.binary(max_size=50))
def test_no_headers_make_anything_but_a_verdict(headers, body):
    assert not accepted(lambda: check(headers, body))


@given(st.text(max_size=300))
def test_no_signature_header_makes_anything_but_a_verdict(value):
    assert not accepted(lambda: check(VECTOR | {"signature": value}))
