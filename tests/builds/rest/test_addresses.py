"""What nobody expects in a request: odd numbers, names, addresses, methods and parameters."""

from urllib.parse import quote

import msgspec
import pytest

from builds.access.models import Level
from builds.api_urls import MOST_PARTS, names
from tests.builds.api import Api, body
from tests.builds.conftest import EVERYWHERE, REPO, person

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("number", "status"),
    [("0", 404), ("-1", 404), ("+1", 200), ("0001", 200), ("999", 404), ("9223372036854775807", 404), ("-9223372036854775808", 404),
     ("9223372036854775808", 400), ("99999999999999999999", 400), ("9" * 5000, 400), ("x", 400), ("1.0", 400), ("1e3", 400), ("٣", 400),
     (" 1", 400), ("1_0", 400), ("0x1", 400), ("%00", 400), ("", 404)],
)  # fmt: skip
def test_numbers_in_the_address_are_read_as_drone_reads_them(change, api, number, status):
    text = number if number == "%00" else quote(number)
    for path in (
        f"{REPO}/builds/{text}",
        f"{REPO}/builds/{text}/logs/1/1",
        f"{REPO}/builds/1/logs/{text}/1",
        f"{REPO}/builds/1/logs/1/{text}",
    ):
        answer = api.get(path)
        assert answer.status_code == status, path
        assert status == 200 or list(body(answer)) == ["message"]


NAMED_LIKE_ADDRESSES = [
    "shop/eu/builds", "shop/eu/config", "shop/eu/operations", "x/y/builds/7", "x/y/builds/latest", "x/y/builds/7/config",
    "x/y/builds/1/logs/1/1", "a/builds/builds",
]  # fmt: skip


@pytest.mark.parametrize("slug", NAMED_LIKE_ADDRESSES)
def test_repositories_may_be_named_like_parts_of_the_api(change, api, slug):
    namespace, _, name = slug.rpartition("/")
    change(f"UPDATE repos SET repo_slug = '{slug}', repo_namespace = '{namespace}', repo_name = '{name}' WHERE repo_id = 1")
    seen = Api(person("seen", Level.VIEW, slug))
    for asking in (api, seen):
        for address in (slug, f"{quote(namespace, safe='')}/{name}"):
            assert body(asking.get(f"/api/repos/{address}"))["slug"] == slug
            assert len(body(asking.get(f"/api/repos/{address}/builds"))) == 20
            assert body(asking.get(f"/api/repos/{address}/builds/1"))["number"] == 1
            assert asking.get(f"/api/repos/{address}/config").status_code == 200
            assert asking.post(f"/api/repos/{address}").status_code in {404, 405}
    outsider = Api(person("outsider", Level.VIEW, "elsewhere/*"))
    unseen, nowhere = outsider.get(f"/api/repos/{slug}"), outsider.get(f"/api/repos/no{slug}")
    assert (unseen.status_code, body(unseen)["message"].replace("no repository ", "no repository no")) == (
        404,
        body(nowhere)["message"],
    )
    assert Api().get(f"/api/repos/{slug}").status_code == 401


def test_of_two_readings_of_an_address_the_shorter_name_is_first_where_it_can_be_seen(change, api):
    change(
        "UPDATE repos SET repo_slug = 'shop/eu' WHERE repo_id = 1",
        "UPDATE repos SET repo_slug = 'shop/eu/builds' WHERE repo_id = 2",
    )
    assert isinstance(body(api.get("/api/repos/shop/eu/builds")), list)
    only = Api(person("only", Level.VIEW, "shop/eu/builds"))
    assert body(only.get("/api/repos/shop/eu/builds"))["slug"] == "shop/eu/builds"


