"""Pages of builds: complete, in order, and never reading more than their window."""

from typing import Any

import pytest

from builds import pages
from builds.models import Build
from builds.pages import Filters, Page, of_repositories, of_repository

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


@pytest.fixture(params=[50_000, 5])
def window(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(pages, "WINDOW", request.param)
    return int(request.param)


FILTERS = [
    Filters(), Filters(status=("success",)), Filters(status=("failure", "error")), Filters(event=("custom", "tag")),
    Filters(ref=("refs/heads/develop",)), Filters(author_login=("ismewen",)), Filters(sender=("ismewen", "")), Filters(q="release"),
    Filters(status=("pending", "running")), Filters(status=("running",)), Filters(status=("running", "success")),
    Filters(deploy_to=("production",)), Filters(since=0, until=2**31), Filters(since=2**62), Filters(until=-5), Filters(author_login=("nobody",)),
]  # fmt: skip


def test_the_pages_together_are_every_build_that_matches_newest_first(recorded_drone: str, window: int):
    everything = list(Build.objects.order_by("-id"))
    for filters in FILTERS:
        matching = set(Build.objects.filter(filters.condition()).values_list("id", flat=True))
        rows = [build for build in everything if build.id in matching]
        for visible in (None, [], [1, 3], [1, 2, 3, 4, 999]):
            expected = [build for build in rows if visible is None or build.repo_id in visible]
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
    for page in (of_repository(1, NO_FILTER, before, 5), of_repositories(None, NO_FILTER, before, 5)):
        assert len(page.builds) == (5 if before > 0 else 0)
