"""Pages and API calls leave a thread to Drone's requests for configuration."""

import gc
import socket
import time
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import time_machine

from edrone_site.thread_limit import ThreadLimit
from tests.builds.extensions import test_events
from tests.server import PATIENCE, Server, running, wait_until
from tests.site.test_wire import BODY, connect, exchange, head


class Site:
    """An application whose answers are counted, and which can fail."""

    def __init__(self) -> None:
        self.closed = 0
        self.fails = False

    def __call__(self, environ: dict[str, Any], start_response: Any) -> "Site":
        if self.fails:
            raise RuntimeError
        start_response("200 OK", [])
        return self

    def __iter__(self) -> Any:
        return iter([b"hello", b"world"])

    def close(self) -> None:
        self.closed += 1


class Caller:
    """Asks and remembers the status."""

    def __init__(self, application: ThreadLimit) -> None:
        self.application, self.status = application, ""

    def ask(self, path: str = "/api/user", **environ: str) -> Any:
        return self.application({"PATH_INFO": path} | environ, self.start)

    def start(self, status: str, headers: Any) -> None:
        self.status = status


def test_the_first_request_too_many_gets_503_at_once_and_a_place_is_free_again_once_an_answer_is_sent():
    site = Site()
    caller = Caller(ThreadLimit(site, 2, ["/edrone"]))
    first, _second = caller.ask(), caller.ask()
    assert b"".join(caller.ask()).startswith(b'{"message": "edrone is busy')
    assert caller.status == "503 Service Unavailable"
    assert b"".join(first) == b"helloworld"
    first.close()
    first.close()
    assert site.closed == 2
    _third = caller.ask()
    assert caller.status == "200 OK"
    caller.ask()
    assert caller.status == "503 Service Unavailable"


def test_the_configuration_endpoint_is_never_refused():
    caller = Caller(ThreadLimit(Site(), 1, ["/edrone"]))
    _held = caller.ask()
    for _ in range(5):
        caller.ask("/edrone")
        assert caller.status == "200 OK"


def test_a_probe_that_leaves_the_database_out_is_never_refused():
    caller = Caller(ThreadLimit(Site(), 1, ["/readyz?exclude=database"]))
    _held = caller.ask()
    for query, status in [
        ("exclude=database", "200 OK"),
        ("exclude=tree", "503 Service Unavailable"),
        ("", "503 Service Unavailable"),
    ]:
        caller.ask("/readyz", QUERY_STRING=query)
        assert caller.status == status, query


def test_an_answer_that_is_dropped_gives_its_place_back_though_nobody_closes_it():
    caller = Caller(ThreadLimit(Site(), 1, ()))
    for _ in range(3):
        caller.ask()
        assert caller.status == "200 OK"
        gc.collect()


def test_an_application_that_fails_gives_its_place_back():
    site = Site()
    caller = Caller(ThreadLimit(site, 1, ()))
    site.fails = True
    for _ in range(3):
        with pytest.raises(RuntimeError):
            caller.ask()
    site.fails = False
    caller.ask()
    assert caller.status == "200 OK"


def slow_login(server: Server) -> socket.socket:
    """Begin to send a form and stop half-way: it holds a thread."""
    connection = connect(server)
    cookie = b"csrftoken=" + b"a" * 32  # without one, the form is refused unread
    connection.sendall(b"POST /admin/login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\nCookie: " + cookie +
                       b"\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\nusername=")  # fmt: skip
    return connection


def login_page(server: Server) -> requests.Response:
    return requests.get(f"{server.url}/admin/login/", timeout=PATIENCE)


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({}, "edrone is busy"),
        ({"HTTP_ACCEPT_LANGUAGE": "zh-CN"}, "edrone 正忙"),
        ({"HTTP_COOKIE": "django_language=zh-hans"}, "edrone 正忙"),
        ({"HTTP_COOKIE": "django_language=en", "HTTP_ACCEPT_LANGUAGE": "zh-CN"}, "edrone is busy"),
        ({"HTTP_COOKIE": ";;=", "HTTP_ACCEPT_LANGUAGE": ";q=x"}, "edrone is busy"),
    ],
)
def test_people_are_told_in_their_language(environ, said):
    caller = Caller(ThreadLimit(Site(), 1, ()))
    _first = caller.ask()
    assert said in b"".join(caller.ask("/admin/", **environ)).decode()


