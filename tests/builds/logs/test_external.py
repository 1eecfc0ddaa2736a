"""Logs that Drone keeps in S3 or Azure are asked of Drone's API."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from builds.access.models import Level
from builds.drone_db.models import Build, Step
from builds.drone_server import client as drone_client
from builds.logs import live_log, stored_log
from demo.standin.http import Handler, LocalServer, Request, Response, serving
from tests import drones
from tests.builds.api import Api, body
from tests.builds.conftest import person
from tests.server import wait_until

pytestmark = pytest.mark.django_db
LOG = "/api/repos/ismewen/edrone/builds/1/logs/1/1"
LINES = b'[{"pos":0,"out":"from S3\\n","time":0}]\n'
TOKEN = "planted-drone-token"


@pytest.fixture
def without_logs(db: None, tmp_path: Path) -> Iterator[None]:
    copy = tmp_path / "drone.sqlite"
    copy.write_bytes((drones.RECORDED / "drone-2.28.2.sqlite").read_bytes())
    with closing(sqlite3.connect(copy)) as connection, connection:
        connection.execute("DELETE FROM logs")
    with drones.connected(drones.sqlite_database(copy)):
        yield


@pytest.fixture
def drone(without_logs: None, settings: Any) -> Iterator[Callable[[Response], LocalServer]]:
    """Run a Drone that answers as the test says."""
    answers: list[Response] = []
    with serving(lambda _: answers[-1]) as server:
        settings.DRONE_SERVER, settings.DRONE_TOKEN = server.url, TOKEN

        def answering(answer: Response) -> LocalServer:
            answers.append(answer)
            return server

        yield answering


def asked(server: LocalServer) -> list[tuple[str, str]]:
    return [(request.path, request.headers["authorization"]) for request in server.requests]


def test_drone_is_asked_with_its_token_and_its_answer_comes_as_it_is(drone):
    server = drone(Response(200, LINES))
    answer = Api(person("viewer", Level.VIEW, "ismewen/edrone")).get(LOG)
    assert (answer.status_code, answer.content) == (200, LINES)
    assert asked(server) == [(LOG, f"Bearer {TOKEN}")]


@pytest.mark.parametrize(
    ("stored", "given"),
    [
        (b"plain\ntext", b'[{"pos":0,"out":"plain\\n","time":0},{"pos":1,"out":"text","time":0}]'),
        (b"", b"[]"),
        (b"[1, 2]", b"[1, 2]"),
        (b"null\n", b"null\n"),
        (b"<b>", b'[{"pos":0,"out":"<b>","time":0}]'),
    ],
)
def test_whatever_is_stored_there_is_a_log(drone, stored, given):
    drone(Response(200, stored))
    answer = Api(person("viewer", Level.VIEW)).get(LOG)
    assert (answer.status_code, b"".join(answer)) == (200, given)


def test_a_log_that_drone_has_not_either_is_told_as_that(drone):
    drone(Response(404, b'{"message":"sql: no rows in result set"}'))
    answer = Api(person("viewer", Level.VIEW)).get(LOG)
    assert answer.status_code == 404
    assert body(answer)["message"].startswith("Drone has no log of this step either")


def test_drone_is_not_asked_for_who_may_not_see(drone):
    server = drone(Response(200, LINES))
    assert Api(person("outsider", Level.VIEW, "shop/*")).get(LOG).status_code == 404
    assert Api().get(LOG).status_code == 401
    assert Api(person("viewer", Level.VIEW)).get(LOG.replace("1/1", "9/9")).status_code == 404
    assert server.requests == []


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (Response(404, b'{"message":"sql: no rows in result set"}'), 404),
        (Response(401, b'{"message":"Unauthorized"}'), 502),
        (Response(500, b"oops"), 502),
        (Response(200, b"<html>"), 502),
    ],
)
def test_what_drone_refuses_is_said_in_a_sentence_without_the_token(drone, answer, status):
    drone(answer)
    given = Api(person("viewer", Level.VIEW)).get(LOG)
    assert given.status_code == status
    assert list(body(given)) == ["message"]
    assert TOKEN.encode() not in given.content


def test_without_drones_address_a_sentence_says_what_to_set(without_logs):
    given = Api(person("viewer", Level.VIEW)).get(LOG)
    assert given.status_code == 404
    assert "Set DRONE_SERVER and DRONE_TOKEN" in body(given)["message"]


def test_a_log_in_the_table_is_not_asked_for(settings, db):
    def never(_: Request) -> Response:
        raise AssertionError

    with serving(never) as server, drones.connected(drones.sqlite_database(drones.RECORDED / "drone-2.28.2.sqlite")):
        settings.DRONE_SERVER, settings.DRONE_TOKEN = server.url, TOKEN
        assert Api(person("viewer", Level.VIEW)).get(LOG).status_code == 200
        assert server.requests == []


PAGE = "/admin/builds/build/ismewen/edrone/1/-/{}/1/1/"


@pytest.fixture
def viewer(without_logs: None) -> Client:
    client = Client()
    client.force_login(person("looker", Level.VIEW, "ismewen/edrone", is_staff=True))
    return client


def test_the_page_of_such_a_log_says_that_edrone_is_busy_and_asks_again_until_it_is_not(drone, viewer):
    server = drone(Response(200, LINES))
    with ExitStack() as held:
        hold_all(held)
        page = viewer.get(PAGE.format("step")).content.decode()
        again = viewer.get(PAGE.format("log"), headers={"HX-Request": "true"}).content.decode()
        file = viewer.get(f"{PAGE.format('log')}file/")
    for busy in (page, again):
        assert "Too many requests are already waiting for Drone" in busy
        assert f'hx-get="{PAGE.format("log")}" hx-trigger="every 3s"' in busy
        assert f'href="{PAGE.format("step")}">Try again' in busy
        assert "has a log of this step" not in busy
    assert (file.status_code, file.headers["Retry-After"], asked(server)) == (503, "10", [])
    there = viewer.get(PAGE.format("log"), headers={"HX-Request": "true"}).content.decode()
    assert "from S3" in there
    assert "hx-trigger" not in there
    assert "<html" not in there
    assert viewer.get(PAGE.format("log"))["Location"] == PAGE.format("step")
    assert viewer.get(f"{PAGE.format('log')}file/").content == b"from S3\n"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Response(404, b'{"message":"sql: no rows in result set"}'), "Neither Drone"),
        (Response(401, b"{}"), "DRONE_TOKEN"),
        (Response(500, b"oops"), "500"),
    ],
)
def test_the_page_says_what_drone_said_and_does_not_ask_again(drone, viewer, answer, said):
    drone(answer)
    page = viewer.get(PAGE.format("step"))
    assert page.status_code == 200
    text = page.content.decode()
    assert said in text
    assert text.count("hx-get") == 1  # the marks in the bar
    assert TOKEN not in text


def hold_all(held: ExitStack) -> None:
    """Take every place for calls to Drone."""
    while True:
        try:
            held.enter_context(drone_client.slot())
        except drone_client.Busy:
            return


def test_it_holds_one_of_the_places_for_calls_to_drone(drone):
    server = drone(Response(200, LINES))
    api = Api(person("viewer", Level.VIEW, "ismewen/edrone"))
    with ExitStack() as held:
        hold_all(held)
        answer = api.get(LOG)
        build = Build.objects.get(repo__slug="ismewen/edrone", number=1)
        step = Step.objects.get(stage__build=build, stage__number=1, number=1)
        assert live_log.running(build, step) == ([], str(drone_client.Busy()))
        with pytest.raises(drone_client.Busy), live_log.stored_elsewhere(build, step):
            pass
    assert (answer.status_code, answer.headers["Retry-After"], asked(server)) == (503, "1", [])
    assert api.get(LOG).status_code == 200


LONG = b"[" + b",".join([b'{"pos":0,"out":"' + b"x" * 1000 + b'\\n","time":0}'] * 16_000) + b"]"  # more than sockets buffer


@pytest.fixture
def sent_whole(drone) -> list[str]:
    """Let Drone have a long log; note each time that all of it was sent."""
    sent = list[str]()

    def send(handler: Handler) -> None:
        handler.send_response_only(200)
        handler.send_header("Content-Length", str(len(LONG)))
        handler.end_headers()
        handler.close_connection = True
        with suppress(OSError):  # edrone has had enough
            handler.wfile.write(LONG)
            sent.append(handler.path)

    drone(send)
    return sent


def test_a_long_log_is_not_fetched_while_another_one_is_held(sent_whole, viewer, monkeypatch):
    monkeypatch.setattr(stored_log, "SECONDS", 0.01)
    api = Api(person("viewer", Level.VIEW))
    with stored_log.place(stored_log.SHORT + 1):
        answer = api.get(LOG)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
        assert "edrone is reading other long logs." in viewer.get(PAGE.format("step")).content.decode()
    assert sent_whole == []
    assert api.get(LOG).content == LONG
    assert "x" * 100 in viewer.get(PAGE.format("step")).content.decode()
    wait_until(lambda: sent_whole == [LOG, LOG])


def test_a_log_that_is_too_long_is_refused_there_too(sent_whole, monkeypatch):
    monkeypatch.setattr(stored_log, "LARGEST", len(LONG) - 1)
    answer = Api(person("viewer", Level.VIEW)).get(LOG)
    assert answer.status_code == 502
    assert body(answer)["message"].startswith(f"This log has {len(LONG)} bytes. edrone reads logs of up to {len(LONG) - 1} bytes")
