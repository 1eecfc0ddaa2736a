"""What was deployed to each target of one repository, newest first, and what can be rolled back to."""

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.http import urlencode

from builds.access.models import Level
from builds.access.rules import may
from builds.drone_db.models import Build, Repo
from builds.drone_db.vocabulary import Status
from builds.starting.actions import required_for
from builds.starting.attempts import attempts
from builds.starting.models import Verb
from builds.starting.people import Person, people
from builds.starting.target_states import TargetState, operation_of, same, target_states_of

WINDOW = 10_000  # newest builds of the repository that are looked through
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


def histories(user: Any, repo: Repo) -> list[TargetHistory]:
    """Return the history of each target, by name, in a number of queries that does not grow with them."""
    by_target = attempts([repo], WINDOW)
    states = target_states_of([repo], by_target).get(repo.id, [])
    shown = {state.target: by_target[repo.id][state.target][: OF_A_TARGET + 1] for state in states}
    builds = Build.objects.in_bulk({row.pk for rows in shown.values() for row in rows})
    persons = people([(repo.slug, build) for build in builds.values()])
    result = []
    for state in states:
        rows = [builds[row.pk] for row in shown[state.target][:OF_A_TARGET] if row.pk in builds]
        past = [past_of(user, repo, state, build, persons[build.id]) for build in rows]
        result.append(TargetHistory(state, past, len(shown[state.target]) > OF_A_TARGET))
    return result


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
