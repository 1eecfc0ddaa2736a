"""What `checkdrone` says of Drone's API, and the start in its log."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from demo.standin.drone import TOKEN
from tests import drones
from tests.builds.checkdrone import checkdrone
from tests.builds.conftest import Standin
from tests.server import free_port, running, wait_until

BAD = "planted-bad-token"


def test_a_token_of_an_administrator_is_named_with_the_version(standin: Standin):
    status, printed = checkdrone()
    assert status == 0
    assert f"fine: Drone's API answers at {standin.server.url}, as version 2.28.1." in printed
    assert "fine: DRONE_TOKEN is the token of ismewen, an administrator of Drone." in printed
    assert TOKEN not in printed
    assert all(request.method == "GET" for request in standin.server.requests)


def test_a_token_that_drone_does_not_accept_is_an_error(standin, settings):
    settings.DRONE_TOKEN = BAD
    status, printed = checkdrone()
    assert status == 1
    assert "edrone can read it." in printed
    assert "error: DRONE_TOKEN is not accepted: set it to the token of a Drone administrator." in printed
    assert BAD not in printed


def test_a_token_of_somebody_else_is_an_error(standin):
    standin.drone.database.rows("UPDATE users SET user_admin = 0")
    status, printed = checkdrone()
    assert (status, "error: DRONE_TOKEN is the token of ismewen, who is no administrator of Drone." in printed) == (1, True)


@pytest.mark.parametrize(
    ("server", "token", "sentence"),
    [
        ("", "x", "error: DRONE_SERVER is not set"),
        (None, "", "error: DRONE_TOKEN is not set"),
        ("http://127.0.0.1:1", "x", "error: Drone cannot be reached at http://127.0.0.1:1"),
    ],
)
def test_what_is_missing_is_named(standin, settings, server, token, sentence):
    settings.DRONE_SERVER, settings.DRONE_TOKEN = standin.server.url if server is None else server, token
    status, printed = checkdrone()
    assert (status, sentence in printed) == (1, True)


def test_nothing_is_said_of_an_api_that_nobody_connected(standin, settings):
    settings.DRONE_SERVER = settings.DRONE_TOKEN = ""
    status, printed = checkdrone()
    assert (status, "API" in printed, standin.server.requests) == (0, False, [])


def test_the_api_is_tried_also_where_the_database_is_away(standin, tmp_path):
    out = StringIO()
    with drones.connected(drones.sqlite_database(tmp_path / "gone")), pytest.raises(CommandError, match="does not answer"):
        call_command("checkdrone", stdout=out)
    assert "an administrator of Drone." in out.getvalue()


def test_edrone_itself_is_not_taken_for_drone(live_server, standin, settings):
    settings.DRONE_SERVER = live_server.url
    status, printed = checkdrone()
    assert (status, f"error: {live_server.url} is edrone, not Drone. Set DRONE_SERVER to" in printed) == (1, True)


@pytest.mark.slow
def test_the_start_warns_of_a_token_that_is_not_accepted(standin, tmp_path):
    settings = {"DRONE_SERVER": standin.server.url, "DRONE_TOKEN": BAD, "EDRONE_WORKERS": "1"}
    with running(tmp_path, **settings) as server:
        sentence = "edrone cannot use Drone's API: DRONE_TOKEN is not accepted"
        wait_until(lambda: sentence in server.printed())
        assert BAD not in server.printed()


@pytest.mark.slow
def test_the_start_warns_of_a_drone_that_is_edrone_itself(tmp_path):
    port = free_port()
    settings = {"DRONE_SERVER": f"http://127.0.0.1:{port}", "DRONE_TOKEN": "x", "EDRONE_WORKERS": "1", "PORT": str(port)}
    with running(tmp_path, **settings) as server:
        wait_until(lambda: f"edrone cannot use Drone's API: http://127.0.0.1:{port} is edrone, not Drone." in server.printed())
