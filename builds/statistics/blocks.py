"""Blocks: summaries of all repositories put together, for 1, 4, 16 or 64 days; a year is some fifteen of them.

A block says nothing that the summaries of its days do not say. It is made when its days have been summed up, forgotten when
one of its summaries changes, and made anew by the next reader. Whoever makes a block or changes a summary holds the rows of its
days in SummedDay meanwhile, so that no block is made of what another process changes.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.db.models import F, Min, Q, QuerySet

from builds.drone_db.build_pages import ALL, RepoIds
from builds.statistics.facts import Facts, packed_together, rows_of, unpacked, unpacked_together
from builds.statistics.models import BuildBlock, BuildSummary, SummedDay

SIZES = (1, 4, 16, 64)  # days
Piece = tuple[int, Facts]  # a repository, and some of its builds


@contextmanager
def held(first: int, last: int) -> Iterator[int]:
    """Let no other process make blocks of some days or change their summaries; gives how many of the days are summed up."""
    with transaction.atomic():
        days = SummedDay.objects.select_for_update().filter(day__gte=first, day__lte=last).order_by("day")
        yield len(days)


@contextmanager
def changing(first: int, last: int) -> Iterator[None]:
    """Change summaries of some days: their blocks are forgotten."""
    with held(first, last):
        yield
        BuildBlock.objects.annotate(end=F("day") + F("days")).filter(day__lte=last, end__gt=first).delete()


def pieces(first: int, last: int, repos: RepoIds, *, by_event_and_branch: bool) -> Iterator[Piece]:
    """Yield what is summed up of some days, from as few blocks as possible."""
    wanted = None if repos is ALL else repos
    for builds, names, steps in columns_of(first, last, "builds", "names", "filtered_steps" if by_event_and_branch else "steps"):
        yield from unpacked_together(builds, names, steps, wanted)


def results(first: int, last: int, repos: RepoIds) -> tuple[int, int]:
    """Return how many builds of some days ended in success, and how many have a result at all."""
    rows = [row for (counts,) in columns_of(first, last, "counts") for row in rows_of(json.loads(counts), 3)]
    its = [row for row in rows if repos is ALL or row[0] in repos]
    return sum(good for _, good, _ in its), sum(finished for _, _, finished in its)


def columns_of(first: int, last: int, *columns: str) -> Iterator[Any]:
    """Yield some columns of each block that together are some days; those before the first that is summed up have no builds."""
    oldest = SummedDay.objects.aggregate(Min("day"))["day__min"]
    wanted = [] if oldest is None else list(cover(max(first, oldest), last))
    rows = {(day, days): row for day, days, *row in stored(wanted).values_list("day", "days", *columns)}
    for day, days in wanted:
        if (day, days) not in rows:
            missing = block(day, days)
            rows[day, days] = [getattr(missing, column) for column in columns]
        yield rows[day, days]


def cover(first: int, last: int) -> Iterator[tuple[int, int]]:
    """Yield the largest blocks that together are some days: the first day of each, and its number of days."""
    while first <= last:
        days = max(days for days in SIZES if first % days == 0 and first + days - 1 <= last)
        yield first, days
        first += days


def stored(blocks: Collection[tuple[int, int]]) -> QuerySet[BuildBlock]:
    condition = Q(pk__in=[])
    for days in SIZES:
        condition |= Q(days=days, day__in=[start for start, its_days in blocks if its_days == days])
    return BuildBlock.objects.filter(condition)


def block(start: int, days: int) -> BuildBlock:
    """Return a block; make it where nobody has."""
    with held(start, start + days - 1) as summed:
        stored_block = BuildBlock.objects.filter(day=start, days=days).first()
        if stored_block is not None:
            return stored_block
        repos = defaultdict[int, Facts](Facts)
        if days == 1:
            columns = ("repo_id", "builds", "names", "flaky", "filtered_steps")
            for repo_id, *row in BuildSummary.objects.filter(day=start).order_by("repo_id").values_list(*columns):
                repos[repo_id] = unpacked(*row)
        else:
            smaller = SIZES[SIZES.index(days) - 1]
            for part in range(start, start + days, smaller):
                its_part = block(part, smaller)
                for repo_id, facts in unpacked_together(its_part.builds, its_part.names, its_part.filtered_steps):
                    repos[repo_id].append(facts)
        new = BuildBlock(day=start, days=days, **packed_together(dict(sorted(repos.items()))))
        if summed == days:  # else another process has just forgotten them
            new.save()
    return new
