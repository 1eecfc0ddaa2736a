"""The pages of a repository, as each kind of reader sees them."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from builds.access.models import Level
from builds.drone_db.build_pages import ALL
from builds.drone_db.models import Build, Repo
from builds.repositories import branches_page, repo_list
from builds.repositories.branch_states import default_branch_state, default_branches, last_pushes, red_branches
from configs.records import rows
from configs.records.models import LastError
from tests import hostile
from tests.builds.conftest import Change
from tests.builds.pages.conftest import admin, drone, drone_file, outsider, reader, viewer  # noqa: F401 - fixtures
from tests.builds.served.test_api import request_of, serve

pytestmark = pytest.mark.django_db
REPO = "/admin/builds/repo/ismewen/edrone/"
CONFIGURATION, BRANCHES, LIST = f"{REPO}-/configuration/", f"{REPO}-/branches/", "/admin/builds/repo/"
TAGS_ONLY = "kind: pipeline\nname: release\ntrigger: {event: [tag]}\n"


@pytest.fixture(autouse=True)
def nothing_stored():
    rows.stored_files.clear()


@pytest.fixture
def runner(drone: None) -> Any:  # noqa: F811
    return reader("runner", "ismewen/edrone", Level.RUN)


def text(answer: Any) -> str:
    """Return a page with its markup taken off, and blanks as one."""
    return " ".join(re.sub(r"<[^>]+>", "", answer.content.decode()).split())


@pytest.mark.parametrize("path", [REPO, CONFIGURATION, BRANCHES])
def test_a_repository_that_no_grant_names_is_not_there(path, outsider, viewer):  # noqa: F811
    assert outsider.get(path).status_code == 404
    assert viewer.get(path).status_code == 200
    assert viewer.get(path.replace("ismewen/edrone", "no/such")).status_code == 404


def test_the_head_says_how_the_default_branch_is_and_what_is_deployed(viewer):  # noqa: F811
    for path in (REPO, CONFIGURATION, BRANCHES):
        page = text(viewer.get(path))
        assert re.search(r"master (success|failure|error)", page)
        assert re.search(r"production #\d+", page)


def test_only_who_may_run_has_the_menu_of_operations(viewer, runner, tree, settings):  # noqa: F811
    settings.DRONE_SERVER, settings.DRONE_TOKEN = "http://drone.example", "token"
    tree({
        "edrone/_operations/check.yaml": "kind: operation\ntitle: Check it\nlevel: run\n---\nkind: pipeline\nname: a\n",
        "edrone/_operations/ship.yaml": "kind: operation\ntitle: Ship it\nlevel: deploy\n---\nkind: pipeline\nname: a\n",
    })  # fmt: skip
    page = runner.get(REPO).content.decode()
    assert f'href="{REPO}-/run/?operation=check"' in page
    assert f'href="{REPO}-/run/?operation="' in page
    assert "?operation=ship" not in page  # it deploys
    assert "-/run/" not in viewer.get(REPO).content.decode()
    deployer = reader("deployer", "ismewen/edrone", Level.DEPLOY)
    assert "?operation=ship" in deployer.get(REPO).content.decode()
    assert ["Build its branch" in text(client.get(BRANCHES)) for client in (viewer, runner)] == [False, True]


def test_without_drone_running_is_grey_with_its_reason(runner):
    page = runner.get(REPO).content.decode()
    assert "-/run/" not in page
    assert "Set DRONE_SERVER and DRONE_TOKEN" in page


def test_the_builds_are_filtered_as_in_the_list_of_all(viewer):  # noqa: F811
    numbers = set(re.findall(r"/build/ismewen/edrone/(\d+)/\"", viewer.get(REPO, {"status": "error"}).content.decode()))
    assert {"19", "20"} <= numbers
    assert viewer.get(REPO, {"q": "#900"})["Location"] == "/admin/builds/build/ismewen/edrone/900/"
    assert viewer.get(REPO, {"status": "broken"}).status_code == 400
    assert '<input name="repo"' not in viewer.get(REPO).content.decode()


def test_a_push_that_no_pipeline_runs_on_is_explained(viewer, tree):  # noqa: F811
    tree({"edrone/default.yaml": TAGS_ONLY})
    page = text(viewer.get(CONFIGURATION, {"event": "push", "branch": "main"}))
    assert "push to main" in page
    assert "Drone makes no build: no pipeline runs." in page
    assert "does not run release trigger.event is [tag]" in page
    assert "projects/edrone/main.yaml not there" in page
    assert "projects/edrone/default.yaml taken" in page
    assert "projects/default.yaml not looked at" in page
    assert "edrone has no record that Drone ever asked for this repository." in page
    assert "[ci skip]" in page
    tagged = text(viewer.get(CONFIGURATION, {"event": "tag", "tag": "v1", "branch": "main"}))
    assert "✔ runs" not in tagged
    assert "runs release" in tagged
    assert "Drone makes no build" not in tagged


def test_an_error_and_what_drone_refuses_are_said(viewer, tree):  # noqa: F811
    tree({"edrone/default.yaml": ""})
    page = text(viewer.get(CONFIGURATION))
    assert "This build gets an error. projects/edrone/default.yaml: is empty" in page
    assert "projects/edrone/default.yaml there, but cannot serve" in page
    tree({"edrone/default.yaml": "kind: pipeline\nname: a\n---\nkind: pipeline\nname: a\n"})
    assert "Drone refuses this configuration" in text(viewer.get(CONFIGURATION))
    tree({"edrone/default.yaml": "kind: repository\n"})
    assert "Drone reads .drone.yml from the repository itself" in text(viewer.get(CONFIGURATION))


@pytest.mark.parametrize(
    ("column", "said", "events"),
    [
        ("repo_active = false", "The repository is not active in Drone", {"push": True, "custom": True}),
        ("repo_no_pulls = true", "ignore pull requests of this repository.", {"pull_request": True, "push": False}),
        ("repo_no_forks = true", "ignore pull requests from forks of this repository.", {"pull_request": True, "push": False}),
        ("repo_protected = true", "waits for approval unless its configuration is signed.", {"tag": True, "custom": False}),
    ],
)
def test_what_else_keeps_drone_from_making_a_build_is_said(change: Change, column, said, events):
    boss = reader("boss", is_superuser=True)
    assert said not in "".join(text(boss.get(CONFIGURATION, {"event": event})) for event in events)
    change(f"UPDATE repos SET {column} WHERE repo_slug = 'ismewen/edrone'")
    assert {event: said in text(boss.get(CONFIGURATION, {"event": event})) for event in events} == events


def test_it_says_when_drone_asked_and_what_has_changed_since(viewer, tree):  # noqa: F811
    tree({"edrone/default.yaml": "kind: pipeline\nname: one\n"})
    build = Build.objects.filter(repo_id=1, event="push", target="master").order_by("-number")[0]
    serve(request_of(build))
    page = text(viewer.get(CONFIGURATION))
    assert re.search(r"for such a build: \d{4}-\d\d-\d\d \d\d:\d\d UTC · served projects/edrone/default.yaml", page)
    assert "No changes: the text is the same." in page
    tree({"edrone/default.yaml": "kind: pipeline\nname: two\n"})
    page = text(viewer.get(CONFIGURATION))
    assert "-name: one" in page
    assert "+name: two" in page
    assert "for such a build: no record. for any build:" in text(viewer.get(CONFIGURATION, {"branch": "develop"}))
    LastError.objects.create(slug="ismewen/edrone", event="push", ref="refs/heads/x", message="<b>bad", time=datetime.now(UTC))
    answer = viewer.get(CONFIGURATION)
    assert "Last error:" in text(answer)
    assert "&lt;b&gt;bad" in answer.content.decode()


def test_the_last_error_of_another_repository_is_not_shown(viewer, tree):  # noqa: F811
    tree({"default.yaml": TAGS_ONLY})
    LastError.objects.create(slug="shop/cart", event="push", ref="x", message="not for you", time=datetime.now(UTC))
    assert "not for you" not in viewer.get(CONFIGURATION).content.decode()


@pytest.mark.parametrize("branch", ["../../shop/secret", "@shop/secret", "_shared/docker", "/etc/passwd", "..", hostile.TEXT])
def test_no_branch_reads_another_file_of_the_tree(branch, viewer, tree):  # noqa: F811
    hidden = "kind: pipeline\nname: kept-from-you\n"
    tree(
        {"edrone/default.yaml": TAGS_ONLY, "@shop/secret.yaml": hidden, "_shared/docker.yaml": hidden, "shop/secret.yaml": hidden}
    )
    for query in ({"branch": branch}, {"event": "tag", "tag": branch}, {"event": "promote", "branch": branch, "target": branch}):
        answer = viewer.get(CONFIGURATION, query)
        assert answer.status_code == 200
        assert "kept-from-you" not in answer.content.decode()
        assert "<script>alert" not in answer.content.decode()


def test_what_no_build_has_is_refused_and_what_is_no_event_too(viewer):  # noqa: F811
    assert viewer.get(CONFIGURATION, {"event": "explode"}).status_code == 400
    assert (
        viewer.get(CONFIGURATION, {"event": "push", "target": "production", "tag": "v1"}).status_code == 200
    )  # left by the form


def test_branches_are_searched_and_paged_with_the_default_branch_first(viewer, monkeypatch):  # noqa: F811
    every = names_in(viewer.get(BRANCHES))
    assert every[0] == "master"
    assert every[1:] == sorted(every[1:])
    assert names_in(viewer.get(BRANCHES, {"q": "DEV"})) == ["develop"]
    assert "No branch names match." in text(viewer.get(BRANCHES, {"q": "no such"}))
    monkeypatch.setattr(branches_page, "ON_A_PAGE", 1)
    seen, path = [], BRANCHES
    while path:
        page = viewer.get(path)
        seen += names_in(page)
        more = re.search(r'href="([^"]+)" rel="next"', page.content.decode())
        path = more[1].replace("&amp;", "&") if more else ""
    assert seen == every


def names_in(page: Any) -> list[str]:
    return re.findall(r'<a href="[^"]*\?branch=[^"]*"><bdi>(.*?)</bdi>', page.content.decode())


def test_the_list_shows_the_red_ones(change: Change):
    ids = {build.repo_id: build for build in last_pushes(Repo.objects.values_list("id", flat=True)).values()}
    assert 1 in ids
    change(f"UPDATE builds SET build_status = 'success' WHERE build_id = {ids[1].id}")
    assert 1 not in {branch.repo_id for branch in red_branches(default_branches(ALL))}
    boss = reader("boss", is_superuser=True)
    assert "ismewen/edrone" not in text(boss.get(LIST, {"show": "red"}))
    change(f"UPDATE builds SET build_status = 'failure' WHERE build_id = {ids[1].id}")
    assert 1 in {branch.repo_id for branch in red_branches(default_branches(ALL))}
    assert "ismewen/edrone" in text(boss.get(LIST, {"show": "red"}))
    state = default_branch_state(Repo.objects.get(pk=1))
    assert state
    assert state.is_red


def test_a_page_of_branches_on_both_databases(change: Change):
    change("UPDATE latest SET latest_name = 'we''rd<b>' WHERE latest_type = 'branch' AND latest_name = 'develop'")
    page = reader("boss", is_superuser=True).get(BRANCHES)
    assert names_in(page)[0] == "master"
    assert "we&#x27;rd&lt;b&gt;" in page.content.decode()


@pytest.mark.parametrize("table", ["DROP TABLE latest"])
def test_a_drone_without_the_table_latest_still_has_the_state_of_the_default_branch(change: Change, table):
    change(table)
    from builds.drone_db import catalogue  # noqa: PLC0415 - read again, though it was kept

    catalogue._kept.clear()  # noqa: SLF001
    boss = reader("boss", is_superuser=True)
    assert "No branches yet." in text(boss.get(BRANCHES))
    assert re.search(r"master (success|failure|error)", text(boss.get(REPO)))
    assert boss.get(LIST, {"show": "red"}).status_code == 200
    catalogue._kept.clear()  # noqa: SLF001


def test_the_number_of_queries_does_not_grow(viewer, admin, tree):  # noqa: F811
    tree({"edrone/default.yaml": TAGS_ONLY})
    for path, of_drones, of_ours in ((BRANCHES, 12, 7), (CONFIGURATION, 9, 9), (LIST, 10, 6)):
        viewer.get(path)
        with CaptureQueriesContext(connections["drone"]) as drones, CaptureQueriesContext(connection) as own:
            viewer.get(path)
        assert (len(drones), len(own)) == (of_drones, of_ours), (path, [query["sql"][:150] for query in [*drones, *own]])
    with CaptureQueriesContext(connections["drone"]) as few:
        admin.get(LIST, {"q": "ismewen"})
    with CaptureQueriesContext(connections["drone"]) as many:
        admin.get(LIST, {"show": "all"})
    assert len(many) <= len(few)


def test_an_empty_list_says_what_to_do(outsider, viewer):  # noqa: F811
    assert "Activate a repository on Drone" in text(outsider.get(LIST))
    assert "No repository names match." in text(viewer.get(LIST, {"q": "nothing"}))
    assert repo_list.ON_A_PAGE == 50
