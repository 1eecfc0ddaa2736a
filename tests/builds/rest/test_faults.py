"""A database that is gone, or a failure of edrone itself: an honest answer that tells nothing inside."""

from typing import Any

import pytest
from django.db import DatabaseError, connections

from builds.access.models import Level
from tests import drones
from tests.builds.api import Api, body
from tests.builds.conftest import EVERYWHERE, REPO, person

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", [path for path in EVERYWHERE if not path.startswith("/api/user?")])
def test_a_database_that_is_not_connected_is_an_honest_503(api, path):
    with drones.connected(None):
        answer = api.get(path)
        if path.startswith(REPO):  # the answer does not tell who may see the repository
            outsider = Api(person("outsider", Level.VIEW, "elsewhere/*")).get(path)
            assert (outsider.status_code, outsider.content) == (503, answer.content)
    assert answer.status_code == 503
    assert "DRONE_DATABASE_URL" in body(answer)["message"]


@pytest.mark.parametrize("path", EVERYWHERE)
def test_a_database_that_is_gone_is_an_honest_503(api, tmp_path, path):
    with drones.connected(drones.sqlite_database(tmp_path / "gone.sqlite")):
        answer = api.get(path)
    assert answer.status_code == 503
    assert "Drone's database" in body(answer)["message"]
    assert str(tmp_path) not in answer.content.decode()


def test_a_database_that_goes_away_in_the_middle_of_a_request(change, api):
    if connections["drone"].vendor == "postgresql":
        change("ALTER TABLE steps RENAME TO steps_gone")
    else:
        change("DROP TABLE steps")
    answer = api.get(f"{REPO}/builds/1")
    assert answer.status_code == 503
    assert list(body(answer)) == ["message"]
    assert api.get("/api/user").status_code == 200
    assert api.get(f"{REPO}/builds").status_code == 200


def test_edrones_own_database_gone_is_an_honest_503(api, monkeypatch):
    def gone(*_: Any, **__: Any) -> None:
        raise DatabaseError("connection to server at 10.1.2.3 as user edrone failed")

    monkeypatch.setattr("builds.access.authentication.digest_of", gone)
    answer = api.get("/api/user")
    assert answer.status_code == 503
    assert "DATABASE_URL" in body(answer)["message"]
    assert b"10.1.2.3" not in answer.content


def test_what_nobody_foresaw_is_500_in_drones_form(api, monkeypatch, caplog):
    def broken(_: Any) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("builds.browsing.user_api.user_shape", broken)
    answer = api.get("/api/user")
    assert answer.status_code == 500
    assert body(answer) == {"message": "edrone failed at this request; its log says why."}
    assert "secret detail" in caplog.text


def test_an_answer_that_cannot_be_written_is_500_in_drones_form_too(api, monkeypatch, caplog):
    monkeypatch.setattr("builds.browsing.user_api.user_shape", lambda _: {"login": "\ud800"})
    answer = api.get("/api/user")
    assert answer.status_code == 500
    assert answer.headers["Content-Type"] == "application/json"
    assert body(answer) == {"message": "edrone failed at this request; its log says why."}
    assert "cannot be written" in caplog.text
