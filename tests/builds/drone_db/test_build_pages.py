"""Pages of builds: complete, in order, and never reading more than their window."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections, transaction

from builds.drone_db import build_pages
from builds.drone_db.build_pages import ALL, Filters, Page, of_repositories, of_repository
from builds.drone_db.models import Build
from builds.drone_db.newest import newest_builds
from tests import drones

NO_FILTER = Filters()


def walk(read: Any) -> list[Build]:
    """Follow the cursors to the end."""
    found: list[Build] = []
    before, turns = None, 0
    while True:
        page: Page = read(before)
        found += page.builds
        turns += 1
        assert turns < 200
        if page.next is None:
            return found
        assert before is None or page.next < before
        before = page.next


@pytest.fixture(params=[50_000, 15])
def window(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(build_pages, "WINDOW", request.param)
    return int(request.param)


FILTERS = [
    Filters(), Filters(status=("success",)), Filters(status=("failure", "error")), Filters(event=("custom", "tag")),
    Filters(ref=("refs/heads/develop",)), Filters(author_login=("ismewen",)), Filters(sender=("ismewen", "")), Filters(q="release"),
    Filters(author="ISMEWEN"), Filters(author="no such"), Filters(status=("blocked",)), Filters(status=("blocked", "failure")),
    Filters(status=("pending", "running")), Filters(status=("running",)), Filters(status=("running", "success")),
    Filters(deploy_to=("production",)), Filters(since=0, until=2**31), Filters(since=2**62), Filters(until=-5), Filters(author_login=("nobody",)),
]  # fmt: skip


def test_the_pages_together_are_every_build_that_matches_newest_first(recorded_drone: str, window: int):
    everything = list(Build.objects.order_by("-id"))
    for filters in FILTERS:
        matching = set(Build.objects.filter(filters.condition()).values_list("id", flat=True))
        rows = [build for build in everything if build.id in matching]
        for visible in (ALL, [], [1, 3], [1, 2, 3, 4, 999]):
            expected = [build for build in rows if visible is ALL or build.repo_id in visible]
            assert walk(lambda before: of_repositories(visible, filters, before, 7)) == expected  # noqa: B023 - called at once
        expected = sorted((build for build in rows if build.repo_id == 1), key=lambda build: -build.number)
        assert walk(lambda before: of_repository(1, filters, before, 7)) == expected  # noqa: B023 - called at once


def test_pages_by_number_are_slices(recorded_drone: str):
    expected = list(Build.objects.filter(repo_id=1).order_by("-number"))
    for offset in range(0, 25, 5):
        assert of_repository(1, NO_FILTER, None, 5, offset).builds == expected[offset : offset + 5]
    assert of_repository(1, NO_FILTER, None, 5, 10**6).builds == []


@pytest.mark.parametrize("before", [0, -1, 2**63, -(2**63), 10**30])
def test_a_cursor_may_be_any_number(recorded_drone: str, before: int):
    for page in (of_repository(1, NO_FILTER, before, 5), of_repositories(ALL, NO_FILTER, before, 5)):
        assert len(page.builds) == (5 if before > 0 else 0)


@pytest.fixture
def many_builds(db: None, postgres: Any) -> Any:
    """Connect to 6,000 builds of 10 repositories in turn, after 3,000 of an old one."""
    database = drones.recorded_postgres(postgres, "2.28.2", "many_builds")
    drones.execute(
        database,
        "INSERT INTO repos (repo_id, repo_uid, repo_slug) SELECT n, n, 'many/' || n FROM generate_series(100, 110) n;"
        "INSERT INTO builds (build_id, build_repo_id, build_number, build_status, build_event, build_author, build_ref, build_created)"
        " SELECT 1000 + n, CASE WHEN n <= 3000 THEN 100 ELSE 101 + n % 10 END, n, 'success', 'push',"
        " 'author' || n % 7, 'refs/heads/master', n FROM generate_series(1, 9000) n; ANALYZE",
    )
    with drones.connected(database):
        yield
    drones.execute(drones.postgres_database(postgres, "postgres"), "DROP DATABASE many_builds")


COUNTED = """
SELECT pg_stat_get_xact_tuples_returned('builds'::regclass) + pg_stat_get_xact_tuples_fetched('builds'::regclass)
    + (SELECT sum(pg_stat_get_xact_tuples_fetched(indexrelid)) FROM pg_index WHERE indrelid = 'builds'::regclass)
"""


def rows_read(call: Callable[[], Page]) -> int:
    """Count the rows of the table that are looked at, be it along an index or not."""
    with transaction.atomic("drone"), connections["drone"].cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexonlyscan = off")  # so that counting counts
        cursor.execute(COUNTED)
        before = cursor.fetchone()[0]
        call()
        cursor.execute(COUNTED)
        return int(cursor.fetchone()[0] - before)


@pytest.mark.parametrize(
    "filters",
    [
        Filters(event=("promote",)), Filters(author_login=("author5",), event=("promote",)), Filters(author_login=("nobody",)),
        Filters(sender=("nobody",)), Filters(q="nothing like it"), Filters(since=0), Filters(), Filters(status=("killed",)),
    ],
)  # fmt: skip
def test_a_page_reads_no_more_than_it_may(many_builds, monkeypatch, filters):
    monkeypatch.setattr(build_pages, "WINDOW", 1_800)
    for visible in ([100], [101], [100, 101, 102, 103], list(range(100, 111)), ALL):
        if visible is ALL and filters == Filters():
            continue  # along the key alone, as deep as the page's number says
        for before, offset in ((None, 0), (None, 200), (9_000, 0), (9_000, 200), (5_000, 0)):
            read = rows_read(lambda: of_repositories(visible, filters, before, 25, offset))  # noqa: B023 - called at once
            assert 0 < read <= 1_800 + 300, (visible, before, offset)


def test_the_newest_builds_of_some_repositories_are_found_however_old_they_are(many_builds, monkeypatch):
    monkeypatch.setattr(build_pages, "WINDOW", 2_900)
    for visible in ([100], [100, 999], [1, 100]):
        expected = list(Build.objects.filter(repo_id__in=visible).order_by("-id")[:60])
        assert of_repositories(visible, NO_FILTER, None, 25).builds == expected[:25]
        assert of_repositories(visible, NO_FILTER, None, 5, 15).builds == expected[15:20]


def test_numbers_that_do_not_rise_as_the_ids_do_lose_nothing(recorded_drone: str):
    every = list(Build.objects.order_by("-id"))
    for count in range(1, 25):
        assert newest_builds([1, 2, 3], count, 50_000) == every[:count]
    assert newest_builds([1, 2, 3], 25, 100) is None
    assert newest_builds([999], 25, 50_000) == []
