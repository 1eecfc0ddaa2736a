"""JSON bodies that start builds: what could mean two things is refused."""

import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from tests.builds.api import body
from tests.server import Server, running

BUILDS = "/api/repos/ismewen/edrone/builds"


def posted(api, content: bytes, kind="application/json"):
    return api["superuser"].client.generic("POST", BUILDS, content, kind)


def test_a_number_stays_as_it_is_written(standin, api):
    text = b'{"params": {"VERSION": 1.10, "LARGE": 12345678901234567890123, "FINE": 0.10000000000000000001, "POWER": 1e400}}'
    assert posted(api, text).status_code == 200
    sent = dict(standin.writes[0].query)
    assert (sent["VERSION"], sent["LARGE"]) == ("1.10", "12345678901234567890123")
    assert (sent["FINE"], sent["POWER"]) == ("0.10000000000000000001", "1e400")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"[" * 100_000, "nested too deeply"),
        (b'{"params":' * 100_000, "nested too deeply"),
        (b'{"params": {"A": NaN}}', "NaN is no number"),
        (b'{"params": {"A": -Infinity}}', "-Infinity is no number"),
        (b'{"action": "check", "action": "deploy"}', "'action' is there twice"),
        (b'{"params": {"A": "1", "A": "2"}}', "'A' is there twice"),
        (b"\xff", "The body cannot be read as JSON: it is not UTF-8."),
        (b'\xef\xbb\xbf{"branch": "develop"}', "The body cannot be read as JSON: it begins with a byte order mark."),
        (b"{", "cannot be read as JSON"),
        (b'{"\\ud800": 1}', "has no place in the body"),
    ],
)
def test_what_is_not_strictly_json_is_refused(standin, api, content, message):
    answer = posted(api, content)
    assert (answer.status_code, message in body(answer)["message"]) == (400, True), answer.content
    assert not standin.writes


@pytest.mark.parametrize("charset", ["utf-8", "latin-1", "utf-16", "base64", "klingon"])
def test_a_body_is_utf_8_whatever_else_it_says(standin, api, charset):
    assert posted(api, '{"branch": "f\u00fcnf"}'.encode(), f"application/json; charset={charset}").status_code == 200
    assert dict(standin.writes[0].query)["branch"] == "f\u00fcnf"


def test_a_body_that_is_too_large_is_called_so(standin, api):
    answer = posted(api, b'{"params": {"A": "%s"}}' % (b"x" * 5_000_000))
    assert (answer.status_code, body(answer)["message"]) == (413, "The body is larger than 1048576 bytes.")


def test_too_many_parameters_in_the_address_are_called_so(standin, api):
    answer = api["superuser"].post(f"{BUILDS}?" + "&".join(f"A{number}=1" for number in range(1200)))
    assert (answer.status_code, body(answer)["message"]) == (400, "The address has more than 1000 parameters.")


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[tuple[Server, str]]:
    folder: Path = tmp_path_factory.mktemp("edrone")
    with running(folder) as started:
        yield started, started.manage("createtoken", "admin").stdout.strip()


@pytest.mark.slow
@pytest.mark.parametrize("method", ["POST", "DELETE"])
@pytest.mark.parametrize(
    ("protocol", "header", "sent"),
    [
        ("HTTP/1.1", "Transfer-Encoding: chunked\r\n", b'14\r\n{"action": "chekc"} \r\n0\r\n\r\n'),
        ("HTTP/1.0", "", b'{"action": "chekc"}'),
    ],
)
def test_a_body_whose_length_is_not_said_never_looks_like_none(server, method, protocol, header, sent):
    edrone, token = server
    path = "/api/repos/shop/cart/builds" + ("/1" if method == "DELETE" else "")
    head = f"{method} {path} {protocol}\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n{header}\r\n"
    address = urlsplit(edrone.url)
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        connection.sendall(head.encode() + sent)
        answer = connection.makefile("rb").read()
    assert answer.split(b"\r\n")[0].endswith(b" 411 Length Required"), answer
    assert b"Content-Length" in answer


@pytest.mark.slow
@pytest.mark.parametrize("key", ["ümlaut".encode(), "ümlaut".encode("latin-1"), b""])
def test_a_key_that_does_not_arrive_as_it_was_sent_is_refused_and_never_ignored(server, key):
    edrone, token = server
    address = urlsplit(edrone.url)
    head = f"POST /api/repos/shop/cart/builds HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {token}\r\nContent-Length: 0\r\n"
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        connection.sendall(head.encode() + b"Idempotency-Key: " + key + b"\r\n\r\n")
        answer = connection.makefile("rb").read()
    assert answer.split(b"\r\n")[0].endswith(b" 400 Bad Request"), answer
    assert b"Idempotency-Key must be" in answer


@pytest.mark.slow
@pytest.mark.parametrize("charset", ["latin-1", "utf-16", "base64", "rot13", "klingon"])
def test_an_address_is_read_as_drone_reads_it_whatever_the_body_is_said_to_be(server, charset):
    """The charset of a body once made another branch of `fünf`, or an error with a traceback, also of what was not signed."""
    edrone, token = server
    headers = {"Authorization": f"Bearer {token}", "Content-Type": f"application/json; charset={charset}"}
    answer = requests.post(f"{edrone.url}/api/repos/shop/cart/builds?action=f%C3%BCnf", headers=headers, timeout=20)
    assert (answer.status_code, "there is no operation 'fünf'" in answer.json()["message"]) == (404, True), answer.text
    assert requests.post(f"{edrone.url}/edrone?a=b", headers=headers, timeout=20).status_code == 401
    assert "Traceback" not in edrone.printed()
