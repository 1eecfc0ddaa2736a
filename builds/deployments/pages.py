"""The page of all deployments, and that of one repository's."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from builds.access import rules
from builds.access.finding import find_repo
from builds.browsing.builds_list import cursor
from builds.deployments.board import Wanted, board
from builds.deployments.history import TargetHistory, histories, roll_back_url
from builds.drone_db.models import Repo
from builds.freezes.models import Freeze
from builds.freezes.shown import freeze_of, frozen_now
from builds.repositories.head import head
from builds.starting import operations
from builds.starting.actions import not_connected
from builds.starting.attempts import WINDOW_OF_ONE
from builds.starting.target_states import TargetState
from pipelines.operations.operation import Operation
from web.pages import shown
from web.parameters import NotUnderstood, cannot_be, takes

COLUMNS = 6  # targets that have a column; a repository names the rest of its own in its row
LONGEST = 500  # characters of a filter


@dataclass(frozen=True)
class Cell:
    target: str
    state: TargetState | None
    roll_back: str  # the address that rolls back to what was live before; empty where that is not offered
    freeze: Freeze | None


@dataclass(frozen=True)
class Offer:
    """An operation that the reader may deploy with."""

    operation: Operation
    freeze: Freeze | None  # of the operation whatever its target


@dataclass(frozen=True)
class Section:
    """A target on the page of one repository."""

    history: TargetHistory
    freeze: Freeze | None


@dataclass(frozen=True)
class BoardRow:
    repo: Repo
    cells: list[Cell]
    others: list[Cell]  # targets without a column
    offers: list[Offer]


@takes("q", "target", "after", drift=("true",))
def deployments_page(request: HttpRequest) -> TemplateResponse:
    """List the repositories that deploy somewhere, a column for each of the targets that most of them have."""
    q, target, after = (request.GET.get(name, "").replace("\0", "").strip()[:LONGEST] for name in ("q", "target", "after"))
    wanted = Wanted(q, target, bool(request.GET.get("drift")), after)
    page = board(request.user, wanted)
    columns = page.targets[:COLUMNS]
    query = {name: value for name, value in {"q": q, "target": target, "drift": "true" if wanted.drift else ""}.items() if value}
    here = reverse("admin:builds_deployments")
    freezes = frozen_now(request.user)
    rows = [row_of(request.user, repo, states, columns, freezes) for repo, states in page.rows]
    return shown(
        request,
        "deployments/board.html",
        {
            "title": _("Deployments"),
            "wanted": wanted,
            "freezes": freezes,
            "columns": columns,
            "targets": page.targets,
            "rows": rows,
            "runs": any(state.running for _repo, states in page.rows for state in states),
            "filtered": bool(query),
            "chosen": len(query),
            "here": f"{here}?{urlencode(query | ({'after': after} if after else {}))}",
            "next": f"{here}?{urlencode(query | {'after': page.next})}" if page.next else "",
            "first": f"{here}?{urlencode(query)}" if after else "",
            "not_connected": not_connected(),
        },
    )


def row_of(user: Any, repo: Repo, states: list[TargetState], columns: list[str], freezes: list[Freeze]) -> BoardRow:
    by_name = {state.target: state for state in states}

    def cell(target: str) -> Cell:
        state = by_name.get(target)
        url = roll_back_url(user, state, state.previous.build) if state and state.previous and not state.running else ""
        return Cell(target, state, url, freeze_of(freezes, repo.slug, target))

    others = [cell(state.target) for state in sorted(states, key=most_urgent) if state.target not in columns]
    return BoardRow(repo, [cell(target) for target in columns], others, offers(user, repo, freezes))


def most_urgent(state: TargetState) -> tuple[bool, bool]:
    """Return the key that sorts what failed first, then what is behind: of the targets without a column, a row names few."""
    return not state.failed, not state.drifts


def offers(user: Any, repo: Repo, freezes: list[Freeze]) -> list[Offer]:
    """Return the operations that deploy to a target and that a user may start."""
    return [
        Offer(entry, freeze_of(freezes, repo.slug, entry.name))
        for entry in operations.with_target(repo)
        if rules.may(user, operations.LEVELS[entry.level], repo.slug, entry.name)
    ]


@takes("q", "before")
def repo_deployments(request: HttpRequest, slug: str) -> TemplateResponse:
    """Show a page of a repository's targets: what is there, and what was there before.

    Raises:
        NotUnderstood: `before` is no number of a build.
    """
    repo = find_repo(request, slug)
    q, number = (request.GET.get(name, "").replace("\0", "").strip()[:LONGEST] for name in ("q", "before"))
    before = cursor(number)
    if number and before is None:
        raise NotUnderstood(cannot_be("before", number, (_("a whole number"),)))
    page, freezes = histories(request.user, repo, q, before), frozen_now(request.user)
    query = {"q": q} if q else {}
    every = not query and before is None and page.next is None
    return shown(
        request,
        "deployments/repo.html",
        {
            **head(request, repo, "deployments", by_name(page.targets) if every else None),
            "sections": [Section(history, freeze_of(freezes, repo.slug, history.state.target)) for history in page.targets],
            "offers": offers(request.user, repo, freezes),
            "runs": any(history.state.running for history in page.targets),
            "here": request.get_full_path(),
            "every": every,
            "q": q,
            "chosen": len(query),
            "next": "" if page.next is None else f"{request.path}?{urlencode(query | {'before': page.next})}",
            "first": "" if before is None else f"{request.path}?{urlencode(query)}",
            "window": WINDOW_OF_ONE,
        },
    )


def by_name(targets: list[TargetHistory]) -> list[TargetState]:
    return sorted((history.state for history in targets), key=lambda state: state.target)
