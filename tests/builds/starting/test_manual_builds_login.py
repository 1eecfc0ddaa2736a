"""EDRONE_MANUAL_BUILDS_BY that does not name the login of DRONE_TOKEN: said to whoever starts a build at edrone."""

import pytest

from builds.drone_db.models import Build
from configs.endpoint.drone_server import known
from tests.builds.api import body

SENTENCE = (
    "EDRONE_MANUAL_BUILDS_BY does not name ismewen, the login of DRONE_TOKEN, so edrone can start no builds by hand; "
    "nothing was done. Add it there, and restart edrone."
)

BUILDS = "/api/repos/ismewen/edrone/builds"
BY_HAND = [BUILDS, f"{BUILDS}?action=check", f"{BUILDS}/4/promote?target=production", f"{BUILDS}/4/rollback?target=production"]


@pytest.fixture(autouse=True)
def stranger(monkeypatch):
    monkeypatch.setattr(known, "login", "")


@pytest.mark.parametrize("path", BY_HAND)
def test_what_the_endpoint_would_refuse_is_refused_before_drone_is_asked(standin, api, settings, path):
    settings.EDRONE_MANUAL_BUILDS_BY = frozenset({"robot"})
    answer = api["superuser"].post(path)
    assert (answer.status_code, body(answer)["message"]) == (503, SENTENCE)
    assert not standin.writes
    settings.EDRONE_MANUAL_BUILDS_BY = frozenset({"robot", "ismewen"})
    assert api["superuser"].post(path).status_code == 200


def test_the_login_is_asked_for_once_and_only_where_it_matters(standin, api, settings):
    def asked() -> int:
        return [request.path for request in standin.server.requests].count("/api/user")

    assert api["superuser"].post(BUILDS).status_code == 200
    assert asked() == 0
    settings.EDRONE_MANUAL_BUILDS_BY = frozenset({"ismewen"})
    for _ in range(2):
        assert api["superuser"].post(BUILDS).status_code == 200
    assert asked() == 1


def test_the_endpoint_knows_the_login_as_soon_as_a_call_has_told_it(standin, api, settings):
    settings.EDRONE_MANUAL_BUILDS_BY = frozenset({"robot"})
    assert api["superuser"].post(BUILDS).status_code == 503
    assert known.login == "ismewen"


@pytest.mark.parametrize(("event", "status"), [("push", 200), ("cron", 200), ("custom", 503), ("promote", 503)])
def test_of_restarts_only_those_of_builds_by_hand_are(standin, api, settings, event, status):
    settings.EDRONE_MANUAL_BUILDS_BY = frozenset({"robot"})
    build = Build.objects.filter(repo__slug="ismewen/edrone", event=event).latest("number")
    assert api["superuser"].post(f"{BUILDS}/{build.number}").status_code == status
