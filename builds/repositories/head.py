"""What stands above each tab of a repository: the state of its default branch, what is deployed, what can be run."""

import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest

from builds.access.models import Level
from builds.access.rules import level_of, may
from builds.drone_db.models import Build, Repo
from builds.drone_db.queries import waiting_for_approval
from builds.repositories.branch_states import BranchState, Push, default_branch_state
from builds.starting import operations
from builds.starting.actions import not_connected
from builds.starting.run_page import permitted
from builds.starting.target_states import TargetState, target_states
from pipelines.operations.operation import Operation
from web import times

MOST_DEPLOYED = 4  # targets in the title; all of them are on the tab
MOST_OPERATIONS = 30  # in the menu; all of them are on the page to run one


@dataclass(frozen=True)
class RunMenu:
    """The operations that the reader may run, and whether they may build a branch."""

    operations: tuple[Operation, ...]
    more: bool  # than the menu shows
    may_build: bool


def head(request: HttpRequest, repo: Repo, tab: str, states: list[TargetState] | None = None) -> dict[str, Any]:
    """Return what the head of each tab shows, in a number of queries that does not depend on what the repository has.

    Args:
        request: the reader's.
        repo: the repository.
        tab: the one that is shown.
        states: what is deployed, where that is known already.
    """
    deployed = target_states([repo]).get(repo.id, []) if states is None else states
    state = default_branch_state(repo)
    runs = (level_of(request.user, repo.slug) or Level.VIEW) >= Level.RUN
    return {
        "title": repo.slug,
        "repo": repo,
        "slug": repo.slug,
        "tab": tab,
        "state": state,
        "state_status": status_of(state.telling) if state else "",
        "since": since(state, int(time.time())) if state else {},
        "deployed": [target for target in deployed if target.live][:MOST_DEPLOYED],
        "run_menu": run_menu(request, repo) if runs else None,
        "not_connected": not_connected(),
        "links": links(repo),
    }


def status_of(push: Push) -> str:
    return "blocked" if waiting_for_approval([Build(id=push.id, status=push.status)]) else push.status


def since(state: BranchState, now: int) -> dict[str, Any]:
    """Return for how long the branch has had its colour; nothing where no push has ended."""
    if state.since is None or not state.since.finished:
        return {}
    return {
        "red": state.is_red,
        "duration": times.rough(max(now - state.since.finished, 0)),
        "at_least": state.at_least,
    }


def run_menu(request: HttpRequest, repo: Repo) -> RunMenu:
    """List the operations that the reader may run; a tree that is away has none."""
    offered = [each.operation for each in operations.known(repo) if each.operation and permitted(request, repo, each)]
    return RunMenu(tuple(offered[:MOST_OPERATIONS]), len(offered) > MOST_OPERATIONS, may(request.user, Level.RUN, repo.slug))


def links(repo: Repo) -> dict[str, str]:
    """Return where else the repository is: at the forge and at Drone, and Drone's badge as Markdown."""
    addresses = {"forge": repo.link if repo.link.startswith(("https://", "http://")) else ""}
    if settings.DRONE_SERVER and not settings.EDRONE_DEMO:  # the sample data has no Drone
        drone = f"{settings.DRONE_SERVER}/{quote(repo.slug)}"
        image = (
            f"{settings.DRONE_SERVER}/api/badges/{quote(repo.slug)}/status.svg?ref={quote(f'refs/heads/{repo.default_branch}')}"
        )
        addresses |= {"drone": drone, "settings": f"{drone}/settings", "badge": f"[![Build Status]({image})]({drone})"}
    return addresses
