"""Queries for single builds, logs, and repositories with their last builds. Lists of builds are in build_pages.py."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TypeVar

from django.db.models import Case, Model, OuterRef, QuerySet, Subquery, When
from django.db.models.functions import Length, Substr

from builds.drone_db.build_pages import ALL, RepoIds
from builds.drone_db.fields import Bytes
from builds.drone_db.models import Build, Log, Repo, Stage, Step
from builds.drone_db.vocabulary import FAILED_STATUSES, HOOK, NOT_FINISHED, UNFINISHED, Status
from builds.drone_db.whole_rows import rows_of

Row = TypeVar("Row", bound=Model)
MOST_BEFORE = 500  # builds that are looked through for what is usual
MOST_USUAL, FEWEST_USUAL = 11, 3  # of which it is the median
STEPS_OF_A_BUILD = "WHERE step_stage_id IN (SELECT stage_id FROM stages WHERE stage_build_id = %s) ORDER BY step_number"


@dataclass(frozen=True)
class RepoWithBuild:
    repo: Repo
    build: Build | None  # None: it has none


def repository(slug: str) -> Repo | None:
    """Return the repository with this slug, in the same case."""
    return next(iter(rows_of(Repo, "WHERE repo_slug = %s LIMIT 1", slug)), None)


def repositories(visible: RepoIds) -> QuerySet[Repo]:
    """Return the repositories with these ids, by slug."""
    ordered = Repo.objects.order_by("slug", "id")
    return ordered if visible is ALL else ordered.filter(id__in=visible)


def with_last_builds(repos: "Sequence[Repo] | QuerySet[Repo]") -> list[RepoWithBuild]:
    """Find the last build of each repository: one index lookup each, in two queries at most.

    Args:
        repos: a page of `repositories`, or any repositories.
    """
    page = list(repos)
    newest = Build.objects.filter(repo_id=OuterRef("id")).order_by("-number").values("id")[:1]
    ids = Repo.objects.filter(id__in=[repo.id for repo in page]).values_list("id", Subquery(newest))
    last = dict(ids)
    builds = Build.objects.in_bulk([build for build in last.values() if build])
    return [RepoWithBuild(repo, builds.get(last.get(repo.id) or 0)) for repo in page]


def build_with_stages(repo_id: int, number: int) -> Build | None:
    """Return a build with its stages and their steps, each by number, in three queries.

    `build.stages_in_order` and `stage.steps_in_order` then need no query.
    """
    return with_stages(rows_of(Build, "WHERE build_repo_id = %s AND build_number = %s", repo_id, number))


def build_of(slug: str, number: int) -> Build | None:
    """Return a build as `build_with_stages`, with its repository, likewise in three queries."""
    return with_stages(Build.objects.select_related("repo").filter(repo__slug=slug, number=number))


def usual_seconds(build: Build) -> int | None:
    """Return how long builds like this one take: the median of the last ones of its ref and event that succeeded.

    None where there are fewer than FEWEST_USUAL among the MOST_BEFORE builds before it in the repository: along their numbers
    there is an index, so that no more rows are read than that.
    """
    before = Build.objects.filter(repo_id=build.repo_id, number__lt=build.number, number__gte=build.number - MOST_BEFORE)
    alike = before.filter(ref=build.ref, event=build.event, deploy_to=build.deploy_to, status=Status.SUCCESS.value)
    times = alike.order_by("-number").values_list("started", "finished")[:MOST_USUAL]
    seconds = [finished - started for started, finished in times if 0 < started <= finished]
    return round(median(seconds)) if len(seconds) >= FEWEST_USUAL else None


def waiting_for_approval(builds: Iterable[Build]) -> set[int]:
    """Return the ids of the builds that wait for approval, in one query. Drone calls them pending or running."""
    unfinished = [build.id for build in builds if build.status in UNFINISHED]
    if not unfinished:
        return set()
    return set(Stage.objects.filter(build_id__in=unfinished, status=Status.BLOCKED.value).values_list("build_id", flat=True))


def waiting_stages(build: Build) -> list[Stage]:
    """Return the stages of a build that wait for approval; no query where its stages were read with it."""
    return [stage for stage in build.stages_in_order if stage.status == Status.BLOCKED.value]


def waits_for_approval(build: Build) -> bool:
    return build.status in UNFINISHED and bool(waiting_stages(build))


def held_as_protected(build: Build) -> bool:
    """Return whether Drone held a build because its repository is protected; else its validation extension asked for that."""
    return build.repo.protected and build.trigger == HOOK


def held_stages(build: Build) -> dict[int, list[str]]:
    """Return the stages that Drone would not start now if nobody had to approve them (docs/drone.md 2.6).

    By number, each with the names of those that it depends on and that have not ended; with none, Drone would skip it, now or
    once they have. What was declined counts as failed to what depends on it.
    """
    status = {stage.name: stage.status for stage in build.stages_in_order}
    unfinished = {name for name in status if status[name] in NOT_FINISHED}
    failed = {name for name in status if status[name] in FAILED_STATUSES}
    held = {}
    for stage in filter(lambda stage: stage.depends_on, build.stages_in_order):
        waits_for = [name for name in stage.depends_on if name in unfinished]
        after_failure = failed or Status.DECLINED.value in map(status.get, stage.depends_on)
        would_skip = not (stage.on_failure if after_failure else waits_for or stage.on_success)
        if waits_for or would_skip:
            held[stage.number] = [] if would_skip else waits_for
    return held


def approvable_stages(build: Build) -> list[Stage]:
    """Return the stages that wait for approval only: Drone starts an approved stage at once (docs/drone.md 2.5)."""
    held = held_stages(build)
    return [stage for stage in waiting_stages(build) if stage.number not in held]


def latest_build(repo_id: int, ref: str) -> Build | None:
    """Return the newest build of a ref, such as refs/heads/master, with stages and steps."""
    newest = "WHERE build_repo_id = %s AND build_ref = %s ORDER BY build_number DESC LIMIT 1"
    return with_stages(rows_of(Build, newest, repo_id, ref))


def with_stages(builds: Iterable[Build]) -> Build | None:
    """Return the only one of these builds, with its stages and steps; None where there is none."""
    build = next(iter(builds), None)
    if build is None:
        return None
    build.stages_in_order = rows_of(Stage, "WHERE stage_build_id = %s ORDER BY stage_number", build.id)
    stages = {stage.id: stage for stage in build.stages_in_order}
    for stage in build.stages_in_order:
        stage.build, stage.steps_in_order = build, []
    for step in rows_of(Step, STEPS_OF_A_BUILD, build.id):
        if step.stage_id in stages:  # not one that a runner has taken just now
            step.stage = stages[step.stage_id]
            step.stage.steps_in_order.append(step)
    return build


def step_of(repo_id: int, number: int, stage: int, step: int) -> Step | None:
    """Return a step by the numbers of build, stage and step, with its stage and build."""
    steps = Step.objects.select_related("stage__build")
    return only(steps.filter(number=step, stage__number=stage, stage__build__number=number, stage__build__repo_id=repo_id))


def log_up_to(step: Step, most: int) -> tuple[int, bytes] | None:
    """Return how many bytes a step's log has, and where they are `most` at most, the log as Drone stores it (docs/drone.md 4.6).

    None where Drone's table has none.
    """
    short = Case(When(size__lte=most, then="data"), output_field=Bytes())
    logs = Log.objects.filter(step_id=step.id, data__isnull=False).annotate(size=Length("data"))
    return next(iter(logs.values_list("size", short)[:1]), None)


def log_piece(step: Step, begin: int, most: int) -> bytes:
    """Return some bytes of a step's log, `most` at most, from those on that come after the first `begin`."""
    piece = Substr("data", begin + 1, most, output_field=Bytes())
    return next(iter(Log.objects.filter(step_id=step.id).values_list(piece, flat=True)[:1]), b"")


def only(rows: QuerySet[Row]) -> Row | None:
    """Return the row of a query that finds one at most, unsorted: Django is slow to compose an order."""
    return next(iter(rows.order_by()[:1]), None)
