"""No address takes files, or more than a form."""

import time
from contextlib import closing, suppress
from pathlib import Path

import pytest
import requests

from tests.server import running
from tests.site.test_wire import connect, received

COOKIE = "Cookie: csrftoken=" + "a" * 32  # without one, a form is refused unread
PART = b'--x\r\nContent-Disposition: form-data; name="f"; filename="f"\r\nContent-Type: application/octet-stream\r\n\r\n'
PATHS = ["/admin/login/", "/api/user", "/healthz", "/", "/nowhere"]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("site")
    (folder / "tmp").mkdir()
    with running(folder, TMPDIR=str(folder / "tmp")) as server:
        yield server, folder / "tmp"


def posted(site, path: str, kind: str, length: str, start: bytes, more: bytes = b"") -> tuple[int, str]:
    """Send a head, the start of a body, and more of it until the server closes; gives what it answered."""
    server, _ = site
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n{COOKIE}\r\nContent-Type: {kind}\r\n{length}\r\n\r\n"
    with closing(connect(server)) as connection:
        connection.sendall(head.encode() + start)
        with suppress(OSError):
            for _ in range(10 if more else 0):
                connection.sendall(more)
                time.sleep(0.01)
        status, content = received(connection)
    return status, content.decode()


def left_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.slow
@pytest.mark.parametrize("path", PATHS)
def test_a_body_larger_than_a_form_is_refused_before_it_is_sent(site, path: str):
    status, said = posted(site, path, "application/x-www-form-urlencoded", "Content-Length: 1048577", b"username=a")
    assert status == 413
    assert ("edrone does not accept this form" if path.startswith("/admin") else "larger than 1048576 bytes") in said


@pytest.mark.slow
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("length", ["Content-Length: 100000", "Transfer-Encoding: chunked"])
def test_a_file_is_refused_unread_and_nothing_is_written(site, path: str, length: str):
    start = PART if length.startswith("Content") else f"{len(PART):x}\r\n".encode() + PART + b"\r\n"
    status, said = posted(site, path, "multipart/form-data; boundary=x", length, start)
    assert status == 415
    assert (
        "edrone does not accept this form" if path.startswith("/admin") else "send JSON, with the header Content-Type"
    ) in said
    assert left_in(site[1]) == []


@pytest.mark.slow
@pytest.mark.parametrize("path", PATHS)
def test_a_form_in_chunks_is_not_read(site, path: str):
    status, _ = posted(site, path, "application/x-www-form-urlencoded", "Transfer-Encoding: chunked", b"5\r\nname=\r\n")
    assert 400 <= status < 500
    assert left_in(site[1]) == []


@pytest.mark.slow
def test_the_refusal_is_in_the_readers_language_and_has_the_headers_of_every_answer(site):
    server, _ = site
    with closing(connect(server)) as connection:
        connection.sendall(b"POST /admin/ HTTP/1.1\r\nHost: x\r\nAccept-Language: zh-CN\r\nContent-Length: 99999999\r\n\r\n")
        answer = connection.recv(65536).decode()
    assert 'lang="zh-hans"' in answer
    assert "content-security-policy: default-src 'self'" in answer.lower()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "statuses"),
    [
        *(("x" * 28_000, (200, 405)), ("\\" * 256, (200, 405)), ("\\" * 257, (400, 400)), ("\\" * 28_000, (400, 400))),
        (r"a\000", (400, 400)),
    ],
    ids=["a proxy's", "few backslashes", "many", "as many as there may be", "a NUL"],
)
def test_cookies_full_of_backslashes_are_refused_unread(site, text: str, statuses: tuple[int, int]):
    server, _ = site
    cookie = f'a="{text}"'
    page, drones = (requests.get(f"{server.url}{path}", headers={"Cookie": cookie}) for path in ("/admin/login/", "/edrone"))
    assert (page.status_code, drones.status_code) == statuses
    assert ("Delete the cookies" in page.text) == (statuses[0] == 400)
    assert page.headers["X-Frame-Options"] == "DENY"


@pytest.mark.django_db
def test_past_the_server_a_file_is_read_and_dropped(client):
    """A second lock, should another server run edrone: nothing takes hold of a file."""
    from django.core.files.uploadedfile import SimpleUploadedFile  # noqa: PLC0415 - only here
    from django.test import RequestFactory  # noqa: PLC0415 - likewise

    request = RequestFactory().post("/admin/login/", {"username": "ada", "file": SimpleUploadedFile("f", b"x" * 5_000_000)})
    assert request.POST["username"] == "ada"
    assert not request.FILES
