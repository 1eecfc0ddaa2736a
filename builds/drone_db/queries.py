"""Single builds, logs, and repositories with their last builds; pages of builds are in builds/drone_db/build_pages.py."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from django.db.models import Model, OuterRef, Prefetch, QuerySet, Subquery

from builds.drone_db.build_pages import UNFINISHED
from builds.drone_db.models import Build, Log, Repo, Stage, Step
from builds.drone_db.vocabulary import Status

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True)
class RepoWithBuild:
    """A repository and its last build."""

    repo: Repo
    build: Build | None  # None: it has none


def repository(slug: str) -> Repo | None:
    """Give the repository of a slug, which Drone has exactly as it is written."""
    return only(Repo.objects.filter(slug=slug))


def repositories(visible: Collection[int] | None) -> QuerySet[Repo]:
    """Give the repositories of these ids, all for None, by slug."""
    found = Repo.objects.order_by("slug", "id")
    return found if visible is None else found.filter(id__in=visible)


def with_last_builds(repos: "Sequence[Repo] | QuerySet[Repo]") -> list[RepoWithBuild]:
    """Find the last build of each repository: one look into an index for each, in two queries at most.

    Args:
        repos: a page of `repositories`, or any repositories.
    """
    found = list(repos)
    newest = Build.objects.filter(repo_id=OuterRef("id")).order_by("-number").values("id")[:1]
    ids = Repo.objects.filter(id__in=[repo.id for repo in found]).values_list("id", Subquery(newest))
    last = dict(ids)
    builds = Build.objects.in_bulk([build for build in last.values() if build])
    return [RepoWithBuild(repo, builds.get(last.get(repo.id) or 0)) for repo in found]


def build_with_stages(repo_id: int, number: int) -> Build | None:
    """Give a build with its stages and their steps, each in the order of their numbers, in three queries.

    `build.stages.all()` and `stage.steps.all()` ask nothing more.
    """
    return with_stages(Build.objects.filter(repo_id=repo_id, number=number))


def waiting_for_approval(builds: Iterable[Build]) -> set[int]:
    """Give the ids of those builds that wait for approval, in one query; to Drone they are pending or running."""
    unfinished = [build.id for build in builds if build.status in UNFINISHED]
    if not unfinished:
        return set()
    return set(Stage.objects.filter(build_id__in=unfinished, status=Status.BLOCKED.value).values_list("build_id", flat=True))


def latest_build(repo_id: int, ref: str) -> Build | None:
    """Give the newest build of a ref, such as refs/heads/master, with stages and steps."""
    return with_stages(Build.objects.filter(repo_id=repo_id, ref=ref).order_by("-number")[:1])


def with_stages(builds: QuerySet[Build]) -> Build | None:
    """Give the one build with what belongs to it."""
    stages = Prefetch("stages", Stage.objects.order_by("number"))
    steps = Prefetch("stages__steps", Step.objects.order_by("number"))
    return next(iter(builds.prefetch_related(stages, steps)), None)


def step_of(repo_id: int, number: int, stage: int, step: int) -> Step | None:
    """Give a step by the numbers of build, stage and step, with its stage and build."""
    found = Step.objects.select_related("stage__build").filter(
        number=step, stage__number=stage, stage__build__number=number, stage__build__repo_id=repo_id
    )
    return only(found)


def log_of(step: Step) -> bytes | None:
    """Give a step's log as Drone stores it (docs/drone.md 4.6); None where Drone's table has none (see logs.absence)."""
    return Log.objects.filter(step_id=step.id).values_list("data", flat=True).first()


def only(rows: QuerySet[Row]) -> Row | None:
    """Give the row of a query that finds one at most: `first()` would sort, and Django takes its time to write that."""
    return next(iter(rows[:1]), None)
