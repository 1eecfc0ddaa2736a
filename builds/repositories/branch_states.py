"""Whether branches are red: what their pushes came to.

Drone's table `latest` names the newest push of each branch (docs/drone.md 5.2). Where that has not come to a result, older pushes
say whether the branch is red, and how long it has been.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import reduce
from itertools import takewhile
from operator import or_
from typing import NamedTuple

from django.db.models import F, Q

from builds.drone_db.build_pages import ALL, RepoIds
from builds.drone_db.models import Build, Latest, Repo
from builds.drone_db.vocabulary import BROKEN, NOT_FINISHED, RESULTS, Event, LatestType

WINDOW = 200  # builds of a repository that are looked through for the pushes of one branch
MOST_REPOSITORIES = 10_000
MOST_UNDECIDED = 200  # branches whose newest push has no result yet; more run only where Drone is stuck


class Push(NamedTuple):
    """What the state of a branch needs of a build."""

    id: int
    number: int
    status: str
    started: int  # Unix seconds; 0: not yet
    finished: int
    created: int


class DefaultBranch(NamedTuple):
    """A repository's default branch, and the newest push to it."""

    repo_id: int
    slug: str
    name: str
    build_id: int
    number: int
    status: str


@dataclass(frozen=True)
class BranchState:
    """The pushes to a branch, newest first, as far as they were looked through."""

    branch: DefaultBranch
    pushes: list[Push]

    @property
    def last(self) -> Push:
        return self.pushes[0]

    @property
    def telling(self) -> Push:
        """The newest push that says something: one that goes on, or has a result; else the last."""
        return next((push for push in self.pushes if push.status in {*RESULTS, *NOT_FINISHED}), self.last)

    @property
    def results(self) -> list[Push]:
        return [push for push in self.pushes if push.status in RESULTS]

    @property
    def is_red(self) -> bool:
        return bool(self.results) and self.results[0].status in BROKEN

    @property
    def since(self) -> Push | None:
        """The oldest of the newest results that agree: the push that made the branch red, or green; None without a result."""
        return next(iter(self.agreeing[-1:]), None)

    @property
    def at_least(self) -> bool:
        """Whether the branch may have been so before the pushes that were looked through."""
        return len(self.agreeing) == len(self.results) and self.branch.number > WINDOW

    @property
    def agreeing(self) -> list[Push]:
        return list(takewhile(lambda push: (push.status in BROKEN) == self.is_red, self.results))


def default_branches(visible: RepoIds, *, inactive: bool = False) -> list[DefaultBranch]:
    """Return the default branches of repositories, most recently pushed first, in one query.

    Args:
        visible: the repositories.
        inactive: those that are not active in Drone, too.
    """
    rows = Latest.objects.filter(type=LatestType.BRANCH.value, name=F("repo__default_branch"), build__number__gt=0)
    if not inactive:
        rows = rows.filter(repo__active=True)
    if visible is not ALL:
        rows = rows.filter(repo_id__in=visible)
    names = ("repo_id", "repo__slug", "name", "build_id", "build__number", "build__status")
    return [DefaultBranch(*row) for row in rows.order_by("-build_id").values_list(*names)[:MOST_REPOSITORIES]]


def states(branches: Iterable[DefaultBranch]) -> list[BranchState]:
    """Return the states of some branches, in one query; without those whose pushes Drone has purged meanwhile."""
    listed = list(branches)
    if not listed:
        return []
    near = (
        Q(repo_id=branch.repo_id, ref=f"refs/heads/{branch.name}", number__gt=branch.number - WINDOW, number__lte=branch.number)
        for branch in listed
    )
    pushes: dict[int, list[Push]] = {branch.repo_id: [] for branch in listed}
    rows = Build.objects.filter(reduce(or_, near), event=Event.PUSH.value).order_by("-number")
    for repo_id, *row in rows.values_list("repo_id", *Push._fields):
        pushes[repo_id].append(Push(*row))
    return [BranchState(branch, pushes[branch.repo_id]) for branch in listed if pushes[branch.repo_id]]


def red_branches(branches: Iterable[DefaultBranch]) -> list[DefaultBranch]:
    """Return those that are red, in the same order; those whose newest push has no result by the one before."""
    listed = list(branches)
    undecided = [branch for branch in listed if branch.status not in RESULTS][:MOST_UNDECIDED]
    red = {state.branch.repo_id for state in states(undecided) if state.is_red}
    return [branch for branch in listed if branch.status in BROKEN or branch.repo_id in red]


def default_branch_state(repo: Repo) -> BranchState | None:
    """Return the state of a repository's default branch, in two queries at most; None where no push to it is known.

    It is found among the repository's newest builds also where Drone is too old to have `latest`.
    """
    newest = DefaultBranch(repo.id, repo.slug, repo.default_branch, 0, repo.counter, "")
    return next(iter(states([newest]) or states(default_branches([repo.id], inactive=True))), None)


def last_pushes(repo_ids: Collection[int]) -> dict[int, Build]:
    """Return the last push to the default branch of each repository, in one query."""
    rows = Latest.objects.filter(repo_id__in=repo_ids, type=LatestType.BRANCH.value, name=F("repo__default_branch"))
    return {build.repo_id: build for build in Build.objects.filter(id__in=rows.values("build_id"))}