@pytest.mark.parametrize(
    "slug",
    [
        "ismewen/a.b",
        "ismewen/100%",
        "ismewen/%2e",
        "公司/商店",
        "group/sub/project",
        "a/b/c/d",
        "ismewen/-",
        "a b/c d",
        "ismewen/builds",
        "ismewen/config",
        "user/repos",
        'x/"y"',
        "x/<b>",
        "x/?",
        "x/#",
    ],
)
def test_names_of_repositories_may_be_odd(change, api, slug):
    namespace, _, name = slug.rpartition("/")
    change(f"UPDATE repos SET repo_slug = '{slug}', repo_namespace = '{namespace}', repo_name = '{name}' WHERE repo_id = 1")
    for address in (quote(slug), f"{quote(namespace, safe='')}/{quote(name, safe='')}"):
        assert body(api.get(f"/api/repos/{address}"))["slug"] == slug
        assert len(body(api.get(f"/api/repos/{address}/builds"))) == 20
        assert body(api.get(f"/api/repos/{address}/builds/1"))["number"] == 1
        assert body(api.get(f"/api/repos/{address}/builds/1/logs/1/1"))
        assert api.get(f"/api/repos/{address}/config").status_code == 200
    seen = Api(person("seen", Level.VIEW, slug) if " " not in slug else person("all", Level.VIEW))
    assert seen.get(f"/api/repos/{quote(slug)}").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/api",
        "/api/",
        "/api/nothing",
        "/api/repos/",
        "/api/repos/x",
        "/api/repos/x/",
        "/api/user/",
        f"{REPO}/",
        f"{REPO}/builds/",
        f"{REPO}/builds/1/logs",
        f"{REPO}/builds/1/logs/1",
        "/api/%00",
        "/api/repos/%00/x",
        "/api/repos/x/%00",
        "/api/repos/%ff/%fe",
        "/api/repos/../../etc/passwd",
        "/api/repos/a//b",
        "/api/queue",
        "/api/secrets",
    ],
)
def test_addresses_that_are_not_there_are_404_in_drones_form(change, api, path):
    answer = api.get(path)
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/json"
    assert list(body(answer)) == ["message"]


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options", "trace"])
def test_methods_that_are_not_there_are_405_in_drones_form(change, api, method):
    answer = getattr(api.client, method)("/api/user")
    assert answer.status_code == 405
    assert list(body(answer)) == ["message"]
    assert answer.headers["Allow"] == "GET, HEAD"
    sentence = f"Method Not Allowed: this address takes GET, HEAD, not {method.upper()}."
    assert (body(answer)["message"] == sentence) is (method != "patch")  # which Drone has there


def test_head_is_a_get_without_a_body(change, api):
    answer = api.client.head(REPO)
    assert answer.status_code == 200
    assert answer.content == b""


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "*/*", "", "nonsense"])
def test_whatever_is_accepted_the_answer_is_json(change, api, accept):
    answer = api.get("/api/user", Accept=accept)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"


def test_answers_are_english_and_say_so_whatever_the_client_reads(change, api):
    answer = api.get(f"{REPO}/builds/999", accept_language="zh-hans")
    assert body(answer)["message"] == "Not Found: ismewen/edrone has no build 999."
    assert answer.headers["Content-Language"] == "en"


def test_very_many_parameters_are_refused(api):
    answer = api.get("/api/builds?" + "&".join(f"branch=b{number}" for number in range(2000)))
    assert answer.status_code == 400
    assert list(body(answer)) == ["message"]


def test_answers_are_utf_8_json_with_a_line_end(change, api):
    for path in EVERYWHERE:
        content = api.get(path).content
        msgspec.json.decode(content)
        assert content.endswith(b"\n"), path


@pytest.mark.parametrize("below", ["builds/1/stages", "builds/1/1", "builds/1/logs", "validate", "builds/"])
def test_below_a_repository_that_one_may_see_an_address_that_is_not_there_is_called_so(change, api, below):
    for method in (api.get, api.post):
        answer = method(f"{REPO}/{below}")
        assert (answer.status_code, "the API has no such address" in body(answer)["message"]) == (404, True)
    outsider = Api(person("outsider", Level.VIEW, "elsewhere/*"))
    message = f"Not Found: there is no repository ismewen/edrone/{below}, or you may not see it."
    if not below.endswith("/"):
        assert body(outsider.get(f"{REPO}/{below}"))["message"] == message
        assert Api().get(f"{REPO}/{below}").status_code == 401


def test_an_address_of_very_many_parts_is_looked_at_only_so_far():
    """As deep as GitLab's groups, and a bit; 16,000 parts held a worker for 12 s, and nobody had to log in for that."""
    assert len(list(names("/".join("a" * 16_000)))) == MOST_PARTS - 1
    assert list(names("a/b/c")) == ["a/b", "a/b/c"]
    assert list(names("a//b")) == list(names("a")) == []


LONG = "n" * 45_000


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"{REPO}/builds?{LONG}=1", 400),
        (f"{REPO}/builds?status={LONG}", 400),
        (f"{REPO}/builds?since={LONG}", 400),
        (f"{REPO}/config?event={LONG}", 400),
        (f"/api/repos/shop/{LONG}", 404),
        ("/api/repos/" + "/".join(LONG), 404),
        (f"{REPO}/builds/{LONG}", 400),
        (f"{REPO}/secrets/{LONG}", 404),
        (f"/api/queue/{LONG}", 404),
        (f"/api/{LONG}", 404),
        (f"/api/audit?{LONG}=1", 400),
    ],
)
def test_a_long_name_does_not_come_back_whole(change, api, path, status):
    answer = api.get(path)
    assert answer.status_code == status
    assert len(answer.content) < 1000
