"""What is at each target of a repository: what is live, what runs, what failed since, and how far behind it is."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from builds.drone_db.models import Build, Repo
from builds.drone_db.production import is_production
from builds.drone_db.vocabulary import NOT_FINISHED, Event, Status
from builds.starting.attempts import WINDOW_OF_ONE, Attempt, attempts
from builds.starting.behind import Pushes, pushes
from builds.starting.people import Person, people
from pipelines.operations.inputs import ADDED


@dataclass(frozen=True)
class Deployment:
    """A build that deployed, or tried to, and who it is by."""

    build: Build
    person: Person


@dataclass(frozen=True)
class TargetState:
    repo: Repo
    target: str
    live: Deployment | None  # the last that succeeded; None: none among those that were found
    running: Deployment | None  # the newest attempt, where it has not finished
    failed: Deployment | None  # the newest attempt, where it ended without success
    previous: Deployment | None  # the last that succeeded before, and is not what is live
    behind: int | None  # commits of the default branch since (behind.py); None: not known
    over: int  # where that is not known, how many there are at least: what is live was built from the branch before all of them

    @property
    def production(self) -> bool:
        return is_production(self.target)

    @property
    def drifts(self) -> bool:
        """Whether what is live is known not to be the newest commit of the default branch."""
        return bool(self.behind or self.over)


def target_states(repos: Collection[Repo], target: str = "") -> dict[int, list[TargetState]]:
    """Return the targets of repositories, by name, in a number of queries that does not grow with them.

    Args:
        repos: the repositories.
        target: the only target to look for; empty: all.
    """
    by_target = attempts(repos)
    if target:
        by_target = {repo_id: {target: of_repo[target]} for repo_id, of_repo in by_target.items() if target in of_repo}
    return target_states_of(repos, by_target)


def target_state(repo: Repo, target: str) -> TargetState | None:
    """Return one target, found as far back as on the page of its repository; None: never deployed to, as far as was looked."""
    rows = attempts([repo], WINDOW_OF_ONE).get(repo.id, {}).get(target)
    return target_states_of([repo], {repo.id: {target: rows}})[repo.id][0] if rows else None


def target_states_of(
    repos: Collection[Repo], by_target: Mapping[int, Mapping[str, list[Attempt]]]
) -> dict[int, list[TargetState]]:
    """Return the targets of repositories from what `attempts` found."""
    chosen = [pick for of_repo in by_target.values() for rows in of_repo.values() for pick in of_interest(rows) if pick]
    builds = Build.objects.in_bulk({pick.pk for pick in chosen})
    slugs = {repo.id: repo.slug for repo in repos}
    persons = people([(slugs.get(build.repo_id, ""), build) for build in builds.values()])
    deployments = {pk: Deployment(build, persons[pk]) for pk, build in builds.items()}
    deploying = [repo for repo in repos if by_target.get(repo.id)]
    branches = pushes(deploying) if deploying else {}
    return {
        repo.id: [
            target_state_of(repo, name, rows, deployments, branches[repo.id]) for name, rows in sorted(by_target[repo.id].items())
        ]
        for repo in deploying
    }


def target_state_of(
    repo: Repo, target: str, rows: list[Attempt], deployments: Mapping[int, Deployment], branch: Pushes
) -> TargetState:
    last, live, previous = (deployments.get(row.pk) if row else None for row in of_interest(rows))
    unfinished = last is not None and last.build.status in NOT_FINISHED
    behind = branch.since(live.build.after) if live else None
    lost = live is not None and behind is None and branch.all_newer(live.build)
    return TargetState(
        repo, target, live,
        running=last if unfinished else None,
        failed=None if unfinished or last is live else last,
        previous=previous,
        behind=behind,
        over=len(branch.commits) if lost else 0,
    )  # fmt: skip


def of_interest(rows: list[Attempt]) -> tuple[Attempt, Attempt | None, Attempt | None]:
    """Return the newest attempt, the newest success, and the newest success before it that deployed something else."""
    good = [row for row in rows if row.status == Status.SUCCESS]
    live = good[0] if good else None
    return rows[0], live, next((row for row in good if live and not same(row, live)), None)


def same(build: Build | Attempt, live: Build | Attempt, changed: Mapping[str, str] | None = None) -> bool:
    """Return whether a build would deploy what is live: the same commit, in the same way, with the same parameters.

    Args:
        build: the build.
        live: what is live.
        changed: parameters that would be given instead of the build's.
    """
    params = given({**build.params, **(changed or {})})
    if params != given(build.params):
        return build.after == live.after and params == given(live.params)
    if build.number == live.number:
        return True
    return build.after == live.after and params == given(live.params) and operation_of(build) == operation_of(live)


def operation_of(build: Build | Attempt) -> str:
    return build.action if build.event == Event.CUSTOM else ""


def given(params: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters that people gave; who started it, and how, is no part of what is deployed."""
    return {name: value for name, value in params.items() if name not in ADDED}
