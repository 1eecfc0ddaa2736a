"""Days of Drone's builds, read. Drone has no index on times, but ids rise with them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.db import connections
from django.db.models import Q

from builds.drone_db.build_pages import ALL, RepoIds
from builds.drone_db.models import Build, Step
from builds.drone_db.vocabulary import BROKEN, RESULTS, SETTLED, UNFINISHED
from builds.statistics.facts import BuildRow, Facts, StepKey, within
from builds.statistics.periods import SECONDS

SLACK = 6 * 3600  # seconds by which builds may be out of the order of their ids
FLAKY_WITHIN = 7 * SECONDS  # from the build that failed to the green one
MOST_IDS = 300  # in one query
FIELDS = ("id", "repo_id", "number", "status", "event", "ref", "after", "deploy_to", "created", "started", "finished")

# The first id from which on builds were created at a time or later, by bisection: some twenty look-ups in the primary key.
NEXT_LOW, NEXT_HIGH = "CASE WHEN made < %(at)s THEN middle + 1 ELSE low END", "CASE WHEN made < %(at)s THEN high ELSE middle END"
MADE = "(SELECT build_created FROM builds WHERE build_id >= {middle} AND build_created > 0 ORDER BY build_id LIMIT 1)"
MIDDLE = f"((({NEXT_LOW}) + ({NEXT_HIGH})) / 2)"
BISECTION = f"""
WITH RECURSIVE ends(low, high) AS (SELECT min(build_id), max(build_id) + 1 FROM builds),
halves(low, high, middle, made) AS (
  SELECT low, high, (low + high) / 2, {MADE.format(middle="(low + high) / 2")} FROM ends WHERE low IS NOT NULL
  UNION ALL
  SELECT {NEXT_LOW}, {NEXT_HIGH}, {MIDDLE}, {MADE.format(middle=MIDDLE)} FROM halves WHERE low < high
)
SELECT min(low) FROM halves WHERE low >= high
"""  # noqa: S608 - of constants


@dataclass
class DayOfRepo:
    """The builds of a repository on one day."""

    facts: Facts = field(default_factory=Facts)
    is_settled: bool = True  # nothing will change


def first_id(at: int) -> int:
    """Return the id from which on builds were created at a time (Unix seconds) or later, give or take SLACK."""
    with connections["drone"].cursor() as cursor:
        cursor.execute(BISECTION, {"at": at})
        return int(cursor.fetchone()[0] or 0)


def ids_of(first: int, last: int) -> tuple[int, int]:
    """Return a smallest id and one above the greatest, between which all builds of the days from `first` to `last` are."""
    return first_id(first * SECONDS - SLACK), first_id((last + 1) * SECONDS + SLACK)


def oldest_day() -> int | None:
    """Return a day before which Drone has no builds; None where it has none at all."""
    created = Build.objects.filter(created__gt=0).order_by("id").values_list("created", flat=True).first()
    return None if created is None else (created - SLACK) // SECONDS


def days_between(first: int, last: int, repos: RepoIds, now: float) -> dict[tuple[int, int], DayOfRepo]:
    """Read all builds of some days; by repository and day."""
    low, high = ids_of(first, last)
    return days_of(Q(id__gte=low, id__lt=high, created__gte=first * SECONDS, created__lt=(last + 1) * SECONDS), repos, now)


def days_of(condition: Q, repos: RepoIds, now: float) -> dict[tuple[int, int], DayOfRepo]:
    """Read builds that a condition selects, with their steps; by repository and day."""
    if repos is not ALL:
        condition &= Q(repo_id__in=repos)
    builds = [BuildRow(*row) for row in Build.objects.filter(condition).order_by().values_list(*FIELDS)]
    builds.sort(key=lambda build: (build.repo_id, build.created // SECONDS, build.number))
    days = defaultdict[tuple[int, int], DayOfRepo](DayOfRepo)
    for build in builds:
        day = days[build.repo_id, build.created // SECONDS]
        day.facts.add(build, build.created // SECONDS)
        if build.status in UNFINISHED or build.finished > now - SETTLED:
            day.is_settled = False
    add_steps(days, [build for build in builds if build.status in RESULTS])
    return dict(days)


def add_steps(days: dict[tuple[int, int], DayOfRepo], builds: list[BuildRow]) -> None:
    """Add what the steps took, and the flaky ones: green here, after they failed in an earlier build of the commit."""
    by_id = {build.id: build for build in builds}
    failed_before = earlier_failures(builds)
    for build_id, stage, step, status, started, stopped in steps_of(by_id):
        build = by_id[build_id]
        facts = days[build.repo_id, build.created // SECONDS].facts
        facts.add_step(build, (stage, step), status, within(stopped - started))
        if status == "success" and build.after:
            for number, created in failed_before.get((build.repo_id, build.after), {}).get((stage, step), ()):
                if number < build.number and created >= build.created - FLAKY_WITHIN:
                    facts.add_flaky(number, build, (stage, step))


StepRow = tuple[int, str, str, str, int, int]  # build id, stage, step, status, started, stopped


def steps_of(builds: dict[int, BuildRow]) -> Iterator[StepRow]:
    """Yield the steps that ran of some builds."""
    ran = Step.objects.filter(status__in=RESULTS, started__gt=0).order_by()
    columns = ("stage__build_id", "stage__name", "name", "status", "started", "stopped")
    for low, high in ranges(sorted(builds)):
        for row in ran.filter(stage__build_id__gte=low, stage__build_id__lte=high).values_list(*columns):
            if row[0] in builds:
                yield row


def ranges(ids: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield ranges that hold all ids, which may be those of a few builds far from each other."""
    begin = 0
    for position in range(1, len(ids) + 1):
        if position == len(ids) or ids[position] - ids[position - 1] > MOST_IDS:
            yield ids[begin], ids[position - 1]
            begin = position


def earlier_failures(builds: list[BuildRow]) -> dict[tuple[int, str], dict[StepKey, list[tuple[int, int]]]]:
    """Return the failed steps of builds of the same commits, up to seven days older: by commit and step, number and time."""
    newest = defaultdict[tuple[int, str], int](int)
    for build in builds:
        if build.after:
            newest[build.repo_id, build.after] = max(newest[build.repo_id, build.after], build.number)
    if not newest:
        return {}
    oldest = min(build.created for build in builds) - FLAKY_WITHIN
    failed = Build.objects.filter(
        id__gte=first_id(oldest - SLACK), id__lte=max(build.id for build in builds), status__in=("failure", "error")
    )
    rows = failed.order_by().values_list("id", "repo_id", "after", "number", "created")
    found = {row[0]: row[1:] for row in rows if row[3] < newest.get((row[1], row[2]), 0)}
    failures = defaultdict[tuple[int, str], dict[StepKey, list[tuple[int, int]]]](dict)
    for ids in in_chunks(found):
        steps = Step.objects.filter(status__in=BROKEN, started__gt=0, stage__build_id__in=ids).order_by()
        for build_id, stage, step in steps.values_list("stage__build_id", "stage__name", "name"):
            repo_id, after, number, created = found[build_id]
            failures[repo_id, after].setdefault((stage, step), []).append((number, created))
    return failures


def in_chunks(ids: Iterable[Any]) -> Iterator[list[Any]]:
    rest = iter(ids)
    while chunk := list(islice(rest, MOST_IDS)):
        yield chunk
