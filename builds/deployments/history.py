"""What was deployed to the targets of one repository, newest first, and what can be rolled back to."""

from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.urls import reverse
from django.utils.http import urlencode

from builds.access.models import Level
from builds.access.rules import may
from builds.drone_db.models import Build, Repo
from builds.drone_db.vocabulary import Status
from builds.starting.actions import required_for
from builds.starting.attempts import WINDOW_OF_ONE, attempts
from builds.starting.models import Verb
from builds.starting.people import Person, people
from builds.starting.target_states import TargetState, operation_of, same, target_states_of

ON_A_PAGE = 50  # targets
OF_A_TARGET = 20  # deployments shown


@dataclass(frozen=True)
class Past:
    """A deployment of the past, or the one that is live."""

    build: Build
    person: Person
    live: bool
    roll_back: str  # the address that rolls back to it; empty where that is not offered


@dataclass(frozen=True)
class TargetHistory:
    state: TargetState
    deployments: list[Past]
    more: bool  # there are older ones


@dataclass(frozen=True)
class HistoryPage:
    targets: list[TargetHistory]  # the one that was deployed to last comes first
    next: int | None = None  # the number that `before` is on the next page; None on the last page


def histories(user: Any, repo: Repo, q: str = "", before: int | None = None) -> HistoryPage:
    """Return a page of the targets with their histories, in a number of queries that does not grow with them.

    Args:
        user: the reader, who may roll back or not.
        repo: the repository.
        q: a part of the target's name, in any case.
        before: the number of the build that the last target of the previous page was deployed by.
    """
    found = {
        target: rows
        for target, rows in attempts([repo], WINDOW_OF_ONE).get(repo.id, {}).items()
        if q.casefold() in target.casefold() and (before is None or rows[0].number < before)
    }
    on_page = dict(islice(found.items(), ON_A_PAGE))
    states = {state.target: state for state in target_states_of([repo], {repo.id: on_page}).get(repo.id, [])}
    builds = Build.objects.in_bulk({row.pk for rows in on_page.values() for row in rows[:OF_A_TARGET]})
    persons = people([(repo.slug, build) for build in builds.values()])
    targets = []
    for target, rows in on_page.items():
        state, shown = states[target], [builds[row.pk] for row in rows[:OF_A_TARGET] if row.pk in builds]
        past = [past_of(user, repo, state, build, persons[build.id]) for build in shown]
        targets.append(TargetHistory(state, past, len(rows) > OF_A_TARGET))
    last = next(reversed(on_page.values()), [])
    return HistoryPage(targets, last[0].number if len(found) > len(on_page) else None)


def past_of(user: Any, repo: Repo, state: TargetState, build: Build, person: Person) -> Past:
    build.repo = repo
    live = state.live is not None and state.live.build.id == build.id
    return Past(build, person, live, roll_back_url(user, state, build))


def roll_back_url(user: Any, state: TargetState, build: Build) -> str:
    """Return the page that rolls back to a build; empty where it did not succeed, is what is live, or the grants are missing.

    What an operation deployed is rolled back to by the same operation: it runs again on the same commit with the same inputs.
    """
    if build.status != Status.SUCCESS or state.live is None or same(build, state.live.build):
        return ""
    build.repo = state.repo
    verb = Verb.RESTART if operation_of(build) else Verb.ROLLBACK
    where = {"slug": state.repo.slug, "number": build.number, "verb": verb.value}
    if verb == Verb.RESTART:
        required = required_for(build, verb, debug=False)
        permitted = may(user, required.level, state.repo.slug, required.scope)
        return reverse("admin:builds_act", kwargs=where) if permitted else ""
    permitted = may(user, Level.DEPLOY, state.repo.slug, state.target)
    return f"{reverse('admin:builds_act', kwargs=where)}?{urlencode({'target': state.target})}" if permitted else ""
