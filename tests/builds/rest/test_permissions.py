"""Who sees what: every address, asked as everybody."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import URLPattern
from django.utils import timezone

from builds import api_urls
from builds.access.models import Grant, Level
from builds.access.token_models import ApiToken, make_token
from builds.rest.base import NotOffered
from tests import drones
from tests.builds.api import Api, body
from tests.builds.conftest import person

pytestmark = pytest.mark.django_db
REPO = "/api/repos/ismewen/edrone"
OF_A_REPOSITORY = [
    REPO,
    f"{REPO}/builds",
    f"{REPO}/builds/latest",
    f"{REPO}/builds/1",
    f"{REPO}/builds/1/logs/1/1",
    f"{REPO}/builds/1/config",
    f"{REPO}/config",
    f"{REPO}/operations",
    f"{REPO}/deployments",
    f"{REPO}/statistics",
]
# Asked as everybody in tests/builds/starting (test_api.py and test_audit.py), in tests/builds/deployments, tests/builds/statistics,
# tests/builds/tree, tests/builds/freezes and tests/builds/notices/test_api.py.
ELSEWHERE = [
    "/api/freezes",
    "/api/freezes/1",
    "/api/notices",
    "/api/notices/channels",
    "/api/notices/channels/1",
    "/api/notices/channels/1/test",
    "/api/notices/subscriptions",
    "/api/notices/subscriptions/1",
    "/api/deployments",
    "/api/statistics",
    "/api/tree",
    "/api/audit",
    *(f"{REPO}/builds/1/{end}" for end in ("promote", "rollback", "approve/1", "decline/1", "decline")),
]
LISTS = [
    "/api/builds",
    "/api/repos",
    "/api/repos?latest=true",
    "/api/user/repos",
    "/api/user/repos?latest=true",
    "/api/user/builds",
    "/api/user/builds/recent",
]
MAY_SEE = ("viewer", "runner", "deployer", "superuser")


@pytest.fixture
def drone(db):
    with drones.connected(drones.sqlite_database(drones.RECORDED / "drone-2.28.2.sqlite")):
        yield


def slugs(answer: Any) -> set[str]:
    return {one["slug"] for one in body(answer)}


def test_no_address_is_left_out():
    listed = [path.removeprefix("/api/").partition("?")[0] for path in [*OF_A_REPOSITORY, *LISTS, *ELSEWHERE, "/api/user"]]
    public = {"schema", "docs", ""}
    below = [path.removeprefix(REPO.removeprefix("/api/")) for path in listed if path.startswith("repos/")]
    for patterns, paths in ((api_urls.urlpatterns, listed), (api_urls.below_a_repository, below)):
        for pattern in patterns:
            assert isinstance(pattern, URLPattern)
            if hasattr(pattern.callback, "cls") and issubclass(pattern.callback.cls, NotOffered):
                continue  # tests/builds/rest/test_visibility.py
            if str(pattern.pattern) not in public:
                assert any(pattern.resolve(path) for path in paths), pattern


@pytest.mark.parametrize("path", [*OF_A_REPOSITORY, *LISTS, "/api/user"])
def test_guests_and_wrong_tokens_are_told_nothing(drone, path):
    for api in (Api(), Api(token="wrong"), Api(token="0123456789abcdef0123456789abcdef")):
        answer = api.get(path)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="edrone"'
        assert body(answer)["message"].startswith("Unauthorized")
        assert b"edrone/" not in answer.content


@pytest.mark.parametrize("path", OF_A_REPOSITORY)
def test_who_may_not_see_a_repository_gets_what_a_missing_one_gives(drone, people, path):
    missing = path.replace("ismewen/edrone", "ismewen/nosuch")
    for name in ("outsider", *MAY_SEE):
        api = Api(people[name])
        nothing = api.get(missing)
        assert nothing.status_code == 404
        if name == "outsider":
            answer = api.get(path)
            assert answer.status_code == 404
            assert answer.content == nothing.content.replace(b"nosuch", b"edrone")
            assert dict(answer.headers) | {"Content-Length": ""} == dict(nothing.headers) | {"Content-Length": ""}


@pytest.mark.parametrize("path", OF_A_REPOSITORY)
@pytest.mark.parametrize("name", MAY_SEE)
def test_who_may_see_a_repository_sees_it(drone, people, path, name):
    answer = Api(people[name]).get(path)
    if path.endswith("/1/config"):
        assert answer.status_code == 404
        assert "no record" in body(answer)["message"]
    else:
        assert answer.status_code == 200, answer.content


@pytest.mark.parametrize("path", [*OF_A_REPOSITORY, *LISTS, "/api/user"])
def test_an_inactive_user_may_nothing(drone, people, path):
    answer = Api(people["inactive"]).get(path)
    assert answer.status_code == 403
    assert body(answer)["message"].startswith("Forbidden")


@pytest.mark.parametrize("path", LISTS)
def test_lists_hold_only_what_the_user_may_see(drone, people, path):
    assert slugs(Api(people["outsider"]).get(path)) == set()
    for name in ("viewer", "runner", "deployer"):
        assert slugs(Api(people[name]).get(path)) == {"ismewen/edrone"}
    everything = slugs(Api(people["superuser"]).get(path))
    assert {"ismewen/edrone", "octocat/hello", "shop/cart"} <= everything
    assert slugs(Api(person("all", Level.VIEW, "*")).get(path)) == everything
    shop = person("shop", Level.VIEW, "shop/*")
    assert {slug.partition("/")[0] for slug in slugs(Api(shop).get(path))} == {"shop"}


@pytest.mark.parametrize(
    "filters",
    [
        "q=PR",
        "branch=master",
        "author=ismewen",
        "sender=ismewen",
        "status=success",
        "status=running",
        "event=push",
        "since=0",
        "page=2",
        "per_page=1",
    ],
)
def test_no_filter_shows_builds_of_repositories_that_the_user_may_not_see(drone, people, filters):
    outsider, viewer = Api(people["outsider"]), Api(people["viewer"])
    answer = outsider.get(f"/api/builds?{filters}")
    assert (answer.status_code, body(answer)) == (200, [])
    assert "Link" not in answer.headers
    assert slugs(viewer.get(f"/api/builds?{filters}")) <= {"ismewen/edrone"}


def test_an_expired_and_a_revoked_token_are_refused(drone, people):
    token = make_token(people["superuser"], "short", days=1)
    api = Api(token=token.text)
    assert api.get("/api/user").status_code == 200
    token.expires = timezone.now() - timedelta(seconds=1)
    token.save()
    answer = api.get("/api/user")
    assert answer.status_code == 401
    assert "expired on" in body(answer)["message"]
    token.delete()
    answer = api.get("/api/user")
    assert answer.status_code == 401
    assert "revoked" in body(answer)["message"]


def test_a_grant_that_is_taken_away_counts_from_the_next_request(drone, people):
    api = Api(people["viewer"])
    assert api.get(REPO).status_code == 200
    Grant.objects.filter(user=people["viewer"]).delete()
    assert api.get(REPO).status_code == 404


def test_permissions_are_told_in_drones_words(drone, people):
    assert body(Api(people["viewer"]).get(REPO))["permissions"] == {"read": True, "write": False, "admin": False}
    assert body(Api(people["runner"]).get(REPO))["permissions"] == {"read": True, "write": True, "admin": False}
    assert body(Api(people["deployer"]).get(REPO))["permissions"] == {"read": True, "write": True, "admin": True}


@pytest.mark.parametrize("form", ["Bearer {}", "bearer {}", "BEARER  {} ", "{}"])
def test_the_word_bearer_may_be_left_out_as_in_drone(people, form):
    text = make_token(people["viewer"], "test").text
    assert Api().get("/api/user", Authorization=form.format(text)).status_code == 200


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic dXNlcjpwYXNz", "Bearer a b", "Bearer \udcff", "Bearer " + "x" * 100_000, "\0"]
)
def test_no_form_of_the_header_opens_or_breaks_anything(people, header):
    assert Api().get("/api/user", Authorization=header).status_code == 401


def test_a_token_in_the_address_is_not_read(people):
    text = make_token(people["viewer"], "test").text
    answer = Api().get(f"/api/user?access_token={text}")
    assert answer.status_code == 401
    assert "access_token in the address is not read" in body(answer)["message"]
    assert text not in answer.content.decode()
    assert Api(people["viewer"]).get("/api/user?access_token=x").status_code == 200


def test_the_last_use_is_remembered_and_not_written_each_time(people, django_assert_num_queries):
    text = make_token(people["viewer"], "test").text
    api = Api(token=text)
    with django_assert_num_queries(2):
        api.get("/api/user")
    with django_assert_num_queries(1):
        api.get("/api/user")
    used = ApiToken.objects.get().last_used
    assert used is not None
    assert timezone.now() - used < timedelta(minutes=1)


def test_a_wrong_token_costs_one_query_at_most(people, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert Api(token="wrong").get("/api/user").status_code == 401
        assert Api(token="edrone_" + "ü" * 43).get("/api/user").status_code == 401
    with django_assert_num_queries(1):
        assert Api(token="edrone_" + "x" * 43).get("/api/user").status_code == 401


def test_a_logged_in_browser_without_a_token_is_a_guest(people):
    api = Api()
    api.client.force_login(people["superuser"])
    assert api.get("/api/user").status_code == 401


def test_no_answer_may_be_kept_by_caches(drone, people):
    for path in (REPO, "/api/user", "/api/nothing"):
        assert Api(people["viewer"]).get(path).headers["Cache-Control"] == "no-store"


def test_sample_data_is_marked_and_real_data_is_not(drone, people, settings):
    api = Api(people["viewer"])
    assert "X-Edrone-Note" not in api.get(REPO).headers
    settings.EDRONE_DEMO = True
    assert "sample data" in api.get(REPO).headers["X-Edrone-Note"]
