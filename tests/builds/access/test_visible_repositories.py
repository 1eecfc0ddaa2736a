"""`visible`, the set form of `may`, on both databases."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser

from builds.access.finding import visible_repos
from builds.access.models import Grant, Level
from builds.access.rules import may, visible_ids
from builds.drone_db.build_pages import ALL, Filters, of_repositories
from builds.drone_db.models import Repo
from tests import drones
from tests.builds.conftest import person

pytestmark = pytest.mark.django_db
SLUGS = [
    "a/b",
    "A/b",
    "a/B",
    "a/sub/b",
    "ab/c",
    "a_/x",
    "a%/x",
    "a/%",
    "公司/商店",
    "公司/x",
    "🚀/x",
    "a.b/c.d",
    "é/x",
    "e\u0301/x",
]
PATTERNS = ["*", "a/*", "A/*", "a/b", "a/sub/*", "a_/*", "a%/*", "公司/*", "公司/商店", "🚀/*", "a.b/c.d", "é/*", "nobody/*"]


@pytest.fixture(params=["sqlite", "postgres"])
def repos(request: Any, db: None, tmp_path: Path) -> Any:
    """Connect edrone to a database whose repositories have these names."""
    rows = [
        f"INSERT INTO repos (repo_id, repo_uid, repo_slug) VALUES ({n}, '{n}', '{slug}')" for n, slug in enumerate(SLUGS, 100)
    ]
    if request.param == "sqlite":
        copy = tmp_path / "drone.sqlite"
        copy.write_bytes((drones.RECORDED / "drone-2.28.2.sqlite").read_bytes())
        with closing(sqlite3.connect(copy)) as connection, connection:
            connection.executescript(";".join(rows))
        with drones.connected(drones.sqlite_database(copy)):
            yield
        return
    server = request.getfixturevalue("postgres")
    database = drones.recorded_postgres(server, "2.28.2", "visible")
    drones.execute(database, ";".join(rows))
    with drones.connected(database):
        yield
    drones.execute(drones.postgres_database(server, "postgres"), "DROP DATABASE visible")


@pytest.mark.parametrize("patterns", [[pattern] for pattern in PATTERNS] + [[], ["a/b", "公司/*"], ["a/*", "a/b", "ab/c"]])
def test_lists_hold_just_what_each_could_be_asked_for(repos, patterns):
    user = person("somebody")
    for pattern in patterns:
        Grant.objects.create(user=user, pattern=pattern, level=Level.VIEW)
    expected = {pk for pk, slug in Repo.objects.values_list("pk", "slug") if may(user, Level.VIEW, slug)}
    ids = visible_ids(user)
    found = set(Repo.objects.values_list("pk", flat=True)) if ids is ALL else set(ids)
    assert found == expected
    assert bool(expected) == bool(patterns and patterns != ["nobody/*"])


def test_a_thousand_namespaces_are_not_too_many(repos):
    user = person("somebody")
    patterns = ["a/*", "公司/*", *(f"namespace-{n}/*" for n in range(1200))]
    Grant.objects.bulk_create(Grant(user=user, pattern=pattern, level=Level.VIEW) for pattern in patterns)
    expected = {pk for pk, slug in Repo.objects.values_list("pk", "slug") if slug.startswith(("a/", "公司/"))}
    found = visible_ids(user)
    assert found is not ALL
    assert set(found) == expected


def test_inactive_users_and_superusers(repos):
    assert visible_ids(person("root", is_superuser=True)) is ALL
    assert visible_ids(person("gone", Level.VIEW, is_active=False)) == frozenset()
    assert visible_ids(person("gone-root", is_superuser=True, is_active=False)) == frozenset()


def test_whoever_has_no_grant_sees_nothing(repos):
    for user in (AnonymousUser(), person("nobody")):
        assert list(visible_repos(user)) == []
        assert visible_ids(user) == frozenset()
        assert of_repositories(visible_ids(user), Filters(), None, 10).builds == []
