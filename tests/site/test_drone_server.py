"""What a running edrone learns of its Drone server, and that it waits for none."""

import socket
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests

from configs.client import drone_request
from demo.standin.drone import TOKEN, standing_in
from demo.standin.yaml_source import YamlSource
from tests import drones
from tests.conftest import push
from tests.server import PATIENCE, Server, running, wait_until


def ask(server: Server, number: int) -> requests.Response:
    content = drone_request.body(push(number=number), created=0)
    headers = drone_request.signed_headers(content, server.environment["DRONE_YAML_SECRET"], datetime.now(UTC))
    return requests.post(f"{server.url}/edrone", content, headers=headers, timeout=PATIENCE)


@pytest.mark.slow
def test_the_login_of_drone_token_is_looked_at_and_errors_of_stages_are_shown(tmp_path: Path):
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "default.yaml").touch()
    with standing_in(drones.recorded_sqlite(tmp_path / "drone.sqlite"), YamlSource("http://127.0.0.1:1/edrone", "secret")) as (
        drone,
        _,
    ):
        settings = {"DRONE_SERVER": drone.url, "DRONE_TOKEN": TOKEN, "EDRONE_MANUAL_BUILDS_BY": "robot", "EDRONE_WORKERS": "1"}
        with running(tmp_path, EDRONE_PROJECTS=str(tree), **settings) as server:
            wait_until(lambda: "EDRONE_MANUAL_BUILDS_BY does not name ismewen, the login of DRONE_TOKEN" in server.printed())
            answer = ask(server, 7)
            assert (answer.status_code, "edrone: projects/default.yaml: is empty." in answer.text) == (422, True)
            assert "edrone-error" in ask(server, 0).json()["Data"]
            assert TOKEN not in server.printed()


@pytest.mark.slow
def test_a_drone_server_that_says_nothing_holds_up_neither_the_start_nor_an_answer(tmp_path: Path):
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "default.yaml").touch()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings = {
            "DRONE_SERVER": f"http://127.0.0.1:{silent.getsockname()[1]}",
            "DRONE_TOKEN": "x",
            "EDRONE_MANUAL_BUILDS_BY": "a",
        }
        with running(tmp_path, EDRONE_PROJECTS=str(tree), **settings) as server:
            for number in (0, 7):  # as with a Drone of an unknown version
                assert "edrone-error" in ask(server, number).json()["Data"]


@pytest.mark.slow
def test_a_drone_server_that_starts_after_edrone_is_known_within_seconds(tmp_path: Path):
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "default.yaml").write_text("kind: repository\n")
    answered, asked_again = threading.Event(), 0.0
    with socket.create_server(("127.0.0.1", 0)) as down:

        def hang_up_twice() -> None:
            nonlocal asked_again
            for _ in range(2):
                down.accept()[0].close()
                before, asked_again = asked_again, time.monotonic()
            asked_again -= before
            answered.set()

        threading.Thread(target=hang_up_twice, daemon=True).start()
        settings = {"DRONE_SERVER": f"http://127.0.0.1:{down.getsockname()[1]}", "DRONE_TOKEN": "x", "EDRONE_WORKERS": "1"}
        with running(tmp_path, EDRONE_PROJECTS=str(tree), **settings):
            assert answered.wait(PATIENCE)
    assert asked_again < 30  # seconds; a minute once it has answered
