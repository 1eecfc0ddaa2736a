"""The statistics of a period over some repositories: what is summed up, what is read live, and which days are neither yet."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from operator import or_

from django.db.models import OuterRef, Q, Subquery

from builds.drone_db.build_pages import ALL, RepoIds
from builds.drone_db.models import Build, Repo
from builds.drone_db.vocabulary import SETTLED
from builds.statistics.blocks import Piece, pieces, results
from builds.statistics.collected import Builds
from builds.statistics.facts import MOST, counts, unpacked
from builds.statistics.figures import Figures, figures_of
from builds.statistics.models import BuildSummary, OpenDay, SummedDay
from builds.statistics.periods import SECONDS, Period, today
from builds.statistics.reading import DayOfRepo, days_between, days_of, in_chunks
from builds.statistics.selection import Selection
from builds.statistics.summing import close, days_to_sum, forget_all, forget_purged, other_drone, sum_days

PATIENCE = 0.1  # seconds that a reader waits for days to be summed up; one day is always
FEW = 3  # repositories that are read one by one
FIRST_NUMBER = Subquery(Build.objects.filter(repo_id=OuterRef("id")).order_by("number").values("number")[:1])


@dataclass(frozen=True)
class Statistics:
    period: Period
    figures: Figures
    success_before: float | None  # per cent, in the period before; None where nothing was built, or not all is summed up
    since: int  # the first day that is counted; later than the period's where days are still to be summed up
    days: int  # that are counted
    left: int  # days still to be summed up
    slugs: dict[int, str]  # of the repositories that Drone has

    @property
    def change(self) -> float | None:
        """Points by which the success rate differs from that of the period before."""
        success = self.figures.numbers.success
        return None if success is None or self.success_before is None else success - self.success_before

    @property
    def per_week(self) -> float:
        """Deployments in seven days."""
        return self.figures.deployments * 7 / self.days if self.days else 0.0

    @property
    def undone(self) -> float | None:
        """Per cent of the promotions that failed or were rolled back."""
        return 100 * self.figures.failed_deployments / self.figures.promotions if self.figures.promotions else None


def statistics_of(visible: RepoIds, period: Period, selection: Selection, patience: float = PATIENCE) -> Statistics:
    """Count a period over some repositories. Days that nobody has summed up are summed up first, for at most some seconds."""
    now = time.time()
    if other_drone(now):
        forget_all()
    before = period.before()
    left, left_before = days_to_sum(period.days, now), days_to_sum(before.days, now)
    summed = set(sum_days([*left, *left_before], now, patience))
    left, left_before = ([day for day in days if day not in summed] for days in (left, left_before))
    since = max(left, default=period.first - 1) + 1
    counted = Period(period.word, since, min(period.last, today(now)))
    repos = Repo.objects.all() if visible is ALL else Repo.objects.filter(id__in=visible)
    rows = list(repos.values_list("id", "slug", "default_branch", FIRST_NUMBER))
    default_refs = {pk: f"refs/heads/{branch}" for pk, _, branch, _ in rows}
    first_numbers = {pk: number or MOST for pk, _, _, number in rows}  # 0: it has no builds
    forget_purged(first_numbers)
    builds = collected(visible, counted, Builds(period, selection, default_refs, first_numbers), now)
    return Statistics(
        period,
        figures_of(builds),
        success(visible, before, selection, now) if not left and not left_before else None,
        since,
        len(counted.days),
        len(left),
        {pk: slug for pk, slug, _, _ in rows},
    )


def collected(visible: RepoIds, period: Period, builds: Builds, now: float) -> Builds:
    """Put together what is summed up and what is read live."""
    for repo_id, facts in summed_up(visible, period, builds.selection, now):
        builds.add(repo_id, facts)
    for (repo_id, _), repo_day in (open_days(visible, period, now) | recent_days(visible, period, now)).items():
        builds.add(repo_id, repo_day.facts)
    return builds


def summed_up(visible: RepoIds, period: Period, selection: Selection, now: float) -> Iterator[Piece]:
    last = min(period.last, today(now - SETTLED) - 1)
    if visible is ALL or len(visible) > FEW:
        yield from pieces(period.first, last, visible, by_event_and_branch=bool(selection))
        return
    columns = ("repo_id", "builds", "names", "flaky", "filtered_steps" if selection else "steps")
    rows = BuildSummary.objects.filter(repo_id__in=visible, day__gte=period.first, day__lte=last)
    for repo_id, *row in rows.values_list(*columns):
        yield repo_id, unpacked(*row)


def recent_days(visible: RepoIds, period: Period, now: float) -> dict[tuple[int, int], DayOfRepo]:
    """Read today, and yesterday for the first minutes."""
    first = max(period.first, today(now - SETTLED))
    return days_between(first, period.last, visible, now) if first <= period.last else {}


def open_days(visible: RepoIds, period: Period, now: float) -> dict[tuple[int, int], DayOfRepo]:
    """Read the days that were not summed up because a build had not ended, and keep those of which all have."""
    rows = OpenDay.objects.filter(day__gte=period.first, day__lte=period.last)
    pairs = list((rows if visible is ALL else rows.filter(repo_id__in=visible)).values_list("repo_id", "day"))
    if not pairs:
        return {}
    ids = {
        day: ends
        for day, *ends in SummedDay.objects.filter(day__in={day for _, day in pairs}).values_list("day", "first_id", "last_id")
    }
    read: dict[tuple[int, int], DayOfRepo] = {}
    for some in in_chunks(pairs):
        read |= days_of(reduce(or_, (of_day(repo_id, day, *ids.get(day, (0, 0))) for repo_id, day in some)), ALL, now)
    close(read, pairs)
    return read


def of_day(repo_id: int, day: int, low: int, high: int) -> Q:
    return Q(repo_id=repo_id, id__gte=low, id__lte=high, created__gte=day * SECONDS, created__lt=(day + 1) * SECONDS)


def success(visible: RepoIds, period: Period, selection: Selection, now: float) -> float | None:
    """Return the success rate of a period that is summed up, in per cent."""
    last = min(period.last, today(now - SETTLED) - 1)
    read = [repo_day.facts for repo_day in open_days(visible, period, now).values()]
    good = finished = 0
    if selection:
        read += [facts for _, facts in summed_up(visible, period, selection, now)]
    else:
        good, finished = results(period.first, last, visible)
    for facts in read:
        its_good, its_finished = counts(selection.of(facts).status)
        good, finished = good + its_good, finished + its_finished
    return 100 * good / finished if finished else None
