"""Queries for single builds, logs, and repositories with their last builds. Lists of builds are in build_pages.py."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from django.db.models import Case, Model, OuterRef, Prefetch, QuerySet, Subquery, When
from django.db.models.functions import Length, Substr

from builds.drone_db.build_pages import ALL, RepoIds
from builds.drone_db.fields import Bytes
from builds.drone_db.models import Build, Log, Repo, Stage, Step
from builds.drone_db.vocabulary import UNFINISHED, Status

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True)
class RepoWithBuild:
    repo: Repo
    build: Build | None  # None: it has none


def repository(slug: str) -> Repo | None:
    """Return the repository with this slug, in the same case."""
    return only(Repo.objects.filter(slug=slug))


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

    `build.stages.all()` and `stage.steps.all()` then need no query.
    """
    return with_stages(Build.objects.filter(repo_id=repo_id, number=number))


def waiting_for_approval(builds: Iterable[Build]) -> set[int]:
    """Return the ids of the builds that wait for approval, in one query. Drone calls them pending or running."""
    unfinished = [build.id for build in builds if build.status in UNFINISHED]
    if not unfinished:
        return set()
    return set(Stage.objects.filter(build_id__in=unfinished, status=Status.BLOCKED.value).values_list("build_id", flat=True))


def latest_build(repo_id: int, ref: str) -> Build | None:
    """Return the newest build of a ref, such as refs/heads/master, with stages and steps."""
    return with_stages(Build.objects.filter(repo_id=repo_id, ref=ref).order_by("-number")[:1])


def with_stages(builds: QuerySet[Build]) -> Build | None:
    """Return the only build of a query, with its stages and steps."""
    stages = Prefetch("stages", Stage.objects.order_by("number"))
    steps = Prefetch("stages__steps", Step.objects.order_by("number"))
    return next(iter(builds.prefetch_related(stages, steps)), None)


def step_of(repo_id: int, number: int, stage: int, step: int) -> Step | None:
    """Return a step by the numbers of build, stage and step, with its stage and build."""
    steps = Step.objects.select_related("stage__build")
    return only(steps.filter(number=step, stage__number=stage, stage__build__number=number, stage__build__repo_id=repo_id))


def log_up_to(step: Step, most: int) -> tuple[int, bytes] | None:
    """Return how many bytes a step's log has, and where they are `most` at most, the log as Drone stores it (docs/drone.md 4.6).

    None where Drone's table has none.
    """
    short = Case(When(size__lte=most, then="data"), output_field=Bytes())
    logs = Log.objects.filter(step_id=step.id).annotate(size=Length("data"))
    return next(iter(logs.values_list("size", short)[:1]), None)


def log_piece(step: Step, begin: int, most: int) -> bytes:
    """Return some bytes of a step's log, `most` at most, from those on that come after the first `begin`."""
    piece = Substr("data", begin + 1, most, output_field=Bytes())
    return next(iter(Log.objects.filter(step_id=step.id).values_list(piece, flat=True)[:1]), b"")


def only(rows: QuerySet[Row]) -> Row | None:
    """Return the row of a query that finds one at most, unsorted: Django is slow to compose an order."""
    return next(iter(rows.order_by()[:1]), None)
