"""The pages of deployments, and REST, as people with each grant."""

import html
import re
from typing import Any

import pytest
from django.db import connection, connections
from django.db.models import QuerySet
from django.test import Client
from django.test.utils import CaptureQueriesContext

from builds.access.models import Grant, Level
from builds.deployments import board
from builds.drone_db.models import Build, Repo
from tests import hostile
from tests.builds.api import Api, body
from tests.builds.conftest import person
from tests.builds.deployments.conftest import SLUG, operate, promote
from tests.builds.pages.conftest import reader

BOARD, HISTORY = "/admin/builds/deployments/", f"/admin/builds/repo/{SLUG}/-/deployments/"
EVERY = {"api": f"/api/repos/{SLUG}/deployments", "board": BOARD, "history": HISTORY}


def text(answer: Any) -> str:
    return " ".join(html.unescape(re.sub("<[^>]*>", " ", answer.content.decode())).split())


@pytest.fixture(autouse=True)
def connected_to_drone(settings: Any) -> None:
    """Let operations be offered; no test here calls Drone."""
    settings.DRONE_SERVER, settings.DRONE_TOKEN = "http://127.0.0.1:1", "t"


@pytest.fixture
def shipped(add: Any) -> None:
    """81 and 86 went to production as promotions, 84 and 87 to staging by the operation."""
    for number, commit in ((80, "a"), (82, "b"), (85, "c")):
        add(number, after=commit * 40)
    promote(add, 81, "production", after="a" * 40, parent=80)
    operate(add, 84, "staging", after="b" * 40)
    promote(add, 86, "production", after="b" * 40, parent=82)
    operate(add, 87, "staging", after="c" * 40)


@pytest.mark.parametrize("level", [Level.VIEW, Level.RUN, Level.DEPLOY])
def test_who_deployed_what_is_on_the_board_and_only_who_may_deploy_is_offered_a_rollback(level, shipped):
    client = reader("anna", SLUG, level)
    page = text(client.get(BOARD))
    assert "Repository staging production" in page
    assert "#86 master bbbbbbbb 1 behind ann ·" in page
    assert "#87 master cccccccc ann ·" in page
    for path in (BOARD, HISTORY):
        found = client.get(path).content.decode()
        offered = re.findall(r'class="do" href="([^"]*/do/[^"]*)"', found)
        assert bool(offered) == (level == Level.DEPLOY)
        assert ("?operation=deploy" in found) == (level == Level.DEPLOY)


def test_the_red_line_of_production_goes_on_where_nothing_was_deployed_there(add, change, shipped):
    number = promote(add, 90, "staging")
    change(f"UPDATE builds SET build_repo_id = 2 WHERE build_number = {number}")
    page = reader("anna", "*", Level.VIEW).get(BOARD).content.decode()
    assert page.count('<tr role="row">') == 3
    assert page.count('<td role="cell" class="production" data-label="production">') == 2


def test_what_is_offered_is_what_succeeded_before_and_is_not_live(add, shipped):
    promote(add, 88, "production", status="failure", after="c" * 40)
    promote(add, 89, "production", event="rollback", parent=81, after="a" * 40)
    page = reader("anna", SLUG, Level.DEPLOY).get(HISTORY).content.decode()
    act = f"/admin/builds/build/{SLUG}/"
    assert re.findall(r'class="do" href="([^"]*)"', page) == [
        f"{act}86/-/do/rollback/?target=production",  # not 81, which 89 brought back, nor 88
        f"{act}84/-/do/restart/",
    ]
    assert re.findall(r'<tr role="row" class="live">', page) == ['<tr role="row" class="live">'] * 2


@pytest.mark.parametrize(
    ("only", "offered"),
    [("production", ["rollback"]), ("deploy", ["restart"]), ("prod*, dep*", ["restart", "rollback"]), ("x", [])],
)
def test_a_limited_grant_offers_what_it_covers(only, offered, shipped):
    client = reader("anna", SLUG, Level.DEPLOY)
    Grant.objects.update(only=only)
    page = client.get(HISTORY).content.decode()
    assert re.findall(r'class="do" href="[^"]*/do/(\w+)/', page) == offered


