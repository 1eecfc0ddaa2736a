"""checkprojects and the page Tree say which repositories Drone does not trust, where its database is named."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from django.core.management import call_command

from builds.access.models import Level
from builds.tree import inspection, seen_tree
from builds.tree.inspection import KeptInspection, TreeInspection, examined_apart, examined_here
from builds.tree.trust import trusted
from pipelines.inventory import kept
from tests import drones
from tests.builds.api import Api, body
from tests.builds.conftest import person
from tests.drones import connected

PIPELINE = "kind: pipeline\nname: a\ntrigger: {event: [push]}\nsteps:\n- name: x\n  image: y\n  privileged: true\n"
FILES = {"edrone/default.yaml": PIPELINE, "@octocat/hello/default.yaml": PIPELINE, "@shop/cart/default.yaml": PIPELINE}
ADVICE = "privileged needs a repository that is trusted in Drone; elsewhere the runner fails it."


@pytest.fixture
def root(tree, settings, monkeypatch) -> Path:
    settings.EDRONE_NAMESPACES = frozenset()
    monkeypatch.setattr(kept, "STILL_NEW", 0.0)
    monkeypatch.setattr(inspection, "AT_ONCE", 30.0)
    seen_tree.inspections.cache_clear()
    return Path(tree(FILES))


@pytest.fixture(params=["sqlite", "postgres"])
def trust(request, db, tmp_path, settings) -> Iterator[Callable[..., None]]:
    """Connect edrone to a database of Drone's; give a function that lets Drone trust just these repositories."""
    settings.DRONE_DATABASE, settings.EDRONE_DEMO = {"ENGINE": "django.db.backends.sqlite3"}, False
    if request.param == "sqlite":
        path = drones.recorded_sqlite(tmp_path / "drone.sqlite")
        database = drones.sqlite_database(path)
    else:
        database = drones.recorded_postgres(request.getfixturevalue("postgres"), "2.28.2", "trust")

    def change(*slugs: str) -> None:
        for truth, which in (("false", "true"), ("true", f"repo_slug IN ({', '.join(map(repr, slugs))})" if slugs else "false")):
            sql = f"UPDATE repos SET repo_trusted = {truth} WHERE {which}"
            if request.param == "postgres":
                drones.execute(database, sql)
            else:
                with closing(sqlite3.connect(path)) as connection, connection:
                    connection.execute(sql)

    change()
    with connected(database):
        yield change


@pytest.fixture
def drone_unasked(db) -> Iterator[None]:
    """Let Drone's tables say who may see what, and checks know nothing of them, as in the demonstration."""
    with connected(drones.sqlite_database(drones.RECORDED / "drone-2.28.2.sqlite")):
        yield


def run(capsys, *arguments: str) -> list[str]:
    """Give what checkprojects says of trust: file, line, and the message."""
    call_command("checkprojects", *arguments)
    out, _ = capsys.readouterr()
    return [
        line.rpartition("projects/")[2].replace(": warning needs-trust ", " ") for line in out.splitlines() if "trust" in line
    ]


def test_it_is_read_of_every_database_which_repositories_drone_trusts(recorded_drone, settings):
    settings.DRONE_DATABASE, settings.EDRONE_DEMO = {"ENGINE": "django.db.backends.sqlite3"}, False
    assert trusted() == {"ismewen/edrone": False, "octocat/hello": False, "shop/cart": False}  # shop/checkout is not active
    settings.EDRONE_DEMO = True
    assert trusted() is None


def test_checkprojects_names_those_that_are_not_trusted(root, trust, capsys):
    trust("octocat/hello")
    assert run(capsys) == [
        f"@shop/cart/default.yaml:7:3 {ADVICE} Not trusted: shop/cart.",
        f"edrone/default.yaml:7:3 {ADVICE} Not trusted: ismewen/edrone.",
    ]
    assert run(capsys, "edrone") == [f"edrone/default.yaml:7:3 {ADVICE} Not trusted: ismewen/edrone."]
    trust("octocat/hello", "shop/cart", "ismewen/edrone")
    assert run(capsys) == []


def test_a_repository_that_drone_does_not_know_gets_the_advice(root, trust, capsys):
    trust("octocat/hello", "shop/cart", "ismewen/edrone")
    for name in ("unknown", "strange"):
        (root / name).mkdir()
        (root / name / "default.yaml").write_text(PIPELINE)
    assert run(capsys) == [f"strange/default.yaml:7:3 {ADVICE} (and 1 more in 2 files)"]


