"""`manage.py askaddresses` against a real edrone, and against servers that are none."""

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from builds.extensions.urls import urlpatterns as extensions
from configs.client.addresses import EXTENSIONS, check_addresses
from configs.endpoint.urls import urlpatterns as endpoint
from tests.conftest import SECRET
from tests.server import Server, manage, running

HEALTHY = [
    "for DRONE_YAML_ENDPOINT", "for DRONE_CONVERT_PLUGIN_ENDPOINT", "for DRONE_VALIDATE_PLUGIN_ENDPOINT",
    "for DRONE_WEBHOOK_ENDPOINT",
]  # fmt: skip


@pytest.fixture(scope="module", params=["", "a-secret-of-events-only"], ids=["without-events", "with-events"])
def edrone(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    environment = {"DRONE_YAML_SECRET": SECRET} | ({"EDRONE_EVENTS_SECRET": request.param} if request.param else {})
    with running(tmp_path_factory.mktemp("edrone"), **environment) as server:
        yield server


@contextmanager
def answering(status: int, text: str) -> Iterator[str]:
    """Start a server that gives every request one answer."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.send_header("Location", "/elsewhere")
            self.end_headers()
            self.wfile.write(text.encode())

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None: ...

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.slow
def test_every_address_of_edrone_says_what_it_is_for(edrone: Server):
    found = list(check_addresses(edrone.url))
    assert all(each.is_right for each in found), found
    assert [each.words for each in found[:4]] == HEALTHY
    events = "takes signed events" if "EDRONE_EVENTS_SECRET" in edrone.environment else "switched off"
    assert found[4].words.startswith(events)
    assert [each.words for each in found[5:]] == ["runs", "ready"]


@pytest.mark.slow
def test_the_command_needs_no_secret_and_says_each_answer(edrone: Server):
    done = manage("askaddresses", "--url", f"{edrone.url}/")
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["ok"] * 7


@pytest.mark.slow
def test_a_tree_that_is_not_there_is_found(tmp_path: Path):
    """The projects folder is missing: edrone answers, but not with YAML."""
    with running(tmp_path, DRONE_YAML_SECRET=SECRET, EDRONE_PROJECTS=str(tmp_path / "nowhere")) as server:
        assert [each.url for each in check_addresses(server.url) if not each.is_right] == [f"{server.url}/readyz"]


@pytest.mark.parametrize(
    ("status", "text"),
    [(200, "OK"), (200, "<h1>welcome to nginx</h1>"), (301, ""), (404, "not found"), (405, "not allowed"), (401, ""), (503, "")],
)
def test_another_server_is_not_taken_for_edrone(status: int, text: str):
    with answering(status, text) as url:
        assert not [each for each in check_addresses(url) if each.is_right]


def test_where_nothing_answers_the_command_fails_with_a_sentence():
    done = manage("askaddresses", "--url", "http://127.0.0.1:1")
    assert done.returncode == 1
    assert done.stderr == "CommandError: 7 of 7 answers are not those of a healthy edrone.\n"
    assert done.stdout.count("no answer: nothing listens there, or it cannot be reached\n") == 7


def test_it_asks_every_address_that_edrone_has_for_a_drone_server():
    addresses = {f"/{found.pattern}".rstrip("/") for found in [*endpoint, *extensions]}
    assert addresses == set(EXTENSIONS)
