"""Statistics are what docs/statistics.md says in SQL, whether days are summed up, read live, or were purged since."""

import time
from itertools import pairwise

import pytest

from builds.drone_db.build_pages import ALL, RepoIds
from builds.drone_db.models import Build
from builds.statistics.models import BuildBlock, OpenDay, SummedDay
from builds.statistics.periods import Period, date_of, month_of, period_of, today
from builds.statistics.selection import Selection
from builds.statistics.statistics import Statistics, statistics_of
from builds.statistics.summing import days_to_sum, sum_days
from tests.builds.conftest import Change
from tests.builds.statistics import brute_force
from tests.builds.statistics.made_up import REPOS, statements

DAYS, BUILDS, SECONDS = 130, 500, 86_400
ALL_TIME = float("inf")
SELECTIONS = [
    (Selection(), ""),
    (Selection(events=("push",)), "AND build_event IN ('push')"),
    (Selection(events=("promote", "rollback")), "AND build_event IN ('promote', 'rollback')"),
    (Selection(refs=("refs/heads/main", "refs/heads/master")), "AND build_ref IN ('refs/heads/main', 'refs/heads/master')"),
    (Selection(("cron",), ("refs/heads/nowhere",)), "AND build_event = 'cron' AND build_ref = 'refs/heads/nowhere'"),
]

SOME: list[tuple[RepoIds, str]] = [
    (ALL, ""),
    (frozenset({1, 3}), " AND build_repo_id IN (1, 3)"),
    (frozenset({2}), " AND build_repo_id = 2"),
]


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> int:
    """A moment at which time stands still: between two readings a build must not become older than ten minutes."""
    at = int(time.time()) // SECONDS * SECONDS + 5 * 3600
    monkeypatch.setattr(time, "time", lambda: float(at))
    return at


def periods(now: int) -> list[Period]:
    names = [f"{date_of(month_of(today(now)).start - ago):%Y-%m}" for ago in (-1, 1, 32)]
    return [period_of(word, now) for word in ("7", "30", "90", "365", *names)]


def difference(of: Statistics, condition: str, begin: int | None = None) -> dict[str, object]:
    """Return what is not as it should be."""
    expected = brute_force.numbers(of.period.first * SECONDS if begin is None else begin, of.period.end, condition)
    ours = brute_force.ours(of.figures)
    return {name: (ours[name], value) for name, value in expected.items() if ours[name] != value}


