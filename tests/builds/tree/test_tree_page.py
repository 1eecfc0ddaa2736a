"""The page Tree and /api/tree: who may see which files, and what is said of them."""

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.http import urlencode

from builds.access.models import Level
from builds.tree import inspection, seen_tree
from builds.tree.inspection import KeptInspection, TreeInspection
from pipelines.inventory import kept
from pipelines.inventory.last_changes import LastCommit
from tests import drones
from tests.builds.api import Api, body
from tests.builds.conftest import person
from tests.server import wait_until
from texts.characters import REPLACEMENT

PIPELINE = "kind: pipeline\nname: a\ntrigger: {{event: [push]}}\nsteps:\n- extends: _shared/{}.yaml\n"
FILES = {
    "edrone/default.yaml": PIPELINE.format("docker"),
    "@shop/cart/default.yaml": PIPELINE.format("docker"),
    "@shop/cart/other.yaml": PIPELINE.format("shop-only"),
    "@shop/default.yaml": PIPELINE.format("shop-only"),
    "secret-project/default.yaml": PIPELINE.format("docker") + "- extends: _shared/gone.yaml\n",
    "default.yaml": "kind: repository\n",
    "_shared/docker.yaml": "name: docker\nimage: plugins/docker\ncomands: [x]\n",
    "_shared/shop-only.yaml": "name: shop\nimage: x\n",
    "_shared/forgotten.yaml": "name: old\nimage: x\n",
}
TREE, FILE = "/admin/builds/tree/", "/admin/builds/tree/file/"


@pytest.fixture(autouse=True)
def drone(db) -> Iterator[None]:
    with drones.connected(drones.sqlite_database(drones.RECORDED / "drone-2.28.2.sqlite")):
        yield


@pytest.fixture(autouse=True)
def root(tmp_path: Path, settings, monkeypatch) -> Path:
    settings.EDRONE_PROJECTS, settings.EDRONE_NAMESPACES = tmp_path / "projects", frozenset()
    monkeypatch.setattr(kept, "STILL_NEW", 0.0)
    monkeypatch.setattr(inspection, "AT_ONCE", 30.0)
    seen_tree.inspections.cache_clear()
    for path, text in FILES.items():
        (tmp_path / "projects" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "projects" / path).write_text(text)
    return tmp_path / "projects"


@pytest.fixture
def page() -> Callable[..., str]:
    def get(user: User, address: str = TREE, status: int = 200, **query: str) -> str:
        client = Client()
        client.force_login(user)
        answer = client.get(address, query)
        assert answer.status_code == status
        return str(answer.content.decode())

    return get


def tree_of(query: dict[str, str]) -> str:
    return f"/api/tree?{urlencode(query)}"


def paths(user: User, **query: str) -> list[str]:
    return [file["path"] for file in body(Api(user).get(tree_of(query)))]


def test_a_guest_is_sent_to_the_login_and_refused_by_the_api():
    assert Client().get(TREE).status_code == 302
    assert Client().get(FILE, {"path": "default.yaml"}).status_code == 302
    assert Api().get("/api/tree").status_code == 401


def test_everybody_sees_the_files_of_their_repositories_and_what_these_extend(people, page):
    assert paths(people["superuser"]) == sorted(FILES)
    assert paths(person("all", Level.VIEW, "*")) == sorted(FILES)
    assert paths(people["outsider"]) == []
    assert paths(people["viewer"]) == ["_shared/docker.yaml", "default.yaml", "edrone/default.yaml"]
    shop = person("shop", Level.VIEW, "shop/cart")
    assert paths(shop) == [
        "@shop/cart/default.yaml", "@shop/cart/other.yaml", "@shop/default.yaml", "_shared/docker.yaml", "_shared/shop-only.yaml",
        "default.yaml",
    ]  # fmt: skip
    for name in ("viewer", "outsider"):
        text = page(people[name])
        assert "secret-project" not in text
        assert "forgotten" not in text
        assert "cart" not in text


