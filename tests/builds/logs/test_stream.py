"""The lines of a running step, from a real HTTP server that streams as Drone does (docs/drone.md 4.4)."""

import json
import time
from typing import Any

import pytest

from builds.logs import stream
from builds.logs.log_lines import Line
from demo.standin.http import Handler, Request, Response, serving
from drone_api.client import Client, RepoName
from drone_api.errors import DroneError
from drone_api.transport import Transport

REPO = RepoName("ismewen", "edrone")


def event(pos: int, out: str) -> bytes:
    return b"data: " + json.dumps({"pos": pos, "out": out, "time": pos}).encode() + b"\n\n"


def streaming(*parts: bytes, open_for: float = 3.0) -> Any:
    """Send the parts, and keep the stream open as Drone does."""

    def answer(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.end_headers()
        for part in parts:
            handler.wfile.write(part)
        handler.wfile.flush()
        time.sleep(open_for)
        handler.close_connection = True

    return lambda _: answer


def ask(answers: Any) -> tuple[list[Line], list[Request]]:
    with serving(answers) as server:
        client = Client(Transport(server.url, "token"))
        return stream.lines_so_far(client, REPO, 7, 1, 2), server.requests


def test_the_lines_so_far_are_given_while_the_stream_stays_open():
    started = time.monotonic()
    found, (request,) = ask(streaming(b": ping\n\n", event(0, "one\n"), event(1, "\u001b[31mtwo\n")))
    assert found == [Line(0, "one\n", 0), Line(1, "\u001b[31mtwo\n", 1)]
    assert request.path == "/api/stream/ismewen/edrone/7/1/2"
    assert time.monotonic() - started < 10


def test_a_stream_that_ends_gives_what_it_had():
    found, _ = ask(streaming(event(0, "all\n"), b"event: error\ndata: eof\n\n", open_for=0))
    assert found == [Line(0, "all\n", 0)]


@pytest.mark.parametrize(
    "body", [b"", b"data: {}\n\n", b"data: [1]\n\ndata: x\n\n", b"\xff\xfe\n\n", b'data: {"pos": 1', b"data: null\n\n"]
)
def test_what_is_no_line_is_left_out(body):
    assert stream.read(body) == []


def test_odd_values_do_no_harm():
    assert stream.read(b'data: {"pos": "x", "out": 5, "time": null}\n\n') == [Line(0, "5", 0)]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Response(404, b'{"message": "Not Found"}'), "«Not Found»"),
        (Response(401, b'{"message": "Unauthorized"}'), "DRONE_TOKEN is not accepted"),
        (Response(502, b"<html>"), "A proxy in front of Drone got no answer"),
    ],
)
def test_a_server_that_refuses_is_no_empty_log(answer, words):
    with pytest.raises(DroneError, match=words):
        ask(lambda _: answer)


def test_a_log_without_lines_is_empty_after_a_second():
    assert ask(streaming(b": ping\n\n"))[0] == []


def test_a_server_that_is_away_is_an_error_in_words():
    with serving(lambda _: Response(200)) as server:
        url = server.url
    with pytest.raises(DroneError, match="cannot be reached"):
        stream.lines_so_far(Client(Transport(url, "token")), REPO, 7, 1, 2)
