"""The list of repositories, with the last build of each and what is deployed where; and the page of one."""

import time
from dataclasses import dataclass

from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from builds.access.finding import find_repo, visible_repos
from builds.access.models import Level
from builds.access.rules import level_of
from builds.browsing.rows import Row, row, rows
from builds.deployments.latest import Deployed, deployed
from builds.drone_db.build_pages import Filters, of_repository
from builds.drone_db.models import Repo
from builds.drone_db.queries import waiting_for_approval, with_last_builds
from web.pages import shown

ON_A_PAGE = 30
BUILDS = 20  # on the page of a repository


@dataclass(frozen=True)
class Card:
    repo: Repo
    last: Row | None  # its last build
    deployed: list[Deployed]


def repos_list(request: HttpRequest) -> TemplateResponse:
    q, after, every = (request.GET.get(name, "").replace("\0", "").strip()[:500] for name in ("q", "after", "all"))
    visible = visible_repos(request.user).order_by("slug", "id")
    if not every:
        visible = visible.filter(active=True)
    if q:
        visible = visible.filter(slug__icontains=q)
    if after:
        visible = visible.filter(slug__gt=after)
    repos = list(visible[: ON_A_PAGE + 1])
    more, repos = len(repos) > ON_A_PAGE, repos[:ON_A_PAGE]
    query = {name: value for name, value in {"q": q, "all": every}.items() if value}
    here = reverse("admin:builds_repo_changelist")
    return shown(
        request,
        "browsing/repos.html",
        {
            "title": _("Repositories"),
            "q": q,
            "every": every,
            "cards": cards(repos),
            "next": f"{here}?{urlencode(query | {'after': repos[-1].slug})}" if more else "",
            "first": f"{here}?{urlencode(query)}" if after else "",
        },
    )


def cards(repos: list[Repo]) -> list[Card]:
    """Make the cards of repositories, in five queries whatever their number."""
    places = deployed([repo.id for repo in repos]) if repos else {}
    latest, now = with_last_builds(repos), int(time.time())
    waiting = waiting_for_approval(pair.build for pair in latest if pair.build)
    return [
        Card(
            pair.repo,
            row(pair.build, pair.repo.slug, now, waits=pair.build.id in waiting) if pair.build else None,
            places.get(pair.repo.id, []),
        )
        for pair in latest
    ]


def repo_page(request: HttpRequest, slug: str) -> TemplateResponse:
    """Show one repository: what is deployed where, its schedules, its last builds."""
    repo = find_repo(request, slug)
    return shown(
        request,
        "browsing/repo.html",
        {
            "title": repo.slug,
            "repo": repo,
            "may_run": (level_of(request.user, slug) or Level.VIEW) >= Level.RUN,
            "link": repo.link if repo.link.startswith(("https://", "http://")) else "",
            "deployed": deployed([repo.id]).get(repo.id, []),
            "crons": repo.crons.order_by("name")[:100],
            "rows": rows(of_repository(repo.id, Filters(), None, BUILDS).builds),
            "all_url": f"{reverse('admin:builds_build_changelist')}?{urlencode({'repo': repo.slug})}",
        },
    )