def test_a_file_that_somebody_may_not_see_is_not_there(people, page):
    for path in ("secret-project/default.yaml", "_shared/forgotten.yaml", "nowhere.yaml", "../x", "", "\0"):
        page(people["viewer"], FILE, 404, path=path)
        if path.strip("\0"):
            assert Api(people["viewer"]).get(tree_of({"path": path})).status_code == 404
    page(people["superuser"], FILE, path="secret-project/default.yaml")


def test_who_builds_otherwise_is_counted_among_what_the_reader_may_see(people, page):
    text = page(people["superuser"], FILE, path="_shared/docker.yaml")
    assert "Change this, and 3 repositories build otherwise." in text
    assert "secret-project/default.yaml" in text
    text = page(people["viewer"], FILE, path="_shared/docker.yaml")
    assert "Change this, and 1 repository builds otherwise." in text
    assert "secret-project" not in text
    (file,) = body(Api(people["viewer"]).get(tree_of({"path": "_shared/docker.yaml"})))
    assert (file["users"], file["repositories"]) == (["edrone/default.yaml"], ["ismewen/edrone"])
    text = page(people["superuser"], FILE, path="_shared/shop-only.yaml")
    assert "Change this, and 1 repository builds otherwise." in text
    assert "So do those that have no file of their own." in text


@pytest.fixture
def defaults(root) -> dict[str, list[str]]:
    """Files that serve repositories without a file of their own, and whom each serves."""
    for path in ("@shop/cart/default.yaml", "edrone/default.yaml"):
        (root / path).unlink()
    files = {
        "@shop/default.yaml": PIPELINE.format("test"), "edrone/master.yaml": PIPELINE.format("test"),
        "default.yaml": PIPELINE.format("docker"), "_shared/test.yaml": "name: test\nimage: x\n",
        "_operations/check.yaml": PIPELINE.format("docker"), "@shop/_operations/check.yaml": PIPELINE.format("docker"),
    }  # fmt: skip
    for path, text in files.items():
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_text(text)
    return {
        "default.yaml": ["ismewen/edrone", "octocat/hello"],  # edrone's other branches have no file
        "@shop/default.yaml": ["shop/cart"],  # shop/checkout is not active
        "@shop/cart/other.yaml": ["shop/cart"],
        "edrone/master.yaml": ["ismewen/edrone"],
        "secret-project/default.yaml": ["secret-project"],
        "_shared/test.yaml": ["ismewen/edrone", "shop/cart"],
        "_operations/check.yaml": ["ismewen/edrone", "octocat/hello"],
        "@shop/_operations/check.yaml": ["shop/cart"],
    }


def counted(user: User, chosen: Iterable[str]) -> dict[str, list[str]]:
    return {file["path"]: file["repositories"] for file in body(Api(user).get("/api/tree")) if file["path"] in chosen}


def test_repositories_without_a_file_of_their_own_are_counted_at_the_default_that_serves_them(people, page, defaults):
    assert counted(people["superuser"], defaults) == defaults
    text = page(people["superuser"], FILE, path="@shop/default.yaml")
    assert "Change this, and 1 repository builds otherwise." in text
    assert 'href="/admin/builds/repo/shop/cart/"' in text
    assert "of their own" not in text
    assert "not counted" not in text
    assert page(people["superuser"], q="@shop/default").count("1 repository") == 1


def test_only_repositories_that_the_reader_may_see_are_counted_and_named(people, page, defaults):
    assert counted(people["viewer"], defaults) == {
        "default.yaml": ["ismewen/edrone"], "edrone/master.yaml": ["ismewen/edrone"],
        "_shared/test.yaml": ["ismewen/edrone"], "_operations/check.yaml": ["ismewen/edrone"],
    }  # fmt: skip
    for text in (page(people["viewer"]), page(people["viewer"], FILE, path="default.yaml")):
        assert "octocat" not in text
        assert "shop" not in text
    assert "Repositories that you may not see are not counted." in text