def test_without_a_grant_there_is_nothing(shipped):
    outsider, nobody = reader("outsider", "elsewhere/*", Level.DEPLOY), Client()
    assert outsider.get(HISTORY).status_code == 404
    assert "No deployments yet." in text(outsider.get(BOARD))
    assert SLUG not in text(outsider.get(BOARD))
    api = Api(person("other", Level.DEPLOY, "elsewhere/*"))
    assert api.get(EVERY["api"]).status_code == 404
    assert body(api.get("/api/deployments")) == []
    assert nobody.get(BOARD).status_code == nobody.get(HISTORY).status_code == 302


@pytest.mark.parametrize(
    ("query", "there"),
    [
        ("", True), ("q=EDRONE", True), ("q=cart", False), ("target=production", True), ("target=prod", False),
        ("drift=true", True), ("target=staging&drift=true", False), ("q=%00", True), ("after=ismewen/edrone", False),
        ("target=%F0%9F%9A%80", False),
    ],
)  # fmt: skip
def test_the_filters(query, there, shipped):
    page = text(reader("anna", "*").get(f"{BOARD}?{query}"))
    assert (SLUG in page) == there
    assert there or "No deployments" in page


def test_rest_says_the_same(shipped):
    api = Api(person("anna", Level.DEPLOY, SLUG))
    (row,) = body(api.get("/api/deployments?target=production&drift=true"))
    assert row["repository"] == SLUG
    (place,) = row["targets"]
    assert (place["target"], place["production"], place["behind"]) == ("production", True, 1)
    assert (place["live"]["number"], place["live"]["by"], place["live"]["author"]) == (86, "ann", "wei")
    staging, production = body(api.get(EVERY["api"]))
    history = [(one["number"], one["live"], one["may_roll_back"]) for one in production["history"]]
    assert history == [(86, True, False), (81, False, True)]
    assert [one["number"] for one in staging["history"]] == [87, 84]
    assert staging["history"][0]["action"] == "deploy"
    assert api.get("/api/deployments?drift=perhaps").status_code == 400
    assert api.get("/api/deployments?cursor=x").status_code == 400


@pytest.mark.parametrize("meanwhile", ["DELETE FROM repos", "UPDATE repos SET repo_slug = 'zoo/' || repo_slug"])
def test_the_list_goes_on_where_the_last_repository_is_deleted_or_renamed_meanwhile(add, change, monkeypatch, meanwhile):
    monkeypatch.setattr(board, "ON_A_PAGE", 1)
    change("UPDATE repos SET repo_slug = 'a/one' WHERE repo_id = 1", "UPDATE repos SET repo_slug = 'b/two' WHERE repo_id = 2")
    for repo_id in (1, 2):
        promote(add, 900, "production", repo_id=repo_id)
    api = Api(person("anna", is_superuser=True))
    first = api.get("/api/deployments")
    assert [row["repository"] for row in body(first)] == ["a/one"]
    change(f"{meanwhile} WHERE repo_slug = 'a/one'")
    second = api.get(*re.findall("<(/api[^>]*)>", first.headers["Link"]))
    assert [row["repository"] for row in body(second)] == ["b/two"]


def test_queries_of_the_pages_do_not_grow(add, shipped):
    client = reader("anna", SLUG, Level.DEPLOY)

    def asked(path: str) -> int:
        client.get(path)
        with CaptureQueriesContext(connections["drone"]) as drone, CaptureQueriesContext(connection) as own:
            client.get(path)
        assert not [query for query in drone if "COUNT(*)" in query["sql"]]
        return len(drone) + len(own)

    before = [asked(BOARD), asked(HISTORY)]
    for number in range(100, 140):
        operate(add, number, f"target-{number % 9}")
    after = [asked(BOARD), asked(HISTORY)]
    assert after == before
    assert max(after) <= 20, after


