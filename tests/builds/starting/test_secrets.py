"""Secrets are planted in every setting, header and parameter; none may come out of the API, the administration or a log."""

from io import StringIO
from typing import Any

import pytest
from django.test import Client

from builds.access.token_models import PREFIX
from builds.drone_db.masking import MASK
from builds.drone_server import client as drone_client
from demo.standin import faults
from demo.standin.faults import FAULTS
from tests.builds.api import Api
from tests.conftest import every_row

PLANTED = "planted-"
BUILDS = "/api/repos/ismewen/edrone/builds"
PARAMETERS = "DB_PASSWORD=planted-password&apiKey=planted-key&DEPLOY_TOKEN=planted-token&TARGET=staging"
WRITES = [
    ("POST", f"{BUILDS}?branch=master&{PARAMETERS}"),
    ("POST", f"{BUILDS}?action=check&{PARAMETERS}"),
    ("POST", f"{BUILDS}?action=nosuch&{PARAMETERS}"),
    ("POST", f"{BUILDS}?PATH=planted-path"),
    ("POST", f"{BUILDS}/1?{PARAMETERS}"),
    ("POST", f"{BUILDS}/1/promote?target=staging&{PARAMETERS}"),
    ("POST", f"{BUILDS}/1/rollback?target=staging&{PARAMETERS}"),
    ("POST", f"{BUILDS}/1/approve/1"),
    ("POST", f"{BUILDS}/1/decline/1"),
    ("DELETE", f"{BUILDS}/1"),
]
READS = [
    "/api/user", "/api/user/repos", "/api/user/builds", "/api/builds", "/api/audit", "/api/repos", "/api/repos/ismewen/edrone", BUILDS,
    f"{BUILDS}/latest", f"{BUILDS}/1", f"{BUILDS}/1/logs/1/1", f"{BUILDS}/1/config", "/api/repos/ismewen/edrone/config",
    "/api/repos/ismewen/edrone/operations", "/api/schema", "/api/docs", "/metrics", "/readyz", "/healthz", "/api/nosuch", f"{BUILDS}/nosuch",
]  # fmt: skip
HEADERS = {
    "cookie": "sessionid=planted-session",
    "referer": "https://planted-user:planted-password@example.com/",
    "user-agent": "planted-agent",
    "idempotency-key": "planted-idempotency",
}


@pytest.fixture
def planted(standin: Any, settings: Any) -> Any:
    """A stand-in Drone that takes a planted token."""
    settings.SECRET_KEY = "planted-secret-key-of-more-than-thirty-two-characters"
    settings.DRONE_YAML_SECRETS = ("planted-yaml-secret",)
    return standin


def seen_of(answer: Any) -> str:
    return str(answer.content.decode("utf-8", "replace")) + str(answer.headers)


@pytest.mark.parametrize("user", ["superuser", "viewer", "guest"])
def test_no_answer_of_the_api_holds_one(user: str, planted: Any, api: dict[str, Api], logged: StringIO):
    answers = [api[user].client.generic(method, path, headers=HEADERS) for method, path in WRITES]
    assert any(MASK in answer.content.decode() for answer in answers) == (user == "superuser")  # some really had them
    assert PLANTED not in "".join(map(seen_of, answers))
    for path in READS:
        answer = api[user].get(path, **HEADERS)
        assert PLANTED not in seen_of(answer), path
    assert PLANTED not in logged.getvalue()
    assert PLANTED not in every_row().replace("planted-idempotency", "")  # a key is no secret: it names a request


@pytest.mark.parametrize("fault", [name for name in FAULTS if name not in {"slow", "hang", "bytes", "headers", "huge"}])
def test_whatever_drone_does_its_token_and_the_parameters_stay_unseen(
    fault: str, planted: Any, api: dict[str, Api], logged: StringIO, settings: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(faults, "PATIENCE", 1)  # seconds that an answer trickles
    settings.DRONE_TOKEN = "planted-drone-token"
    drone_client.slots.cache_clear()
    planted.fail(fault)
    answer = api["superuser"].client.generic(
        "POST", f"{BUILDS}?branch=master&{PARAMETERS}", headers=HEADERS | {"idempotency-key": "k"}
    )
    assert answer.status_code >= 400 or answer.status_code == 200
    assert PLANTED not in seen_of(answer) + logged.getvalue() + every_row()


def test_an_exception_inside_the_api_shows_nothing(
    planted: Any, api: dict[str, Api], logged: StringIO, monkeypatch: pytest.MonkeyPatch
):
    def crash(*_: Any, **__: Any) -> None:
        raise RuntimeError("made by the test")

    monkeypatch.setattr("builds.starting.api.carry_out", crash)
    answer = api["superuser"].client.generic("POST", f"{BUILDS}?{PARAMETERS}", headers=HEADERS)
    assert answer.status_code == 500
    assert PLANTED not in seen_of(answer) + logged.getvalue()


def test_a_token_is_in_no_answer_but_the_page_that_made_it(people: Any, logged: StringIO):
    api = Api(people["superuser"])
    text = str(api.client.defaults["HTTP_AUTHORIZATION"]).removeprefix("Bearer ")
    assert text.startswith(PREFIX)
    seen = "".join(seen_of(api.get(path)) for path in READS)
    assert text not in seen + logged.getvalue() + every_row()


def test_the_administration_shows_none_after_all_of_this(planted: Any, api: dict[str, Api], people: Any, settings: Any):
    settings.DRONE_TOKEN = "planted-drone-token"
    for method, path in WRITES:
        api["superuser"].client.generic(method, path)
    people["superuser"].is_staff = True
    people["superuser"].save()
    client = Client(raise_request_exception=False)
    client.force_login(people["superuser"])
    pages = ["/admin/", "/admin/builds/", "/admin/builds/auditrecord/", "/admin/builds/apitoken/", "/admin/builds/grant/"]
    for page in pages:
        assert PLANTED not in client.get(page, headers=HEADERS).content.decode(), page
