"""`manage.py askconfig` against a real server, straight and through proxies that spoil something."""

import http.server
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from configs.client import diagnosis, drone_request
from tests.server import ROOT, manage, running

Spoil = Callable[["Proxy"], None]


class Proxy(http.server.BaseHTTPRequestHandler):
    """Hands requests on to edrone; `spoil` does to them what some proxies do."""

    protocol_version = "HTTP/1.1"
    target: str
    spoil: Spoil

    def do_POST(self) -> None:
        self.content = self.rfile.read(int(self.headers["Content-Length"]))
        type(self).spoil(self)
        if self.close_connection:
            return
        sent = {
            name: value for name, value in self.headers.items() if name.lower() not in {"host", "connection", "content-length"}
        }
        answer = requests.post(self.target, data=self.content, headers=sent, timeout=10)
        self.reply(answer.status_code, answer.content, {"Content-Type": answer.headers["Content-Type"]})

    def reply(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        self.send_response_only(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)
        self.close_connection = True

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def proxy(target: str, spoil: Spoil) -> Iterator[str]:
    handler = type("Spoiling", (Proxy,), {"target": target, "spoil": staticmethod(spoil)})
    listening = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=listening.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.server_port}/edrone"
    finally:
        listening.shutdown()
        listening.server_close()
        thread.join()


def changing(name: str, value: str) -> Spoil:
    def spoil(request: Proxy) -> None:
        if name in request.headers:
            request.headers.replace_header(name, value)

    return spoil


def replying(status: int, content: bytes = b"", **headers: str) -> Spoil:
    return lambda request: request.reply(status, content, headers)


def test_it_prints_the_yaml_that_drone_would_get(server):
    done = server.manage("askconfig", "ismewen/edrone", "master")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.encode() == (ROOT / "tests" / "sample" / "edrone" / "master.yaml").read_bytes()


def test_it_asks_for_tags_and_events(server):
    assert (
        server.manage("askconfig", "ismewen/edrone", "--tag", "v1").stdout
        == (ROOT / "tests" / "sample" / "edrone" / "default.yaml").read_text()
    )
    assert server.manage("askconfig", "a/b", "x", "--event", "custom").stdout == (ROOT / "projects" / "default.yaml").read_text()


def test_it_hands_over_the_inputs_of_an_operation(server):
    build = ("askconfig", "ismewen/edrone", "master", "--operation", "deploy")
    assert server.manage(*build, "--input", "TARGET=staging").stdout.startswith("kind: pipeline\n")
    assert "TARGET must be one of" in server.manage(*build, "--input", "TARGET=moon").stderr
    assert "TARGET is required" in server.manage(*build).stderr
    assert "write NAME=VALUE" in server.manage(*build, "--input", "TARGET").stderr
    assert "name it with --operation" in server.manage("askconfig", "ismewen/edrone", "master", "--input", "A=1").stderr


def test_it_takes_another_address(server):
    done = server.manage("askconfig", "ismewen/edrone", "--url", f"{server.url}/edrone/", PORT="1")
    assert done.stdout.startswith("kind: pipeline\n")


@pytest.mark.parametrize("path", ["", "/", "/edron"])
def test_it_names_a_wrong_path(server, path):
    done = server.manage("askconfig", "ismewen/edrone", "--url", f"{server.url}{path}")
    assert done.returncode == 1
    assert "answered 404: Not found." in done.stderr
    assert "Likely cause: the path is wrong: it is /edrone." in done.stderr
    assert "<" not in done.stderr


@pytest.mark.parametrize("command", [("askconfig", "ismewen/edrone"), ("askaddresses",)], ids=lambda command: command[0])
@pytest.mark.parametrize(
    "url", ["127.0.0.1:8063/edrone", "edrone:8000", "edrone/edrone", "ftp://127.0.0.1/", "http://", "http://["]
)
def test_an_address_that_is_not_whole_is_one_sentence(server, command, url):
    done = server.manage(*command, "--url", url)
    assert (done.returncode, done.stderr) == (
        1,
        f"CommandError: --url {url}: write the whole address, with http:// or https:// at its beginning.\n",
    )


def test_it_names_a_wrong_secret(server):
    done = server.manage("askconfig", "ismewen/edrone", DRONE_YAML_SECRET="wrong")
    assert done.returncode == 1
    assert "answered 401" in done.stderr
    assert "Likely cause: another secret" in done.stderr
    assert "wrong" not in done.stderr.replace("a wrong", "")