@pytest.fixture
def previews(add: Any) -> None:
    """120 targets: pr-0, which was deployed to last, up to pr-118, and production, which was deployed to first."""
    promote(add, 200, "production")
    for number in range(119):
        promote(add, 500 - number, f"pr-{number}")


PAGED = [[f"pr-{number}" for number in range(50)], [f"pr-{number}" for number in range(50, 100)],
         [*(f"pr-{number}" for number in range(100, 119)), "production"]]  # fmt: skip


def targets_on(page: str) -> list[str]:
    return re.findall("<h2><bdi>(.*?)</bdi></h2>", page)


def test_many_targets_come_in_pages_the_last_deployed_to_first(previews):
    client, found, path = reader("anna", SLUG), [], HISTORY
    while path:
        page = client.get(path).content.decode()
        found.append(targets_on(page))
        assert ("First" in text(client.get(path))) == (len(found) > 1)
        path = html.unescape("".join(re.findall(r'href="([^"]*)" rel="next"', page)))
    assert found == PAGED


def test_rest_has_the_same_pages_of_targets(previews):
    api, found, path = Api(person("anna", Level.VIEW, SLUG)), [], EVERY["api"]
    while path:
        answer = api.get(path)
        found.append([place["target"] for place in body(answer)])
        path = "".join(re.findall(r"<(/api[^>]*)>", answer.headers.get("Link", "")))
    assert found == PAGED


def test_where_the_pages_of_one_repository_continue_no_page_of_another_does(previews, admin_user):
    api = Api(admin_user)
    cursor = re.findall(r"cursor=([^>&]+)", api.get(EVERY["api"]).headers["Link"])[0]
    other = next(repo["slug"] for repo in body(api.get("/api/repos")) if repo["slug"] != SLUG)
    assert api.get(f"/api/repos/{other}/deployments?cursor={cursor}").status_code == 400


def test_a_target_is_found_by_a_part_of_its_name(previews):
    client, api = reader("anna", SLUG), Api(person("bert", Level.VIEW, SLUG))
    for q, first, pages in (("PRODUCT", "production", 1), ("pr-1", "pr-1", 1), ("pr-", "pr-0", 3)):
        page = client.get(f"{HISTORY}?q={q}").content.decode()
        answer = api.get(f"{EVERY['api']}?q={q}")
        assert targets_on(page)[0] == body(answer)[0]["target"] == first
        assert ('rel="next"' in page) == ("Link" in answer.headers) == (pages > 1)
        assert all(q.lower() in target for target in targets_on(page))
    following = html.unescape(re.findall(r'href="([^"]*)" rel="next"', page)[0])
    assert "q=pr-&before=451" in following
    assert "No deployments match these filters." in text(client.get(f"{HISTORY}?q=moon"))
    assert body(api.get(f"{EVERY['api']}?q=moon")) == []


def test_a_page_of_targets_reads_no_builds_of_others(previews, monkeypatch):
    read, in_bulk = [], QuerySet.in_bulk

    def reading(builds: Any, ids: Any) -> Any:
        read.append(len(ids))
        return in_bulk(builds, list(ids))

    monkeypatch.setattr(QuerySet, "in_bulk", reading)
    assert len(body(Api(person("anna", Level.VIEW, SLUG)).get(EVERY["api"]))) == 50
    assert read == [50, 50]


def test_a_page_of_targets_that_there_is_not_is_refused(previews):
    client, api = reader("anna", SLUG), Api(person("bert", Level.VIEW, SLUG))
    assert client.get(f"{HISTORY}?before=x").status_code == 400
    assert client.get(f"{HISTORY}?target=x").status_code == 400
    board = re.findall(r"cursor=([^>&]+)", api.get("/api/deployments?q=none").headers.get("Link", "cursor=x"))[0]
    assert api.get(f"{EVERY['api']}?cursor={board}").status_code == 400
    outsider, other = reader("outsider", "elsewhere/*", Level.DEPLOY), Api(person("other", Level.DEPLOY, "elsewhere/*"))
    for query in ("", "?q=pr-1", "?before=451"):
        assert outsider.get(HISTORY + query).status_code == 404
    for query in ("", "?q=pr-1", f"?cursor={board}"):
        assert other.get(EVERY["api"] + query).status_code == 404