@pytest.mark.slow
def test_with_every_other_thread_held_drone_is_answered_and_others_hear_503_at_once(tmp_path: Path):
    with running(tmp_path, EDRONE_WORKERS="1", EDRONE_THREADS="3") as server, ExitStack() as held:

        def is_busy() -> bool:  # with one more held each time: the question itself may take the place of one that comes late
            held.enter_context(closing(slow_login(server)))
            return login_page(server).status_code == 503

        wait_until(is_busy)
        refused = login_page(server)
        assert refused.status_code == 503
        assert refused.headers["Retry-After"] == "1"
        assert "edrone is busy" in refused.text
        assert "busy" in requests.get(f"{server.url}/api/user", timeout=PATIENCE).json()["message"]
        chinese = requests.get(f"{server.url}/admin/", headers={"Accept-Language": "zh-CN"}, timeout=PATIENCE)
        assert "edrone 正忙" in chinese.text
        assert chinese.headers["Content-Type"] == "text/html; charset=utf-8"
        for _ in range(20):
            assert exchange(server, head(server, BODY) + BODY)[0] == 200
        assert requests.get(f"{server.url}/healthz", timeout=PATIENCE).ok
        held.close()
        wait_until(lambda: login_page(server).ok)


@pytest.mark.slow
def test_readers_that_go_away_in_the_middle_leave_no_place_taken(tmp_path: Path):
    with running(tmp_path, EDRONE_WORKERS="1", EDRONE_THREADS="3") as server:
        address = urlsplit(server.url)
        for _ in range(20):
            with closing(connect(server)) as connection:
                connection.sendall(f"GET /static/admin/css/base.css HTTP/1.1\r\nHost: {address.netloc}\r\n\r\n".encode())
        wait_until(lambda: login_page(server).ok)
        for _ in range(3):
            assert requests.get(f"{server.url}/static/admin/css/base.css", timeout=PATIENCE).ok


@pytest.mark.slow
def test_senders_without_a_signature_hold_no_thread_of_the_configuration_endpoint(tmp_path: Path):
    with running(tmp_path, EDRONE_WORKERS="1", EDRONE_THREADS="3") as server, ExitStack() as held:
        for _ in range(12):
            connection = held.enter_context(closing(connect(server)))
            connection.sendall(b"POST /edrone HTTP/1.1\r\nHost: edrone\r\nContent-Length: 100000\r\n\r\n{")
        time.sleep(0.5)
        for _ in range(5):
            assert exchange(server, head(server, BODY) + BODY)[0] == 200
        assert requests.get(f"{server.url}/healthz", timeout=PATIENCE).ok


@pytest.mark.slow
def test_headers_that_were_signed_long_ago_hold_no_thread_of_the_configuration_endpoint(tmp_path: Path):
    """Somebody on the network may have seen them."""
    with running(tmp_path, EDRONE_WORKERS="1", EDRONE_THREADS="3") as server, ExitStack() as held:
        with time_machine.travel(datetime.now(UTC) - timedelta(hours=1)):
            seen = head(server, BODY)
        for _ in range(12):
            held.enter_context(closing(connect(server))).sendall(seen + BODY[:-1])
        time.sleep(0.5)
        for _ in range(5):
            assert exchange(server, head(server, BODY) + BODY)[0] == 200


def event_for(path: str = "/edrone/events") -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: edrone", f"Content-Length: {len(test_events.BODY)}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in test_events.signed(test_events.BODY).items()]
    return "\r\n".join([*lines, "", ""]).encode() + test_events.BODY


def events_are_refused(server: Server, held: ExitStack) -> bool:
    """Tell whether an event is refused, with one more held each time, as one that comes late is refused."""
    held.enter_context(closing(connect(server))).sendall(event_for()[:-1])
    return exchange(server, event_for())[0] == 503


@pytest.mark.slow
def test_pages_and_events_together_hold_no_thread_of_the_configuration_endpoint(tmp_path: Path):
    secrets = {"EDRONE_EVENTS_SECRET": test_events.SECRET}
    with running(tmp_path, EDRONE_WORKERS="1", EDRONE_THREADS="3", **secrets) as server, ExitStack() as held:

        def is_busy() -> bool:
            held.enter_context(closing(slow_login(server)))
            return login_page(server).status_code == 503

        wait_until(lambda: events_are_refused(server, held))
        wait_until(is_busy)
        for _ in range(5):
            assert exchange(server, head(server, BODY) + BODY)[0] == 200
        assert exchange(server, event_for("/edrone/events/"))[0] == 503
        held.close()
        wait_until(lambda: exchange(server, event_for())[0] == 204)


@pytest.mark.slow
def test_receivers_of_events_hold_no_thread_of_the_configuration_endpoint(tmp_path: Path):
    """Drone gives each of them the secret of events."""
    with (
        running(tmp_path, EDRONE_WORKERS="1", EDRONE_THREADS="3", EDRONE_EVENTS_SECRET=test_events.SECRET) as server,
        ExitStack() as held,
    ):
        assert exchange(server, event_for())[0] == 204
        wait_until(lambda: events_are_refused(server, held))
        for _ in range(5):
            assert exchange(server, head(server, BODY) + BODY)[0] == 200
        held.close()
        wait_until(lambda: exchange(server, event_for())[0] == 204)
