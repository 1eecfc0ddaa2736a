"""The API answers as Drone's did: every recorded answer, on the databases that Drone left."""

import json
from typing import Any

import pytest

from tests import drones
from tests.builds.api import Api, body
from tests.builds.conftest import person
from tests.server import ROOT

pytestmark = pytest.mark.django_db
KINDS = ("sqlite", "postgres")


def recorded(kind: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((ROOT / "tests" / "recorded" / f"api-reads.{kind}.json").read_text())
    return found


WRONG_TOKEN = {  # the places of what Drone was asked with a wrong token: it took the asker for a guest
    kind: [place for place, answer in enumerate(recorded(kind)) if place > 71 and answer["authenticated"]] for kind in KINDS
}


@pytest.fixture(params=KINDS)
def kind(request, db):
    if request.param == "sqlite":
        database = drones.sqlite_database(drones.RECORDED / "drone-2.28.2.sqlite")
    else:
        database = drones.recorded_postgres(request.getfixturevalue("postgres"), "2.28.2")
    with drones.connected(database):
        yield request.param


def test_every_recorded_answer_is_given(kind):
    admin, wrong, guest = Api(person("ismewen", is_superuser=True)), Api(token="wrong"), Api()
    asked = 0
    for place, answer in enumerate(recorded(kind)):
        asker = (wrong if place in WRONG_TOKEN[kind] else admin) if answer["authenticated"] else guest
        given = asker.get(answer["path"])
        where = f"{place} {answer['path']}"
        assert given.headers["Content-Type"] == "application/json", where
        if asker is not admin:  # design: guests get 401
            assert given.status_code == 401, where
            assert body(given)["message"].startswith("Unauthorized"), where
        elif answer["status"] >= 400:  # messages say more
            assert given.status_code == answer["status"], where
            assert list(body(given)) == ["message"], where
        elif answer["path"] == "/api/user":  # edrone's users are its own
            mine, theirs = body(given), json.loads(answer["body"])
            assert list(mine) == list(theirs)
            assert [type(value) for value in mine.values()] == [type(value) for value in theirs.values()]
            assert all(mine[key] == theirs[key] for key in ("login", "email", "machine", "admin", "active", "avatar"))
        else:
            assert given.status_code == answer["status"], where
            assert body(given) == json.loads(answer["body"]), where
        asked += 1
    assert asked == 82


NEWER = {"debug", "cron", "deploy_id", "throttle", "depends_on", "image", "detached", "schema"}  # columns that 1.0.0 has not


def without_newer(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_newer(one) for key, one in value.items() if key not in NEWER}
    return [without_newer(one) for one in value] if isinstance(value, list) else value


def test_older_drones_databases_give_the_same_answers_but_for_what_they_lack(recorded_drone):
    admin, asked = Api(person("ismewen", is_superuser=True)), 0
    kind = recorded_drone.rpartition(".")[2]
    for answer in recorded(kind):
        if not answer["authenticated"] or answer["status"] != 200 or answer["path"] == "/api/user":
            continue
        given = admin.get(answer["path"])
        assert given.status_code == 200, answer["path"]
        theirs: Any = json.loads(answer["body"])
        ours: Any
        if answer["path"] == "/api/repos":
            theirs, ours = sorted(theirs, key=str), sorted(body(given), key=str)
        else:
            ours = body(given)
        if answer["path"] == "/api/repos/ismewen/edrone" and "permissions" not in theirs:
            ours.pop("permissions")  # Drone was asked with a wrong token
        assert without_newer(ours) == without_newer(theirs), answer["path"]
        asked += 1
    assert asked > 40
