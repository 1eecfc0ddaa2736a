"""The production server on the wire: what only shows with real bytes."""

import os
import signal
import socket
import time
from contextlib import closing, suppress
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest

from configs.client import drone_request
from edrone_site.granian_server import SECONDS_TO_START
from tests.conftest import push
from tests.server import PATIENCE, ROOT, Server, running, wait_until


def connect(server: Server) -> socket.socket:
    address = urlsplit(server.url)
    return socket.create_connection((address.hostname or "", address.port or 0), timeout=PATIENCE)


def head(server: Server, body: bytes, *more: str, without: str = "", length: int | None = None) -> bytes:
    """Write the head of a signed request; `more` are header lines to add."""
    headers = drone_request.signed_headers(body, server.environment["DRONE_YAML_SECRET"], datetime.now(UTC))
    lines = [
        "POST /edrone HTTP/1.1",
        "Host: edrone",
        f"Content-Length: {len(body) if length is None else length}",
        "Connection: close",
    ]
    lines += [f"{name}: {value}" for name, value in headers.items() if name != without]
    return "\r\n".join([*lines, *more, "", ""]).encode("latin-1")


def received(connection: socket.socket) -> tuple[int, bytes]:
    """Read the answer to its end: status and everything after the head."""
    data = b""
    while chunk := connection.recv(65536):
        data += chunk
    start, _, rest = data.partition(b"\r\n\r\n")
    return int(start.split(b" ", 2)[1]), rest


def exchange(server: Server, data: bytes) -> tuple[int, bytes]:
    with closing(connect(server)) as connection:
        connection.sendall(data)
        return received(connection)


BODY = drone_request.body(push(), created=0)


def test_a_request_as_drone_sends_it_is_answered(server):
    status, content = exchange(server, head(server, BODY) + BODY)
    assert status == 200
    assert b"kind: pipeline" in content


def test_two_signature_headers_are_refused(server):
    signature = drone_request.signed_headers(BODY, server.environment["DRONE_YAML_SECRET"], datetime.now(UTC))["signature"]
    assert exchange(server, head(server, BODY, f"Signature: {signature}") + BODY)[0] == 401
    assert exchange(server, head(server, BODY, 'Signature: keyId="x"') + BODY)[0] == 401


@pytest.mark.parametrize("name", ["Date", "Digest", "Accept"])
def test_a_signed_header_sent_twice_is_refused(server, name):
    assert exchange(server, head(server, BODY, f"{name}: x") + BODY)[0] == 401


@pytest.mark.parametrize("line", ["Signature: é", "Date: \xff", "Digest: SHA-256=é", "X-Other: é"])
def test_bytes_outside_ascii_in_headers_do_no_harm(server, line):
    name = line.split(":")[0].lower()
    status, _ = exchange(server, head(server, BODY, line, without=name) + BODY)
    assert status == (200 if name == "x-other" else 401)


def test_a_name_beyond_ascii_from_a_proxy_is_nobody(tmp_path):
    with running(tmp_path, EDRONE_TRUSTED_PROXIES="127.0.0.1") as behind:
        for name, status in (("ada", 403), ("李雷", 302), ("René", 302), ("ada\r\nRemote-User: 李雷", 400)):
            request = f"GET /admin/ HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nRemote-User: {name}\r\n\r\n"
            assert exchange(behind, request.encode())[0] == status, name


def test_a_body_of_two_megabytes_gets_its_answer_before_or_after_it_is_sent(server):
    body = b" " * 2 * 1024 * 1024
    with closing(connect(server)) as connection:
        with suppress(OSError):  # the server may answer and close before all is sent
            connection.sendall(head(server, body) + body)
        status, content = received(connection)
    assert status == 400
    assert b"larger than" in content


def test_a_body_in_chunks_is_not_what_was_signed_or_is_read_whole(server):
    chunked = f"{len(BODY):x}\r\n".encode() + BODY + b"\r\n0\r\n\r\n"
    data = head(server, BODY, "Transfer-Encoding: chunked").replace(f"Content-Length: {len(BODY)}\r\n".encode(), b"") + chunked
    assert exchange(server, data)[0] in {200, 401}


@pytest.mark.parametrize(
    "data",
    [b"GARBAGE\r\n\r\n", b"POST /edrone HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
     b"POST /edrone HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n", b"POST /%00 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
     b"POST /edrone%2F..%2Fadmin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"],
)  # fmt: skip
def test_broken_http_is_refused(server, data):
    status, _ = exchange(server, data)
    assert 400 <= status < 500


@pytest.mark.parametrize(("length", "status"), [(30_000, 404), (70_000, 431)])
def test_an_address_may_have_as_much_as_the_largest_head(server, length, status):
    data = b"GET /nothing?" + b"a" * length + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    answer, body = exchange(server, data)
    assert answer == status
    assert (body == b"") == (status == 431)


@pytest.mark.slow
def test_a_running_request_is_finished_after_sigterm(tmp_path):
    with running(tmp_path, DRONE_YAML_SECRET="x") as server:
        with closing(connect(server)) as connection:
            connection.sendall(head(server, BODY) + BODY[:100])
            with closing(connect(server)) as another:  # by now the first is being read
                another.sendall(head(server, BODY) + BODY)
                assert received(another)[0] == 200
            time.sleep(SECONDS_TO_START)
            os.kill(server.process.pid, signal.SIGTERM)
            with pytest.raises(Exception, match="timed out"):
                server.process.wait(2)
            connection.sendall(BODY[100:])
            status, content = received(connection)
        assert (status, b"kind: pipeline" in content) == (200, True)
        assert server.process.wait(PATIENCE) == 0


@pytest.mark.slow
def test_many_slow_clients_do_not_keep_drone_waiting(tmp_path):
    """More of them than a process has cores, each with a body that never ends."""
    with running(tmp_path) as server:
        slow = [connect(server) for _ in range(100)]
        try:
            for number, connection in enumerate(slow):
                connection.sendall(head(server, BODY)[: 40 if number % 2 else None])
            done = server.manage("askconfig", "ismewen/edrone", "master")
            assert done.stdout == (ROOT / "tests" / "sample" / "edrone" / "master.yaml").read_text()
        finally:
            for connection in slow:
                connection.close()


@pytest.mark.slow
def test_a_connection_that_breaks_in_the_middle_of_a_body_leaves_one_line(tmp_path):
    with running(tmp_path) as server:
        with closing(connect(server)) as connection:
            connection.sendall(head(server, BODY) + BODY[:100])
        wait_until(lambda: "outcome=" in server.printed())
        assert "Traceback" not in server.printed()