def test_the_names_of_targets_are_hostile(add):
    operate(add, 100, hostile.TEXT)
    promote(add, 101, hostile.TEXT * 3, status="running", finished=0)
    promote(add, 99, hostile.TEXT)
    client = reader("anna", "*", Level.DEPLOY)
    for path in (BOARD, HISTORY):
        page = client.get(path).content.decode()
        assert "<script>alert" not in page
        assert "\x1b" not in page
        assert "\u202e" not in page
        assert "hx-get" in page  # something runs


def test_a_column_for_each_of_six_targets_and_the_rest_is_named_in_the_row(add):
    for number in range(100, 110):
        operate(add, number, f"pr-{number}")
    page = reader("anna", "*").get(BOARD).content.decode()
    assert page.count('role="columnheader"') == 7
    assert "and 1 more" in text(reader("bert", "*").get(BOARD))


def test_a_target_without_a_column_says_that_it_failed_or_is_behind(add):
    for number in range(100, 112):
        operate(add, number, f"pr-{number}", ref="refs/heads/x")
    add(120, after="a" * 40)
    add(121)
    operate(add, 122, "pr-111", after="a" * 40)
    operate(add, 123, "pr-110", status="failure")
    assert "pr-110 failure pr-111 1 behind pr-106 and 3 more" in text(reader("anna", "*").get(BOARD))


def test_the_confirmation_finds_what_the_history_shows(add):
    operate(add, 100, "staging", after="a" * 40)
    operate(add, 150, "staging", after="b" * 40)
    add(1650)
    client = reader("anna", SLUG, Level.DEPLOY)
    (link,) = re.findall(r'class="do" href="([^"]*/do/[^"]*)"', client.get(HISTORY).content.decode())
    assert "there now #150" in text(client.get(link))


def test_many_repositories_come_in_pages(add, change):
    promote(add, 100, "staging")
    repos = [str(field.column) for field in Repo._meta.fields]  # noqa: SLF001 - documented by Django
    builds = [str(field.column) for field in Build._meta.fields]  # noqa: SLF001 - likewise
    for number in range(1000, 1030):
        repo: dict[str, object] = {
            "repo_id": number,
            "repo_uid": f"'{number}'",
            "repo_slug": f"'many/r{number}'",
            "repo_name": f"'r{number}'",
        }
        build: dict[str, object] = {"build_id": number + 10_000, "build_repo_id": number}
        change(
            f"INSERT INTO repos ({', '.join(repos)}) SELECT {', '.join(str(repo.get(name, name)) for name in repos)} "
            "FROM repos WHERE repo_id = 1",
            f"INSERT INTO builds ({', '.join(builds)}) SELECT {', '.join(str(build.get(name, name)) for name in builds)} "
            "FROM builds WHERE build_number = 100 AND build_repo_id = 1",
        )
    api, client = Api(person("all", Level.VIEW, "*")), reader("anna", "*")
    first = api.get("/api/deployments?q=r10")
    second = api.get(re.findall(r"<.*?(/api/deployments[^>]*)>", first.headers["Link"])[0])
    assert [len(body(first)), len(body(second)), "Link" in second.headers] == [25, 5, False]
    assert len({row["repository"] for row in [*body(first), *body(second)]}) == 30
    page = client.get(f"{BOARD}?q=r10").content.decode()
    assert page.count('role="rowheader"') == 25
    (following,) = re.findall(r'href="([^"]*)" rel="next"', page)
    assert client.get(html.unescape(following)).content.decode().count('role="rowheader"') == 5
