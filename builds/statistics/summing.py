"""Sums up days that are over, so that nobody has to read their builds again.

Several processes may do so at once: each day is written in one transaction, and whoever comes second finds it done.
"""

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.db import transaction
from django.db.models import Max, Min, OuterRef, Q, QuerySet, Subquery

from builds.drone_db.build_pages import ALL
from builds.drone_db.models import Build, Repo
from builds.statistics.blocks import SIZES, block, changing
from builds.statistics.facts import FLAKY
from builds.statistics.models import BuildBlock, BuildSummary, OpenDay, SummedDay
from builds.statistics.periods import SECONDS, today
from builds.statistics.reading import SETTLED, DayOfRepo, days_of, ids_of, oldest_day

SLICE = 400  # rows of one statement


def days_to_sum(days: range, now: float) -> list[int]:
    """Return the days that are over and not summed up, the newest first."""
    oldest, over = oldest_day(), today(now - SETTLED) - 1
    if oldest is None:
        return []
    wanted = range(max(days.start, oldest), min(days.stop, over + 1))
    summed = set(SummedDay.objects.filter(day__gte=wanted.start, day__lt=wanted.stop).values_list("day", flat=True))
    return [day for day in reversed(wanted) if day not in summed]


def sum_days(days: Iterable[int], now: float, seconds: float) -> Iterator[int]:
    """Sum up one day after another until the time is over, at least one; yields each."""
    end = time.monotonic() + seconds
    for day in days:
        sum_day(day, now)
        yield day
        if time.monotonic() > end:
            return


def sum_day(day: int, now: float) -> None:
    low, high = ids_of(day, day)
    within_day = Q(id__gte=low, id__lt=high, created__gte=day * SECONDS, created__lt=(day + 1) * SECONDS)
    read = days_of(within_day, ALL, now)
    rows = [
        BuildSummary(repo_id=repo, day=day, **repo_day.facts.packed())
        for (repo, _), repo_day in read.items()
        if repo_day.is_settled
    ]
    open_days = [OpenDay(repo_id=repo, day=day) for (repo, _), repo_day in read.items() if not repo_day.is_settled]
    count = sum(len(repo_day.facts.status) for repo_day in read.values())
    with transaction.atomic():
        # Whoever sums up the same day at once waits here until this is written, and finds it done.
        _, is_new = SummedDay.objects.get_or_create(day=day, defaults={"first_id": low, "last_id": high - 1, "builds": count})
        if not is_new:
            return
        BuildSummary.objects.bulk_create(rows, SLICE)
        OpenDay.objects.bulk_create(open_days, SLICE)
    keep_blocks(day)


def keep_blocks(day: int) -> None:
    """Put a day together with those around it where all of them are summed up."""
    for days in SIZES:
        start = day - day % days
        if SummedDay.objects.filter(day__gte=start, day__lt=start + days).count() == days:
            block(start, days)


def close(read: Mapping[tuple[int, int], DayOfRepo], pairs: Iterable[tuple[int, int]]) -> None:
    """Keep open days of which every build has ended by now, and forget those that have no builds any more."""
    for repo_id, day in pairs:
        repo_day = read.get((repo_id, day))
        if repo_day is None or repo_day.is_settled:
            with changing(day, day):
                if repo_day is not None:
                    row = BuildSummary(repo_id=repo_id, day=day, **repo_day.facts.packed())
                    BuildSummary.objects.bulk_create([row], ignore_conflicts=True)
                OpenDay.objects.filter(repo_id=repo_id, day=day).delete()


def forget_purged(lowest: Mapping[int, int]) -> bool:
    """Forget days of which Drone has purged builds: it does so from the lowest number on.

    Args:
        lowest: the lowest number that was summed up, by repository.

    Returns:
        Whether there were any.
    """
    first = Build.objects.filter(repo_id=OuterRef("id")).order_by("number").values("number")[:1]
    # Of a repository without builds the number reads as 0.
    numbers = dict(Repo.objects.filter(id__in=list(lowest)).values_list("id", Subquery(first)))
    purged = {repo: number for repo, number in numbers.items() if not number or number > lowest[repo]}
    for repo_id, number in purged.items():
        rows = BuildSummary.objects.filter(repo_id=repo_id)
        again = days_again(rows, number) if number else []
        gone = rows.filter(Q(day__in=again) | Q(lowest__lt=number)) if number else rows
        ends = gone.aggregate(first=Min("day"), last=Max("day"))
        if ends["first"] is not None:
            with changing(ends["first"], ends["last"]):
                gone.delete()
                OpenDay.objects.bulk_create([OpenDay(repo_id=repo_id, day=day) for day in again], ignore_conflicts=True)
    return bool(purged)


def days_again(rows: "QuerySet[BuildSummary]", number: int) -> list[int]:
    """Return days of a repository to be read again: some of their builds are purged, or the failed ones before a green one."""
    cut = list(rows.filter(lowest__lt=number, highest__gte=number).values_list("day", flat=True))
    flaky = rows.filter(lowest__gte=number).exclude(flaky="[]").values_list("day", "flaky")
    return cut + [day for day, pairs in flaky if min(json.loads(pairs)[::FLAKY]) < number]


def forget_all() -> None:
    with transaction.atomic():
        for model in (SummedDay, BuildSummary, OpenDay, BuildBlock):
            model.objects.all().delete()


def other_drone(now: float) -> bool:
    """Return whether the newest day that was summed up has lost builds: the database is not that of which it was."""
    newest: Any = SummedDay.objects.order_by("-day").first()
    if newest is None:
        return False
    if newest.day > today(now):
        return True
    last = Build.objects.order_by("-id").values_list("id", flat=True).first()
    return newest.builds > 0 and (last is None or last < newest.first_id)
