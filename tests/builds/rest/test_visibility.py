"""Whether somebody may see a repository is decided before anything else that is asked of it; what only Drone offers says so."""

from collections.abc import Iterator
from http import HTTPStatus
from itertools import cycle, islice
from typing import Any
from urllib.parse import quote

import pytest
import yaml
from hypothesis import settings

from builds.access.models import Level
from builds.rest.schema import FILE
from tests import drones
from tests.builds.api import Api, body
from tests.builds.conftest import person
from tests.conftest import FEW

pytestmark = pytest.mark.django_db
REPO = "/api/repos/ismewen/edrone"
HIDDEN = "Not Found: there is no repository ismewen/edrone, or you may not see it."
OFFERED = [path for path in yaml.safe_load(FILE.read_text())["paths"] if "{name}" in path]
ONLY_AT_DRONE = [  # Drone's routes below a repository, with their methods
    ("secrets", "GET POST"), ("secrets/x", "GET PATCH DELETE"), ("cron", "GET POST"), ("cron/x", "GET POST PATCH DELETE"),
    ("cron/cron", "GET"), ("collaborators", "GET"), ("collaborators/ann", "GET DELETE"), ("cards/1/1/1", "GET POST DELETE"),
    ("sign", "POST"), ("verify", "POST"), ("encrypt", "POST"), ("encrypt/secret", "POST"), ("chown", "POST"), ("repair", "POST"),
    ("builds/branches", "GET"), ("builds/branches/feature/x", "DELETE"), ("builds/branches/config", "DELETE"),
    ("builds/pulls", "GET"), ("builds/pulls/7", "DELETE"), ("builds/deployments", "GET"), ("builds/deployments/a", "DELETE"),
    ("secrets/", "GET"),
]  # fmt: skip
METHODS_ONLY_AT_DRONE = [
    ("POST", REPO), ("PATCH", REPO), ("DELETE", REPO), ("DELETE", f"{REPO}/builds?before=5"),
    ("DELETE", f"{REPO}/builds/1/logs/1/1"), ("PATCH", "/api/user"), ("POST", "/api/user/repos"),
]  # fmt: skip
ELSEWHERE_ONLY_AT_DRONE = [
    ("POST", "/api/user/token?rotate=true"), ("GET", "/api/user/remote/repos"), ("GET", "/api/users"), ("POST", "/api/users"),
    ("GET", "/api/users/ann"), ("PATCH", "/api/users/ann"), ("POST", "/api/users/ann/token/rotate"), ("GET", "/api/secrets"),
    ("POST", "/api/secrets/shop"), ("DELETE", "/api/secrets/shop/x"), ("GET", "/api/templates"), ("GET", "/api/templates/"), ("PUT", "/api/templates/shop/a.yaml"),
    ("GET", "/api/builds/incomplete"), ("GET", "/api/builds/incomplete/v2"), ("GET", "/api/queue"), ("POST", "/api/queue"),
    ("DELETE", "/api/queue"), ("GET", "/api/system/stats"), ("GET", "/api/badges/a/b/status.svg"), ("GET", "/api/stream"),
    ("GET", "/api/stream/a/b/1/1/1"), ("GET", "/api/servers"), ("DELETE", "/api/servers/x?force=true"), ("POST", "/api/pause"),
]  # fmt: skip
MANY = "&".join(f"a{number}=1" for number in range(2000))
WAYS = [  # of asking for what cannot be understood
    ("GET", "page=1&per_page=25&nosuch=1", b"", ""),
    ("GET", "branch=a&branch=b&event=nonsense&since=x&cursor=y&q=%00", b"", ""),
    ("GET", MANY, b"", ""),
    ("HEAD", "nosuch=1", b"", ""),
    ("POST", "nosuch=%00&branch=", b"", ""),
    ("POST", MANY, b"{", "application/json"),
    ("POST", "", b"{", "application/json"),
    ("POST", "", b'{"branch": {}, "nosuch": 1, "params": []}', "application/json; charset=base64"),
    ("POST", "", b"branch=a", "application/x-www-form-urlencoded"),
    ("DELETE", "before=x", b"[", "application/json"),
    *((method, "nosuch=1", b"{", "application/json") for method in ("PUT", "PATCH", "OPTIONS", "TRACE", "NOSUCH")),
]


@pytest.fixture
def drone(db: None) -> Iterator[None]:
    with drones.connected(drones.sqlite_database(drones.RECORDED / "drone-2.28.2.sqlite")):
        yield


def addresses() -> Iterator[str]:
    for number in ("1", "x"):
        for form in OFFERED:
            path = form.replace("{owner}/{name}", "ismewen/edrone")
            yield path.replace("{number}", number).replace("{stage}", number).replace("{step}", number)
    yield from (f"{REPO}/{path}" for path, _ in ONLY_AT_DRONE)


