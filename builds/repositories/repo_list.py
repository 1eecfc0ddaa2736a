"""The list of repositories: the state of each default branch, the last build, what is deployed where."""

import time
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from builds.access.drone_rights import drone_rights
from builds.access.finding import visible_repos
from builds.access.rules import sees_all, visible_ids
from builds.browsing.rows import Row, row
from builds.drone_db.models import Build, Repo
from builds.drone_db.queries import waiting_for_approval, with_last_builds
from builds.repositories.branch_states import default_branches, last_pushes, red_branches
from builds.starting.target_states import TargetState, target_states
from web.pages import shown
from web.parameters import takes

ON_A_PAGE = 50
MOST_DEPLOYED = 3  # targets of a row


@dataclass(frozen=True)
class RepoRow:
    repo: Repo
    push: Row | None  # the last push of its default branch
    last: Row | None  # its last build
    deployed: list[TargetState]  # some targets
    more_deployed: int  # how many others there are


@takes("q", "after", "all", show=("red", "all"))
def repo_list(request: HttpRequest) -> TemplateResponse:
    """Show a page of the repositories that the reader may see, by name."""
    q, after, show = (request.GET.get(name, "").replace("\0", "").strip()[:500] for name in ("q", "after", "show"))
    show = "all" if request.GET.get("all") and not show else show  # as links of before say it
    repos = list(after_name(filtered(request.user, q, show), after)[: ON_A_PAGE + 1])
    more, repos = len(repos) > ON_A_PAGE, repos[:ON_A_PAGE]
    query = {name: value for name, value in {"q": q, "show": show}.items() if value}
    here = reverse("admin:builds_repo_changelist")
    return shown(
        request,
        "repositories/repo_list.html",
        {
            "title": _("Repositories"),
            "q": q,
            "show": show,
            "chosen": len(query),
            "repo_rows": repo_rows(repos),
            "drone_says": "" if sees_all(request.user) else drone_rights(request.user).sentence,
            "next": f"{here}?{urlencode(query | {'after': repos[-1].slug})}" if more else "",
            "first": f"{here}?{urlencode(query)}" if after else "",
        },
    )


def filtered(user: Any, q: str, show: str) -> QuerySet[Repo]:
    """Narrow the list of what a user may see: `show` is all, red, or else those that are active in Drone."""
    repos = visible_repos(user)
    if show != "all":
        repos = repos.filter(active=True)
    if show == "red":
        repos = repos.filter(id__in=[branch.repo_id for branch in red_branches(default_branches(visible_ids(user)))])
    return repos.filter(slug__icontains=q) if q else repos


def after_name(repos: QuerySet[Repo], after: str) -> QuerySet[Repo]:
    return (repos.filter(slug__gt=after) if after else repos).order_by("slug", "id")


def repo_rows(repos: list[Repo]) -> list[RepoRow]:
    """Make the rows of repositories, in six queries whatever their number."""
    ids = [repo.id for repo in repos]
    deployed, pushes = (target_states(repos), last_pushes(ids)) if repos else ({}, {})
    latest, now = with_last_builds(repos), int(time.time())
    waiting = waiting_for_approval([*(pair.build for pair in latest if pair.build), *pushes.values()])

    def line(build: Build | None, repo: Repo) -> Row | None:
        return row(build, repo.slug, now, waits=build.id in waiting) if build else None

    return [
        RepoRow(
            pair.repo,
            line(pushes.get(pair.repo.id), pair.repo),
            line(pair.build, pair.repo),
            (there := [target for target in deployed.get(pair.repo.id, []) if target.live])[:MOST_DEPLOYED],
            max(len(there) - MOST_DEPLOYED, 0),
        )
        for pair in latest
    ]
