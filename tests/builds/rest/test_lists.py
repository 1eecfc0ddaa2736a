"""Lists of builds: filters and pages."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from builds.rest.paging import next_link
from tests import drones
from tests.builds.api import Api, body
from tests.builds.conftest import person

pytestmark = pytest.mark.django_db
BUILDS = "/api/repos/ismewen/edrone/builds"
ALL = "/api/builds"


@pytest.fixture(params=["sqlite", "postgres"])
def api(request: Any, db: None) -> Any:
    if request.param == "sqlite":
        database = drones.sqlite_database(drones.RECORDED / "drone-2.28.2.sqlite")
    else:
        database = drones.recorded_postgres(request.getfixturevalue("postgres"), "2.28.2")
    with drones.connected(database):
        yield Api(person("ismewen", is_superuser=True))


def found(api: Api, path: str) -> list[Any]:
    answer = api.get(path)
    assert answer.status_code == 200, answer.content
    listed: list[Any] = body(answer)
    return listed


def next_of(answer: Any) -> str:
    link = re.fullmatch(r'<(/api/[^>]*)>; rel="next"', answer.headers["Link"])  # without a Host header: relative
    assert link
    return link[1]


@pytest.mark.parametrize(
    ("query", "holds"),
    [
        ("status=success", lambda build: build["status"] == "success"),
        ("status=error,failure", lambda build: build["status"] in {"error", "failure"}),
        ("status=error&status=failure", lambda build: build["status"] in {"error", "failure"}),
        ("event=push", lambda build: build["event"] == "push"),
        ("event=promote&event=rollback", lambda build: build["event"] in {"promote", "rollback"}),
        ("branch=develop", lambda build: build["ref"] == "refs/heads/develop"),
        ("branch=develop&branch=master", lambda build: build["ref"] in {"refs/heads/develop", "refs/heads/master"}),
        ("tag=v1.0.0", lambda build: build["ref"] == "refs/tags/v1.0.0"),
        ("tag=v1.0.0&branch=develop", lambda build: build["ref"] in {"refs/heads/develop", "refs/tags/v1.0.0"}),
        ("target=production", lambda build: build.get("deploy_to") == "production"),
        ("author=ismewen&event=push", lambda build: build["author_login"] == "ismewen" and build["event"] == "push"),
        ("sender=ismewen", lambda build: build["sender"] == "ismewen"),
        ("q=NOTES", lambda build: "notes" in (build.get("title", "") + build["message"]).lower()),
        ("q=修复", lambda build: "修复" in build["message"]),
    ],
)
@pytest.mark.parametrize("path", [BUILDS, ALL])
def test_a_filter_gives_what_it_says_and_nothing_else(api, path, query, holds):
    everything = found(api, f"{path}?per_page=100")
    expected = [build["id"] for build in everything if holds(build)]
    assert expected
    assert [build["id"] for build in found(api, f"{path}?per_page=100&{query}")] == expected


def test_a_commit_is_found(api):
    commit = next(build["after"] for build in found(api, BUILDS) if build["after"])
    assert {build["after"] for build in found(api, f"{BUILDS}?commit={commit}")} == {commit}


@pytest.mark.parametrize("path", [BUILDS, ALL])
def test_times_are_unix_seconds_or_iso_8601(api, path):
    everything = found(api, f"{path}?per_page=100")
    moments = sorted({build["created"] for build in everything})
    middle = moments[len(moments) // 2]
    iso = datetime.fromtimestamp(middle, UTC)
    later = {build["id"] for build in everything if build["created"] >= middle}
    earlier = {build["id"] for build in everything if build["created"] < middle}
    assert later
    assert earlier
    for text in (
        middle,
        f"{iso:%Y-%m-%dT%H:%M:%SZ}",
        f"{iso:%Y-%m-%dT%H:%M:%S}",
        f"{iso:%Y-%m-%dT%H:%M:%S+00:00}",
        f"{iso:%Y-%m-%dT%H:%M:%S%%2B00:00}",
    ):
        assert {build["id"] for build in found(api, f"{path}?per_page=100&since={text}")} == later
        assert {build["id"] for build in found(api, f"{path}?per_page=100&until={text}")} == earlier
    assert found(api, f"{path}?since={iso:%Y-%m-%d}")
    assert found(api, f"{path}?per_page=100&since={iso:%Y-%m-%dt%H:%M:%Sz}") == found(api, f"{path}?per_page=100&since={middle}")


@pytest.mark.parametrize("path", [BUILDS, ALL])
@pytest.mark.parametrize("fraction", [".000001", ".5", ".9", ",999999"])
def test_a_fraction_of_a_second_is_after_the_builds_of_that_second(api, path, fraction):
    everything = found(api, f"{path}?per_page=100")
    moments = sorted({build["created"] for build in everything})
    middle = moments[len(moments) // 2]
    text = f"{datetime.fromtimestamp(middle, UTC):%Y-%m-%dT%H:%M:%S}{fraction}Z"
    later = [build["id"] for build in everything if build["created"] > middle]
    until = [build["id"] for build in everything if build["created"] <= middle]
    assert later
    assert [build["id"] for build in found(api, f"{path}?per_page=100&since={text}")] == later
    assert [build["id"] for build in found(api, f"{path}?per_page=100&until={text}")] == until


@pytest.mark.parametrize("path", [BUILDS, ALL])
def test_a_date_without_hyphens_is_no_second_of_1970(api, path):
    assert found(api, f"{path}?until=20261231") == found(api, f"{path}?until=2026-12-31") == found(api, path)
    assert found(api, f"{path}?since=20991231") == []
    assert found(api, f"{path}?since=20261331") == found(api, path)


@pytest.mark.parametrize(
    ("query", "some"),
    [
        ("since=1969-12-31", True), ("since=-1", True), ("until=1969-12-31", False), ("until=-99999999999", False),
        ("until=2100-01-01", True), ("until=4102444800", True), ("since=4102444800", False), ("since=9999-12-31", False),
        ("since=9223372036854775807", False), ("until=9223372036854775807", True), ("since=9999999999999999999", False), ("since=-9999999999999999999", True),
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", [BUILDS, ALL])
def test_times_before_1970_and_after_2038_are_times(api, path, query, some):
    assert bool(found(api, f"{path}?{query}")) is some


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "2026-02-30", "12:00", "1e9", "2026-11-24T25:00:00Z", "%00", "٣"])
def test_what_is_no_time_is_refused(api, text):
    answer = api.get(f"{BUILDS}?since={text}")
    assert answer.status_code == 400
    assert "since" in body(answer)["message"]


@pytest.mark.parametrize("path", [BUILDS, ALL])
@pytest.mark.parametrize("query", ["", "&branch=develop&branch=master", "&status=success", "&author=ismewen", "&q=e"])
def test_following_the_links_gives_every_build_once_and_then_ends(api, path, query):
    everything = [build["id"] for build in found(api, f"{path}?per_page=100{query}")]
    assert len(everything) > 3
    walked, place = [], f"{path}?per_page=3{query}"
    for _ in range(100):
        answer = api.get(place)
        walked += [build["id"] for build in body(answer)]
        if "Link" not in answer.headers:
            break
        place = next_of(answer)
    assert walked == everything


@pytest.mark.parametrize("path", [BUILDS, ALL])
def test_pages_by_number_still_work_and_lead_on_by_cursor(api, path):
    everything = [build["id"] for build in found(api, f"{path}?per_page=100")]
    second = api.get(f"{path}?page=2&per_page=5")
    assert [build["id"] for build in body(second)] == everything[5:10]
    assert [build["id"] for build in body(api.get(next_of(second)))] == everything[10:15]


@pytest.mark.parametrize("query", ["per_page=0", "per_page=101", "per_page=-1", "per_page=x", "per_page=", "per_page=%00", "per_page=1.5", "page=0", "page=1", "page=-1", "page=x", "page=", "page=-99999999999999999999"])  # fmt: skip
def test_pages_that_make_no_sense_are_drones_first_page(api, query):
    assert found(api, f"{BUILDS}?{query}") == found(api, BUILDS)


def test_a_page_that_no_list_has_is_refused_in_words(api):
    answer = api.get(f"{BUILDS}?page=99999999999999999999")
    assert answer.status_code == 400
    assert "page=“99999999999999999999” is more than any list has." in answer.json()["message"]


@pytest.mark.parametrize("page", ["99", "2147483648", "9223372036854775807"])
@pytest.mark.parametrize("path", [BUILDS, ALL, "/api/repos"])
def test_a_page_past_the_end_is_empty(api, path, page):
    assert found(api, f"{path}?page={page}") == []


def test_a_cursor_that_was_tampered_with_is_refused(api):
    answer = api.get(f"{BUILDS}?per_page=3")
    cursor = re.search(r"cursor=([^&>]+)", answer.headers["Link"])[1]  # type: ignore[index]
    elsewhere = re.search(r"cursor=([^&>]+)", api.get(f"{ALL}?per_page=3").headers["Link"])[1]  # type: ignore[index]
    bad = [cursor[:-1], cursor + "x", cursor[1:], "1", "x", "%00", "a:b", "9" * 5000, "é", elsewhere]
    for text in bad:
        refused = api.get(f"{BUILDS}?cursor={text}")
        assert refused.status_code == 400, text
        assert "cursor" in body(refused)["message"]
    assert found(api, f"{BUILDS}?cursor=") == found(api, BUILDS)


@pytest.mark.parametrize(
    ("path", "query", "message"),
    [
        (BUILDS, "stauts=success", "“stauts” is no parameter of this address; did you mean status?"),
        (ALL, "autor=x", "did you mean author?"),
        (ALL, "xyzzy=1", "there are author, branch"),
        ("/api/repos", "lastest=true", "did you mean latest?"),
        ("/api/user", "x=1", "it has none."),
        ("/api/user/repos", "xyzzy=1", "there is latest."),
        ("/api/repos/ismewen/edrone", "branch=x", "it has none."),
        (BUILDS, "status=failed", "“failed” is no status; there are skipped, blocked"),
        (BUILDS, "event=pull-request", "“pull-request” is no event; there are push, pull_request"),
        (BUILDS, "branch=a%00b", "NUL"),
        (BUILDS, "q=%00", "NUL"),
        (ALL, f"q={'_' * 30_000}", "q is too long: at most 500 characters are searched for."),
    ],
)
def test_what_is_mistyped_is_named(api, path, query, message):
    answer = api.get(f"{path}?{query}")
    assert answer.status_code == 400
    assert message in body(answer)["message"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/freezes"),
        ("DELETE", "/api/freezes/1"),
        ("POST", "/api/notices/subscriptions"),
        ("DELETE", "/api/notices/subscriptions/1"),
        ("POST", "/api/notices/channels"),
        ("POST", "/api/notices/channels/1/test"),
    ],
)
def test_what_is_changed_by_a_body_alone_has_no_parameters(api, method, path):
    answer = api.client.generic(method, f"{path}?ends=2026-12-24T18:00:00Z", "{}", "application/json")
    assert answer.status_code == 400
    assert body(answer)["message"] == "“ends” is no parameter of this address; it has none."


@pytest.mark.parametrize(
    ("path", "name"),
    [
        *((ALL, name) for name in ("since", "until", "q", "cursor", "page", "per_page")),
        (f"{BUILDS}/latest", "branch"),
        *(("/api/deployments", name) for name in ("q", "target", "drift", "cursor")),
        *(("/api/tree", name) for name in ("q", "show", "path")),
        ("/api/statistics", "period"),
        ("/api/audit", "since"),
        ("/api/notices", "per_page"),
        ("/api/repos", "latest"),
    ],
)
def test_what_takes_one_value_is_refused_twice_over(api, path, name):
    answer = api.get(f"{path}?{name}=a&{name}=b")
    assert answer.status_code == 400
    assert body(answer)["message"] == f"{name} is given more than once; it takes one value."


def test_filters_that_are_empty_filter_nothing(api):
    names = "&".join(
        f"{name}="
        for name in ("status", "event", "branch", "tag", "target", "author", "sender", "commit", "since", "until", "q", "cursor")
    )
    assert found(api, f"{BUILDS}?{names}") == found(api, BUILDS)


def test_links_follow_what_the_client_calls_edrone(api):
    behind = api.get(f"{BUILDS}?per_page=1", Host="edrone.example.com:8443", **{"X-Forwarded-Proto": "https"})
    assert behind.headers["Link"].startswith(
        "<https://edrone.example.com:8443/api/repos/ismewen/edrone/builds?per_page=1&cursor="
    )
    odd = api.get(f"{BUILDS}?per_page=1", Host='a>; rel="next", <b')
    assert odd.headers["Link"].startswith("</api/repos/ismewen/edrone/builds?")


def test_a_link_is_an_address_whatever_a_repository_is_called():
    request = Request(APIRequestFactory().get("/api/repos/n%C3%A4me/a%3E%20b/builds", {"q": "\u00e4"}, headers={"Host": ""}))
    assert next_link(request, "x") == '</api/repos/n%C3%A4me/a%3E%20b/builds?q=%C3%A4&cursor=x>; rel="next"'


def test_builds_of_all_repositories_say_of_which_they_are(api):
    assert {build["slug"] for build in found(api, ALL)} == {"ismewen/edrone", "octocat/hello", "shop/cart"}


def test_the_last_builds_have_two_addresses_as_in_drone(api):
    assert found(api, "/api/user/builds/recent") == found(api, "/api/user/builds") != []