def asked(api: Api) -> Iterator[tuple[str, Any]]:
    """Ask every address in every way; in `make test` every address in two of them, one after the other."""
    every = len(WAYS) if settings().max_examples > FEW else 2
    ways = cycle(WAYS)
    for path in addresses():
        for method, query, content, kind in islice(ways, every):
            yield f"{method} {path}?{query[:40]}", api.client.generic(method, f"{path}?{query}", content, kind)


def test_a_guest_is_asked_for_a_token_before_anything_else(drone):
    for what, answer in asked(Api()):
        assert answer.status_code == HTTPStatus.UNAUTHORIZED, what


def test_who_may_not_see_the_repository_is_told_that_it_is_not_there_before_anything_else(drone):
    for what, answer in asked(Api(person("nobody"))):
        assert answer.status_code == HTTPStatus.NOT_FOUND, what
        assert "HEAD" in what or body(answer) == {"message": HIDDEN}, what


def test_who_may_see_it_is_told_what_was_wrong_with_the_request(drone):
    for what, answer in asked(Api(person("viewer", Level.VIEW, "ismewen/edrone"))):
        assert answer.status_code in {400, 403, 404, 405, 415}, (what, answer.content)
        assert "there is no repository" not in answer.content.decode(), what


@pytest.mark.parametrize("path", [f"{REPO}/builds?page=1&per_page=25", f"{REPO}/config?branch=x", f"{REPO}/builds/x?page=1"])
def test_a_repository_that_is_not_there_is_404_as_in_drone_whatever_is_asked_of_it(drone, path):
    answer = Api(person("ann", is_superuser=True)).get(path.replace("edrone", "nosuch"))
    assert (answer.status_code, body(answer)["message"]) == (404, HIDDEN.replace("edrone,", "nosuch,"))


def test_what_drone_offers_below_a_repository_is_named_as_not_offered(drone):
    api = Api(person("viewer", Level.VIEW, "ismewen/edrone"))
    for path, methods in ONLY_AT_DRONE:
        for method in methods.split():
            answer = api.client.generic(method, f"{REPO}/{path}?anything=1", b"{}", "application/json")
            part = "/".join(path.split("/")[: 2 if path.startswith("builds/") else 1])
            said = f"Not Found: edrone does not offer this part of Drone's API ({part}); use Drone itself."
            assert (answer.status_code, body(answer)) == (404, {"message": said}), path


@pytest.mark.parametrize(("method", "path"), METHODS_ONLY_AT_DRONE)
def test_methods_that_only_drone_has_are_named_as_not_offered(drone, method, path):
    answer = Api(person("viewer", Level.VIEW, "ismewen/edrone")).client.generic(method, path)
    said = f"Method Not Allowed: edrone does not offer {method} at this address, as Drone does; use Drone itself."
    assert (answer.status_code, body(answer)) == (405, {"message": said})
    assert "GET" in answer.headers["Allow"]


@pytest.mark.parametrize(("method", "path"), ELSEWHERE_ONLY_AT_DRONE)
def test_what_only_drone_administers_is_named_as_not_offered(drone, method, path):
    assert Api().client.generic(method, path).status_code == 401
    answer = Api(person("ann", is_superuser=True)).client.generic(method, path)
    assert answer.status_code == 404
    assert body(answer)["message"].startswith("Not Found: edrone does not offer this part of Drone's API (")


@pytest.mark.parametrize(
    ("slug", "path", "part"),
    [
        ("shop/eu/cart", "cron", "cron"),
        ("shop/eu/cart", "secrets/cron", "secrets"),
        ("shop/eu/cron", "cron/cron", "cron"),
        ("shop/eu/secrets", "cron", "cron"),
        ("shop/builds/branches", "builds/pulls", "builds/pulls"),
    ],
)
def test_names_with_slashes_are_told_from_what_only_drone_offers(change, slug, path, part):
    namespace, _, name = slug.rpartition("/")
    change(f"UPDATE repos SET repo_slug = '{slug}', repo_namespace = '{namespace}', repo_name = '{name}' WHERE repo_id = 1")
    seen, unseen = Api(person("seen", Level.VIEW, slug)), Api(person("unseen"))
    for address in (slug, f"{quote(namespace, safe='')}/{name}"):
        assert body(seen.get(f"/api/repos/{address}"))["slug"] == slug
        answer = seen.get(f"/api/repos/{address}/{path}")
        assert (answer.status_code, f"({part}); use Drone itself" in body(answer)["message"]) == (404, True)
        answer = unseen.get(f"/api/repos/{address}/{path}")
        assert (answer.status_code, "there is no repository shop/" in body(answer)["message"]) == (404, True)