def test_an_own_file_is_told_of_its_repository(root, trust, capsys, tmp_path):
    (tmp_path / "own.yml").write_text(PIPELINE)
    for slug, said in (("shop/cart", [f"{tmp_path}/own.yml:7:3 {ADVICE} Not trusted: shop/cart."]), ("octocat/hello", [])):
        trust("octocat/hello")
        assert run(capsys, "--own", slug, str(tmp_path / "own.yml")) == said
    assert run(capsys, "--own", "nobody/knows", str(tmp_path / "own.yml")) == [f"{tmp_path}/own.yml:7:3 {ADVICE}"]


def test_without_a_database_it_is_one_advice(root, no_drone, capsys):
    assert run(capsys) == [f"@octocat/hello/default.yaml:7:3 {ADVICE} (and 2 more in 3 files)"]


def test_an_own_file_gets_the_advice_too(root, no_drone, capsys, tmp_path):
    (tmp_path / "own.yml").write_text(f"{PIPELINE}  devices: [{{name: a, path: /b}}]\n")
    said = [f"{tmp_path}/own.yml:7:3 {ADVICE} (and 1 more in this file)"]
    assert run(capsys, "--own", "shop/cart", str(tmp_path / "own.yml")) == said


def test_a_database_that_is_away_is_said_and_the_check_goes_on(root, db, settings, tmp_path, capsys):
    settings.DRONE_DATABASE, settings.EDRONE_DEMO = {"ENGINE": "django.db.backends.sqlite3"}, False
    with connected(drones.sqlite_database(tmp_path / "gone.sqlite")):
        call_command("checkprojects")
        out, errors = capsys.readouterr()
        assert "Which repositories Drone trusts is not known: " in errors
        assert out.count("needs-trust") == 1
        assert findings(person("all", Level.VIEW, "*")).keys() == {"@octocat/hello/default.yaml"}


def findings(user) -> dict[str, list[str]]:
    """Give the messages of the files that have some, as a reader of the tree sees them."""
    files = body(Api(user).get("/api/tree"))
    return {file["path"]: [one["message"] for one in file["findings"]] for file in files if file["findings"]}


def test_the_page_names_them_to_those_who_see_all(root, trust):
    trust("octocat/hello")
    everything = person("all", Level.VIEW, "*")
    assert findings(everything) == {
        "@shop/cart/default.yaml": [f"{ADVICE} Not trusted: shop/cart."],
        "edrone/default.yaml": [f"{ADVICE} Not trusted: ismewen/edrone."],
    }
    assert findings(person("cart", Level.VIEW, "shop/cart")) == {"@shop/cart/default.yaml": [ADVICE]}
    assert findings(person("hello", Level.VIEW, "octocat/hello")) == {}


def test_what_is_told_once_is_told_to_each_reader_of_the_files_that_they_see(root, drone_unasked):
    assert findings(person("all", Level.VIEW, "*")) == {"@octocat/hello/default.yaml": [f"{ADVICE} (and 2 more in 3 files)"]}
    cart = person("cart", Level.VIEW, "shop/cart")
    assert findings(cart) == {"@shop/cart/default.yaml": [ADVICE]}
    assert [file["path"] for file in body(Api(cart).get("/api/tree?show=mistakes"))] == ["@shop/cart/default.yaml"]
    assert findings(person("outsider", Level.VIEW, "nobody/nothing")) == {}


@pytest.mark.parametrize("known", [None, {}, {"octocat/hello": True, "shop/cart": False}])
def test_a_process_of_its_own_finds_the_same(root, known):
    here = examined_here(root, known)
    assert examined_apart(root, known) == here
    assert here.once or known
    assert len(here.findings) == len([slug for slug, is_trusted in (known or {}).items() if not is_trusted])


def test_an_inspection_is_made_again_after_a_while_and_nobody_waits_for_it(monkeypatch):
    made: list[int] = []

    def look(stamp: int, _: int) -> TreeInspection:
        made.append(stamp)
        return TreeInspection(stamp, failed=bool(len(made) % 2))

    kept_inspection = KeptInspection(look)
    monkeypatch.setattr(inspection, "AT_ONCE", 30.0)
    first = kept_inspection.of(1, 1)
    assert kept_inspection.of(1, 1) is first
    monkeypatch.setattr(inspection, "STILL_TRUE", 0.0)
    kept_inspection.of(1, 1)
    if kept_inspection.running:
        kept_inspection.running.join()
    assert made == [1, 1]