def test_who_sees_all_gets_the_tree_also_without_drones_database(people, page, defaults, tmp_path):
    with drones.connected(drones.sqlite_database(tmp_path / "gone.sqlite")):
        assert counted(people["superuser"], ["@shop/default.yaml", "_shared/test.yaml"]) == {
            "@shop/default.yaml": [], "_shared/test.yaml": ["edrone"],
        }  # fmt: skip
        text = page(people["superuser"], FILE, path="@shop/default.yaml")
        assert "Change this, and repositories that have no file of their own build otherwise." in text


def test_findings_are_shown_without_the_files_of_others(people, page):
    (file,) = body(Api(people["superuser"]).get(tree_of({"path": "_shared/docker.yaml"})))
    (finding,) = [one for one in file["findings"] if one["id"] == "unknown-key"]
    assert (finding["line"], finding["severity"]) == (3, "warning")
    assert "(extended by projects/" in finding["message"]
    (file,) = body(Api(people["viewer"]).get(tree_of({"path": "_shared/docker.yaml"})))
    assert all("extended by" not in one["message"] for one in file["findings"])
    text = page(people["superuser"], FILE, path="secret-project/default.yaml")
    assert "extends &quot;_shared/gone.yaml&quot;: no such file" in text
    assert "not there" in text


def test_the_list_is_narrowed_and_has_pages(people, page, root):
    admin = people["superuser"]
    assert paths(admin, show="unused") == ["_shared/forgotten.yaml"]
    assert paths(admin, show="shared") == ["_shared/docker.yaml", "_shared/forgotten.yaml", "_shared/shop-only.yaml"]
    assert "secret-project/default.yaml" in paths(admin, show="mistakes")
    assert paths(admin, q="CART") == ["@shop/cart/default.yaml", "@shop/cart/other.yaml"]
    assert "No files match these filters." in page(admin, q="nothing-like-it")
    assert Api(admin).get(tree_of({"show": "all"})).status_code == 400
    for number in range(120):
        (root / f"p{number:03}").mkdir()
        (root / f"p{number:03}" / "default.yaml").write_text(PIPELINE.format("docker"))
    first = page(admin, q="p")
    assert first.count('class="tree-path"') == 50
    assert page(admin, q="p", after="p119/default.yaml").count('class="tree-path"') == 1
    answer = Api(admin).get(tree_of({"q": "p0"}))
    assert len(body(answer)) == 100
    answer = Api(admin).get(tree_of({"q": "default"}))
    assert len(body(answer)) == 100
    following = answer.headers["Link"].partition(">")[0][1:]
    assert len(body(Api(admin).get(following))) == 25
    (root / "p000" / "default.yaml").unlink()  # no file of the next page moves to the first one
    assert len(body(Api(admin).get(following))) == 25


def test_the_number_of_queries_does_not_grow_with_files(people, root, page):
    def queries() -> int:
        with CaptureQueriesContext(connection) as own, CaptureQueriesContext(connections["drone"]) as drones_own:
            page(people["viewer"])
        return len(own) + len(drones_own)

    page(people["viewer"])
    before = queries()
    for number in range(40):
        (root / "edrone" / f"b{number}.yaml").write_text(PIPELINE.format("docker"))
    assert queries() == before


def test_hostile_names_are_harmless(people, page, root):
    name = "edrone/<b>x\u202e&?#%.yaml"
    (root / name).write_text(PIPELINE.format("docker"))
    text = page(people["viewer"])
    assert "<b>x" not in text
    assert "\u202e" not in text
    page(people["viewer"], FILE, path=name)


