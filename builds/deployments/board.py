"""Pages of the repositories that deploy somewhere."""

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q

from builds.access.finding import visible_repos
from builds.access.rules import visible_ids
from builds.drone_db.build_pages import ALL
from builds.drone_db.models import Build, Latest, Repo
from builds.drone_db.vocabulary import DEPLOYMENTS, Event, LatestType
from builds.starting.models import AuditRecord, Outcome
from builds.starting.target_states import TargetState, target_states

WINDOW = 20_000  # newest builds of all repositories among which those that deploy are looked for
ON_A_PAGE = 25  # repositories


@dataclass(frozen=True)
class Wanted:
    """The filters of the list."""

    q: str = ""  # a part of the repository's name, in any case
    target: str = ""
    drift: bool = False  # only repositories where something is behind its default branch
    after: str = ""  # the last name of the previous page


@dataclass(frozen=True)
class Board:
    rows: list[tuple[Repo, list[TargetState]]]
    next: str = ""  # the name to continue after; even a short or empty page may have one
    targets: list[str] = field(default_factory=list)  # of all rows


def board(user: Any, wanted: Wanted) -> Board:
    """Return a page of repositories by name, each with its targets; those without any are left out."""
    repos = visible_repos(user).filter(deploying(user)).order_by("slug", "id")
    if wanted.q:
        repos = repos.filter(slug__icontains=wanted.q)
    if wanted.after:
        repos = repos.filter(slug__gt=wanted.after)
    listed = list(repos[: ON_A_PAGE + 1])
    more, listed = len(listed) > ON_A_PAGE, listed[:ON_A_PAGE]
    states = target_states(listed, wanted.target) if listed else {}
    rows = [(repo, states[repo.id]) for repo in listed if states.get(repo.id)]
    if wanted.drift:
        rows = [(repo, of_repo) for repo, of_repo in rows if any(state.drifts for state in of_repo)]
    return Board(rows, listed[-1].slug if more else "", targets_of([state for _, of_repo in rows for state in of_repo]))


def deploying(user: Any) -> Q:
    """Return the condition for repositories that may have deployments: one query each of three tables, none of them for all rows.

    Drone's table `latest` names those with promotions and rollbacks, edrone's audit records those whose operations it started,
    and the newest builds of Drone those whose operations somebody started there.
    """
    visible = visible_ids(user)
    latest = Latest.objects.filter(type=LatestType.DEPLOYMENT.value)
    top = Build.objects.order_by("-id").values_list("id", flat=True).first() or 0
    kinds = Q(event__in=DEPLOYMENTS) | (Q(event=Event.CUSTOM.value) & ~Q(action=""))
    newest = Build.objects.filter(kinds, id__gt=top - WINDOW).order_by()
    if visible is not ALL:
        latest, newest = latest.filter(repo_id__in=visible), newest.filter(repo_id__in=visible)
    ids = {*latest.values_list("repo_id", flat=True).distinct(), *newest.values_list("repo_id", flat=True).distinct()}
    started = AuditRecord.objects.filter(outcome=Outcome.DONE).exclude(operation="").order_by()
    return in_parts("id", ids) | in_parts("slug", set(started.values_list("slug", flat=True).distinct()))


def in_parts(name: str, values: Collection[Any]) -> Q:
    """Return the condition that a field has one of the values; lists of a thousand are too many for SQLite."""
    ordered = sorted(values)
    parts = [Q(**{f"{name}__in": ordered[start : start + 500]}) for start in range(0, len(ordered), 500)]
    return reduce(or_, parts, Q(pk__in=[]))


def targets_of(states: Collection[TargetState]) -> list[str]:
    """Return the names of targets: those in use most first, and of equals production last, as software travels."""
    counts: dict[str, int] = {}
    for state in states:
        counts[state.target] = counts.get(state.target, 0) + 1
    production = {state.target for state in states if state.production}
    return sorted(counts, key=lambda target: (-counts[target], target in production, target))
