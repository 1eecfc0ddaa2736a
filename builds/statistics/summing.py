"""Sums up days that are over, so that nobody has to read their builds again.

Several processes may do so at once: each day is written in one transaction, and whoever comes second finds it done.
"""

import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.db import connection, transaction
from django.db.models import Max, Min, Q

from builds.drone_db.build_pages import ALL
from builds.drone_db.models import Build
from builds.drone_db.vocabulary import SETTLED
from builds.statistics.blocks import SIZES, block, changing
from builds.statistics.models import BuildBlock, BuildSummary, OpenDay, SummedDay
from builds.statistics.periods import SECONDS, today
from builds.statistics.reading import DayOfRepo, days_of, ids_of, in_chunks, oldest_day

SLICE = 400  # rows of one statement
# Two days of each repository, found in the index, instead of all: builds may be out of the order of their numbers by hours.
LOWEST = """
WITH repos(repo) AS (VALUES {repos})
SELECT repo, (
  SELECT min(lowest) FROM (SELECT lowest FROM builds_buildsummary WHERE repo_id = repo ORDER BY day LIMIT 2) oldest
) FROM repos
"""


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


def forget_purged(first_numbers: Mapping[int, int]) -> None:
    """Forget days of which Drone has purged builds: it does so from the lowest number on.

    Args:
        first_numbers: the lowest number that Drone has, by repository; more than any of a repository without builds.
    """
    for repo_id, lowest in lowest_numbers(first_numbers).items():
        number = first_numbers[repo_id]
        if lowest >= number:
            continue
        gone = BuildSummary.objects.filter(repo_id=repo_id, lowest__lt=number)
        ends = gone.aggregate(first=Min("day"), last=Max("day"))
        if ends["first"] is not None:  # else another process has just forgotten them
            again = [OpenDay(repo_id=repo_id, day=day) for day in gone.filter(highest__gte=number).values_list("day", flat=True)]
            with changing(ends["first"], ends["last"]):
                gone.delete()
                OpenDay.objects.bulk_create(again, ignore_conflicts=True)


def lowest_numbers(repos: Iterable[int]) -> dict[int, int]:
    """Return the lowest number of a build that is summed up, by repository."""
    lowest: dict[int, int] = {}
    with connection.cursor() as cursor:
        for some in in_chunks(repos):
            cursor.execute(LOWEST.format(repos=", ".join(["(%s)"] * len(some))), some)
            lowest |= {repo: number for repo, number in cursor.fetchall() if number is not None}
    return lowest


def forget_all() -> None:
    with transaction.atomic():
        for model in (SummedDay, BuildSummary, OpenDay, BuildBlock):
            model.objects.all().delete()


def other_drone(now: float) -> bool:
    """Return whether the newest day that was summed up has lost builds: the database is not that of which it was."""
    newest: Any = SummedDay.objects.order_by("-day").first()
    if newest is None:
        return False
    if newest.day >= today(now):  # it is not over: the clock was ahead
        return True
    last = Build.objects.order_by("-id").values_list("id", flat=True).first()
    return newest.builds > 0 and (last is None or last < newest.first_id)