@pytest.mark.parametrize("few", [0, 3])
def test_every_period_and_selection_is_equal_to_plain_sql(change: Change, now: int, few: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("builds.statistics.statistics.FEW", few)  # repositories that are read one by one, and not from blocks
    change(*statements(1, now, DAYS, BUILDS))
    compared = 0
    for period in periods(now):
        for selection, condition in SELECTIONS:
            for repos, its in SOME if period.word in {"30", "365"} else SOME[:1]:
                of = statistics_of(repos, period, selection, ALL_TIME)
                assert difference(of, condition + its) == {}, (period, selection, repos)
                compared += of.figures.numbers.builds
    assert compared > BUILDS
    assert BuildBlock.objects.filter(days=64).exists()
    assert OpenDay.objects.exists()


def test_what_is_compared_has_something_of_everything(change: Change, now: int):
    change(*statements(1, now, DAYS, BUILDS))
    figures = statistics_of(ALL, period_of("90", now), Selection(), ALL_TIME).figures
    assert figures.flaky
    assert figures.restored
    assert figures.failed_deployments
    assert figures.rollbacks
    assert {"success", "failure", "error", "killed", "declined", "skipped", "pending"} <= figures.statuses.keys()
    assert sum(numbers.builds for numbers in figures.buckets.values()) == figures.numbers.builds
    assert sum(numbers.builds for numbers in figures.repos.values()) == figures.numbers.builds


def test_shares_and_the_numbers_of_each_bar_and_each_repository_are_equal_to_plain_sql(change: Change, now: int):
    change(*statements(1, now, DAYS, BUILDS))
    period = period_of("90", now)
    of = statistics_of(ALL, period, Selection(), ALL_TIME)
    deployments, promotions, undone = brute_force.numbers(period.first * SECONDS, period.end)["deployments"]
    assert (of.per_week, of.undone) == pytest.approx((deployments * 7 / 90, 100 * undone / promotions))
    begins = [*of.figures.buckets, period.last + 1]
    parts = [(of.figures.buckets[first], first, last, "") for first, last in pairwise(begins)]
    parts += [(numbers, begins[0], begins[-1], f"AND build_repo_id = {repo}") for repo, numbers in of.figures.repos.items()]
    for numbers, first, last, condition in parts:
        expected = brute_force.numbers(first * SECONDS, last * SECONDS, condition)
        good, finished = expected["success"]
        assert (numbers.good, numbers.bad, numbers.finished) == (good, finished - good, finished)
        assert numbers.success == (pytest.approx(100 * good / finished) if finished else None)
        assert (numbers.p50, numbers.p95) == expected["duration"]


def test_the_change_is_that_to_the_period_before(change: Change, now: int):
    change(*statements(3, now, DAYS, BUILDS))
    for period in periods(now)[:2]:
        for selection, condition in SELECTIONS[:3]:
            before = period.before()
            ((good, finished),) = brute_force.rows("success", before.first * SECONDS, before.end, condition)
            of = statistics_of(ALL, period, selection, ALL_TIME)
            if of.success_before is None:  # the days before are summed up only when somebody asks for them
                list(sum_days(days_to_sum(before.days, now), now, ALL_TIME))
                of = statistics_of(ALL, period, selection, ALL_TIME)
            assert of.success_before == pytest.approx(100 * good / finished)


def test_purged_builds_are_not_counted_any_more(change: Change, now: int):
    change(*statements(4, now, DAYS, BUILDS))
    period = period_of("90", now)
    statistics_of(ALL, period, Selection(), ALL_TIME)
    of_purge = "DELETE FROM builds WHERE build_repo_id = {} AND build_number < {}"
    for purge in (of_purge.format(1, 60), of_purge.format(1, 100), of_purge.format(3, 10_000)):
        change(purge)
        for selection, condition in SELECTIONS:
            assert difference(statistics_of(ALL, period, selection, ALL_TIME), condition) == {}, (purge, selection)
        assert difference(statistics_of(frozenset({1, 3}), period, Selection(), ALL_TIME), "AND build_repo_id IN (1, 3)") == {}, (
            purge
        )


def test_builds_that_are_purged_before_the_period_are_noticed(change: Change, now: int):
    change(*statements(4, now, DAYS, BUILDS))
    period = period_of("30", now)
    statistics_of(ALL, period, Selection(), ALL_TIME)
    for repo in REPOS:
        first = Build.objects.filter(repo_id=repo, created__gte=period.first * SECONDS).earliest("number")
        change(f"DELETE FROM builds WHERE build_repo_id = {repo} AND build_number < {first.number}")
    before = period.before()
    for repos, condition in SOME:
        ((good, finished),) = brute_force.rows("success", before.first * SECONDS, before.end, condition)
        of = statistics_of(repos, period, Selection(), ALL_TIME)
        assert of.success_before == (pytest.approx(100 * good / finished) if finished else None)
        assert difference(of, condition) == {}


@pytest.mark.parametrize("earlier", [0, 8])
def test_a_step_is_not_flaky_any_more_when_its_red_build_is_purged(change: Change, now: int, earlier: int):
    change(*statements(4, now, DAYS, BUILDS))
    day = {(build.repo_id, build.number): build.created // SECONDS for build in Build.objects.all()}
    flaky = [(repo, failed, green) for repo, *_, failed, green in brute_force.rows("flaky", now - 90 * SECONDS, now)]
    repo, failed, first = next(
        (repo, failed, day[repo, green])
        for repo, failed, green in flaky
        if repo in REPOS and day[repo, failed] < day[repo, green]
    )
    list(sum_days(days_to_sum(range(first - earlier, today(now)), now), now, ALL_TIME))
    change(f"DELETE FROM builds WHERE build_repo_id = {repo} AND build_number <= {failed}")
    assert difference(statistics_of(ALL, Period("", first, today(now)), Selection(), ALL_TIME), "") == {}


def test_builds_without_a_time_hide_no_others(change: Change, now: int):
    change(*statements(9, now, DAYS, BUILDS), "UPDATE builds SET build_created = 0 WHERE build_id IN (1000, 1250, 1499)")
    assert difference(statistics_of(ALL, period_of("90", now), Selection(), ALL_TIME), "") == {}


def test_a_build_that_ends_late_is_counted_when_it_has(change: Change, now: int):
    change(*statements(5, now, DAYS, BUILDS))
    period = period_of("90", now)
    statistics_of(ALL, period, Selection(), ALL_TIME)
    still_open = OpenDay.objects.count()
    assert still_open
    change("UPDATE builds SET build_status = 'success', build_started = build_created + 5, build_finished = build_created + 50 "
           "WHERE build_status IN ('pending', 'running')")  # fmt: skip
    for _ in range(2):  # read live and kept, then from what is kept
        assert difference(statistics_of(ALL, period, Selection(), ALL_TIME), "") == {}
    assert OpenDay.objects.count() < still_open


def test_days_that_are_not_summed_up_yet_are_left_out_and_said(change: Change, now: int):
    change(*statements(6, now, DAYS, BUILDS))
    period = period_of("30", now)
    sinces = [statistics_of(ALL, period, Selection(), 0).since for _ in range(4)]
    assert [later - earlier for earlier, later in pairwise(sinces)] == [-1, -1, -1]
    of = statistics_of(ALL, period, Selection(), 0)
    assert of.left == sinces[-1] - 1 - period.first
    assert difference(of, "", of.since * SECONDS) == {}


def test_summing_up_twice_at_once_changes_nothing(change: Change, now: int):
    change(*statements(7, now, 40, 200))
    period = period_of("30", now)
    days = days_to_sum(period.days, now)
    list(sum_days(days, now, ALL_TIME))
    list(sum_days(days, now, ALL_TIME))
    assert SummedDay.objects.count() == len(days)
    assert difference(statistics_of(ALL, period, Selection(), ALL_TIME), "") == {}


def test_another_drone_is_summed_up_anew(change: Change, now: int):
    change(*statements(8, now, DAYS, BUILDS))
    statistics_of(ALL, period_of("90", now), Selection(), ALL_TIME)
    lower = (
        f"UPDATE {table} SET {column} = {column} - 900"
        for table, column in (("builds", "build_id"), ("stages", "stage_build_id"))
    )
    change(*statements(9, now, DAYS, BUILDS), *lower)
    for _ in range(2):  # open days are kept, then read again
        assert difference(statistics_of(ALL, period_of("90", now), Selection(), ALL_TIME), "") == {}


def test_a_day_that_was_summed_up_while_the_clock_was_ahead_is_summed_up_anew(change: Change, now: int):
    change(*statements(9, now, DAYS, BUILDS))
    list(sum_days([today(now)], now + SECONDS, ALL_TIME))
    statistics_of(ALL, period_of("7", now), Selection(), ALL_TIME)
    assert not SummedDay.objects.filter(day=today(now)).exists()


def test_no_builds_at_all(change: Change, now: int):
    change("DELETE FROM builds")
    of = statistics_of(ALL, period_of("30", now), Selection())
    assert (of.figures.numbers.builds, of.figures.numbers.success, of.left, of.change) == (0, None, 0, None)