def test_it_needs_a_secret(server):
    done = server.manage("askconfig", "ismewen/edrone", DRONE_YAML_SECRET="")
    assert (done.returncode, done.stderr) == (
        1,
        "CommandError: DRONE_YAML_SECRET is not set: set it to the secret that the Drone server uses.\n",
    )


@pytest.mark.parametrize(
    ("name", "value"), [("accept-encoding", "gzip"), ("content-type", "application/json; charset=utf-8"), ("accept", "*/*")]
)
def test_it_names_the_header_that_a_proxy_changes(server, name, value):
    with proxy(f"{server.url}/edrone", changing(name, value)) as url:
        done = server.manage("askconfig", "ismewen/edrone", "master", "--url", url)
    assert done.returncode == 1
    assert f"Likely cause: a proxy between here and edrone changes the header {name}, which Drone signs" in done.stderr


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (replying(301, Location="https://edrone.example.com/edrone/"), "redirects (301) to https://edrone.example.com/edrone/"),
        (replying(308, Location="/edrone/"), "Drone never follows redirects"),
        (replying(502, b"<html>Bad Gateway</html>"), "a proxy cannot reach edrone"),
        (replying(413, b"too large"), "a proxy refuses bodies of this size"),
        (
            replying(403, b"<html>Forbidden</html>", **{"Content-Type": "text/html"}),
            "answered 403 with a web page.\nLikely cause:",
        ),
        (replying(418, b"teapot"), "see edrone's log"),
        (replying(200, b"<html>Welcome to nginx</html>"), "something else than edrone answers"),
        (replying(200, b'{"other": 1}'), "something else than edrone answers"),
        (replying(200, b"[]"), "something else than edrone answers"),
        (replying(200, b'{"data": null}'), "something else than edrone answers"),
        (replying(200, b'{"data": [{"id": 1}]}'), "something else than edrone answers"),
        (replying(200, b""), "something else than edrone answers"),
        (replying(401, b"login", Date="Fri, 02 Jan 2026 03:04:05 GMT"), "behind the one here"),
        (replying(401, b"login", Date="nonsense"), "another secret"),
        (lambda request: setattr(request, "close_connection", True), "Nothing answers"),
    ],
    ids=range(15),
)
def test_it_guesses_the_cause_of_other_answers(server, spoil, words):
    with proxy(f"{server.url}/edrone", spoil) as url:
        done = server.manage("askconfig", "ismewen/edrone", "master", "--url", url)
    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_it_names_compressed_answers(server):
    with proxy(server.url, replying(200, b"\x1f\x8b", **{"Content-Encoding": "br"})) as url:
        assert "Drone does not decompress" in server.manage("askconfig", "a/b", "--url", url).stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9/edrone", "ftp://127.0.0.1/", "127.0.0.1:8000", "http://", "https://127.0.0.1:1/"]
)
def test_it_says_so_where_nothing_can_be_asked(url):
    done = manage("askconfig", "ismewen/edrone", "--url", url, DRONE_YAML_SECRET="x")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert url in done.stderr


@pytest.mark.slow
def test_it_shows_the_error_that_people_would_see_in_drone(tmp_path, server):
    with running(tmp_path, EDRONE_PROJECTS=str(tmp_path / "gone")) as other:
        done = other.manage("askconfig", "ismewen/edrone", "master")
    assert (done.returncode, done.stdout) == (1, "")
    assert "edrone: The tree " in done.stderr


@pytest.mark.slow
def test_it_names_clocks_that_differ(tmp_path):
    content = drone_request.body(drone_request.request_for("ismewen/edrone", "master", "", ""), created=0)
    later = datetime.now(UTC) + timedelta(minutes=10)
    with running(tmp_path, EDRONE_SHOW_ERRORS="http") as other, pytest.raises(diagnosis.AskError) as refused:
        diagnosis.ask(f"{other.url}/edrone", content, other.environment["DRONE_YAML_SECRET"], later)
    assert re.search(r"Likely cause: clocks: edrone's is \d+ seconds behind the one here\.", str(refused.value))


@pytest.mark.slow
def test_it_says_when_drone_reads_the_repositorys_own_file(tmp_path):
    (tmp_path / "default.yaml").write_text("kind: repository\n")
    with running(tmp_path, EDRONE_PROJECTS=str(tmp_path)) as other:
        done = other.manage("askconfig", "ismewen/edrone", "master")
    assert (done.returncode, done.stdout) == (0, "")
    assert "own file" in done.stderr