def test_a_name_that_is_no_unicode_fails_neither_page_nor_api(people, page, root):
    Path(os.fsdecode(bytes(root / "edrone") + b"/caf\xe9.yaml")).write_text(PIPELINE.format("broken"))
    (root / "_shared" / "broken.yaml").write_text("a: [\n")
    for user in (people["superuser"], people["viewer"]):
        assert "edrone/default.yaml" in page(user)
        assert "edrone/default.yaml" in paths(user)
    broken = body(Api(people["superuser"]).get(tree_of({"path": "_shared/broken.yaml"})))[0]
    assert any(f"(extended by projects/edrone/caf{REPLACEMENT}.yaml)" in finding["message"] for finding in broken["findings"])


def test_while_findings_are_looked_for_the_page_says_so_and_asks_again(people, page, monkeypatch):
    monkeypatch.setattr(inspection, "AT_ONCE", 0.0)
    text = page(people["superuser"])
    if "edrone is checking the tree." in text:
        assert 'hx-trigger="every 3s"' in text
        assert "_shared/docker.yaml" in text
    wait_until(lambda: "edrone is checking" not in page(people["superuser"]))
    assert "1 error" in page(people["superuser"], q="secret")


@pytest.fixture
def inspected(monkeypatch) -> Callable[..., None]:
    def by(inspect: Callable[[int, int], TreeInspection]) -> None:
        kept_inspection = KeptInspection(inspect)
        monkeypatch.setattr(seen_tree, "inspections", lambda: kept_inspection)

    return by


def test_a_tree_that_could_not_be_checked_has_unknown_findings_and_not_none(people, page, inspected):
    def fails(*_: int) -> TreeInspection:
        raise OSError

    inspected(fails)
    admin, path = people["superuser"], "_shared/docker.yaml"
    assert [file["findings"] for file in body(Api(admin).get(tree_of({"path": path})))] == [None]
    assert {file["findings"] for file in body(Api(admin).get("/api/tree"))} == {None}
    assert Api(admin).get(tree_of({"show": "mistakes"})).status_code == 503
    text = page(admin, FILE, path=path)
    assert "edrone could not check the tree" in text
    assert "The check has found nothing." not in text
    assert ">none<" not in page(admin)
    assert "No files match" not in page(admin, show="mistakes")


def test_the_api_gives_no_findings_of_a_tree_that_has_changed_since(people, root, monkeypatch):
    admin = people["superuser"]
    assert paths(admin, show="mistakes")
    monkeypatch.setattr(inspection, "AT_ONCE", 0.0)
    done = threading.Event()

    def waits(stamp: int, _: int) -> TreeInspection:
        done.wait(30)
        return TreeInspection(stamp)

    monkeypatch.setattr(seen_tree.inspections(), "inspect", waits)
    (root / "default.yaml").write_text("kind: repository\n# changed\n")
    assert {file["findings"] for file in body(Api(admin).get("/api/tree"))} == {None}
    assert Api(admin).get(tree_of({"show": "mistakes"})).status_code == 503
    done.set()


def test_a_time_that_no_calendar_has_is_not_shown(people, page, inspected):
    path = "edrone/default.yaml"
    inspected(lambda stamp, _: TreeInspection(stamp, changes={path: LastCommit("a" * 40, 9_999_999_999_999, "ada", "Far away")}))
    for text in (page(people["viewer"]), page(people["viewer"], FILE, path=path)):
        assert "Far away" in text


def test_a_tree_that_is_away_is_said(people, page, root):
    root.rename(root.with_name("gone"))
    assert "does not exist" in page(people["superuser"], status=503)


def test_an_inspection_is_made_once_for_each_state_and_its_failure_is_kept():
    asked: list[int] = []

    def look(stamp: int, _: int) -> TreeInspection:
        asked.append(stamp)
        if stamp == 2:
            raise OSError
        return TreeInspection(stamp)

    kept_inspection = KeptInspection(look)
    made = [kept_inspection.of(stamp, 1) for stamp in (1, 1, 2, 2, 3)]
    assert [one.stamp if one else 0 for one in made] == [1, 1, 2, 2, 3]
    assert [bool(one and one.failed) for one in made] == [False, False, True, True, False]
    assert asked == [1, 2, 3]
