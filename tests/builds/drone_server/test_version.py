"""What edrone learns of its Drone server in the background."""

from collections.abc import Iterator

import pytest

from builds.drone_server import version
from builds.drone_server.client import client_of
from configs.endpoint.drone_server import known
from demo.standin.drone import TOKEN
from drone_api.errors import DroneError
from tests.builds.conftest import Standin

WARNING = "EDRONE_MANUAL_BUILDS_BY does not name ismewen, the login of DRONE_TOKEN"


@pytest.fixture(autouse=True)
def stranger() -> Iterator[None]:
    yield
    known.shows_stage_errors, known.login = False, ""


def ask(standin: Standin, token: str = TOKEN) -> None:
    version.ask(client_of(standin.server.url, token, ""))


@pytest.mark.parametrize(
    ("version", "shows"),
    [
        ("2.28.1", True),
        ("v2.28.1", True),
        ("2.29.0", True),
        ("3.0.0", True),
        ("2.28.0", False),
        ("2.27.9", False),
        ("1.10.1", False),
        ("latest", False),
        ("2.28", False),
    ],
)
def test_whether_it_shows_the_words_of_a_stages_error_is_known_by_its_version(standin, version, shows):
    standin.drone.version = version
    ask(standin)
    assert known.shows_stage_errors is shows


def test_an_upgrade_is_seen_and_a_moment_without_an_answer_changes_nothing(standin):
    standin.drone.version = "2.28.0"
    ask(standin)
    standin.drone.version = "2.28.1"
    ask(standin)
    standin.drone.version = ""
    with pytest.raises(DroneError):
        ask(standin)
    assert known.shows_stage_errors


def test_a_server_without_a_token_is_asked_for_its_version_only(standin, settings):
    settings.DRONE_TOKEN, settings.EDRONE_MANUAL_BUILDS_BY = "", frozenset({"robot"})
    ask(standin, token="")
    assert known.shows_stage_errors
    assert [request.path for request in standin.server.requests] == ["/version"]


def test_a_login_that_may_start_nothing_is_warned_of_once(standin, settings, caplog):
    settings.EDRONE_MANUAL_BUILDS_BY = frozenset({"robot"})
    ask(standin)
    ask(standin)
    assert caplog.text.count(WARNING) == 1
    assert TOKEN not in caplog.text


@pytest.mark.parametrize("logins", [{"ismewen", "ann"}, set()])
def test_a_login_that_may_is_not(standin, settings, caplog, logins):
    settings.EDRONE_MANUAL_BUILDS_BY = frozenset(logins)
    ask(standin)
    assert "EDRONE_MANUAL_BUILDS_BY" not in caplog.text


def test_the_login_is_learned_where_there_is_a_token(standin, settings, caplog):
    token, settings.DRONE_TOKEN = settings.DRONE_TOKEN, ""
    ask(standin)
    assert known.login == ""
    settings.DRONE_TOKEN = token
    ask(standin)
    assert known.login == "ismewen"
    assert "EDRONE_MANUAL_BUILDS_BY" not in caplog.text
