"""The first page: which repositories are red, what runs or waits for somebody, the reader's own builds, what was deployed."""

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, F, QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from builds.access.rules import visible_ids
from builds.browsing.rows import Row, rows
from builds.drone_db.build_pages import ALL, RepoIds, waits_for_approval
from builds.drone_db.errors import DroneDatabaseUnavailable
from builds.drone_db.models import Build, Repo, Step
from builds.drone_db.vocabulary import FAILED_STATUSES, UNFINISHED, Status
from builds.freezes.shown import freeze_of, frozen_now
from builds.overview.bars import PushBar, bars
from builds.overview.deployed import deployed
from builds.overview.marks import note_looked
from builds.overview.mine import mine
from builds.repositories.branch_states import BranchState, DefaultBranch, default_branches, red_branches, states
from web.localized import localized
from web.pages import shown
from web.times import datetime_of

RED, RUNNING, BLOCKED = 20, 20, 20  # lines


@dataclass(frozen=True)
class Counts:
    """How many there are, beside the lists that show some of them."""

    red: int
    repositories: int  # active ones with a push to their default branch
    blocked: int
    running: int
    pending: int


@dataclass(frozen=True)
class RedBranch:
    """A default branch that is red, as the page shows it."""

    state: BranchState
    row: Row  # the build that says so
    failed: Step | None  # the step that failed; None where the build has an error of its own
    since: datetime | None  # when the push that made it red was built; or longer ago, see BranchState.at_least
    bars: list[PushBar]


def overview(request: HttpRequest) -> TemplateResponse:
    """Show the page; where Drone's database is away, the sentence that says so."""
    try:
        context = lists(request)
    except DroneDatabaseUnavailable as error:
        context = {"reason": localized(error)}
    return shown(request, "overview/overview.html", {"title": _("Overview"), **context})


def live(request: HttpRequest) -> TemplateResponse:
    """Return the lists anew, which the page asks for while something runs."""
    return shown(request, "overview/lists.html", lists(request))


def lists(request: HttpRequest) -> dict[str, Any]:
    """Ask for the builds, with one query for the repositories of all of them."""
    visible = visible_ids(request.user)
    branches = default_branches(visible)
    red = red_branches(branches)
    shown_red = [state for state in states(red[:RED]) if state.is_red]
    lately = deployed(visible)
    groups = {
        "red": list(Build.objects.filter(id__in=[state.results[0].id for state in shown_red])),
        "blocked": list(unfinished(visible).filter(waits_for_approval())[:BLOCKED]),
        "running": list(unfinished(visible).exclude(waits_for_approval())[:RUNNING]),
        "mine": mine(request, visible),
        "deployed": [build for build, _target in lately.values()],
    }
    note_looked(request, groups["mine"])
    lines = {row.build.id: row for row in rows({build.id: build for builds in groups.values() for build in builds}.values())}
    freezes = frozen_now(request.user)
    deployments = [(lines[pk], target, freeze_of(freezes, lines[pk].slug, target)) for pk, (_build, target) in lately.items()]
    return {
        "freezes": freezes,
        "counts": counts(visible, red, branches),
        "red": red_lines(shown_red, lines),
        "deployed": deployments,
        "lists": {name: [lines[build.id] for build in builds] for name, builds in groups.items()},
    }


def unfinished(visible: RepoIds) -> QuerySet[Build]:
    """Return the builds that have not finished, which Drone has an index of; those of a deleted repository never will."""
    repositories = Repo.objects.values_list("id", flat=True) if visible is ALL else visible
    return Build.objects.filter(status__in=UNFINISHED, repo_id__in=repositories).order_by((F("id") + 0).desc())


def counts(visible: RepoIds, red: list[DefaultBranch], branches: list[DefaultBranch]) -> Counts:
    of_status = unfinished(visible).annotate(waits=waits_for_approval()).values("status", "waits")
    numbers = {(row["status"], row["waits"]): row["builds"] for row in of_status.annotate(builds=Count("id")).order_by()}
    return Counts(
        red=len(red),
        repositories=len(branches),
        blocked=sum(number for (_status, waits), number in numbers.items() if waits),
        running=numbers.get((Status.RUNNING.value, False), 0),
        pending=numbers.get((Status.PENDING.value, False), 0),
    )


def red_lines(states: list[BranchState], lines: dict[int, Row]) -> list[RedBranch]:
    """Add which step failed, and the bars.

    Args:
        states: of branches that are red.
        lines: the lines of their builds, by the builds' ids.
    """
    failed = first_failed_steps([state.results[0].id for state in states])
    now = int(time.time())
    red = []
    for state in states:
        build_id = state.results[0].id
        if build_id in lines:  # Drone may have purged it since
            since = datetime_of(state.agreeing[-1].created)
            red.append(RedBranch(state, lines[build_id], failed.get(build_id), since, bars(state.pushes, now)))
    return red


def first_failed_steps(build_ids: list[int]) -> dict[int, Step]:
    """Return the step that failed first in each build, by the builds' ids; its stage needs no query."""
    steps = Step.objects.filter(stage__build_id__in=build_ids, status__in=FAILED_STATUSES, errignore=False)
    ordered = steps.select_related("stage").order_by("-stage__number", "-number")
    return {step.stage.build_id: step for step in ordered}
