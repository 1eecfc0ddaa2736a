"""The branches of a repository, each with its last push, and its schedules."""

import time
from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import Q
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse

from builds.access.finding import find_repo
from builds.browsing.rows import Row, row
from builds.drone_db.models import Build, Cron, Latest, Repo
from builds.drone_db.queries import waiting_for_approval
from builds.drone_db.vocabulary import LatestType
from builds.repositories.head import head
from builds.starting.people import people
from web.pages import shown
from web.parameters import takes

ON_A_PAGE = 50
MOST_SCHEDULES = 100


@dataclass(frozen=True)
class Branch:
    name: str
    last: Row | None  # None where Drone has purged the build


@dataclass(frozen=True)
class Schedule:
    cron: Cron
    configuration_url: str
    run_url: str  # for who may build the branch


@takes("q", "after")
def branches_page(request: HttpRequest, slug: str) -> TemplateResponse:
    """Show the branches by name, the default branch first."""
    repo = find_repo(request, slug)
    q, after = (request.GET.get(name, "").replace("\0", "").strip()[:500] for name in ("q", "after"))
    names = names_of(repo, q, after)
    here = reverse("admin:builds_repo_branches", kwargs={"slug": slug})
    more, names = len(names) > ON_A_PAGE, names[:ON_A_PAGE]
    return shown(
        request,
        "repositories/branches.html",
        {
            **head(request, repo, "branches"),
            "q": q,
            "chosen": int(bool(q)),
            "branches": branches(repo, names),
            "schedules": [] if q or after else schedules(repo),
            "next": f"{here}?{query_of(q=q, after=names[-1][0])}" if more else "",
            "first": f"{here}?{query_of(q=q)}" if after else "",
        },
    )


def query_of(**values: str) -> str:
    return urlencode({name: value for name, value in values.items() if value})


def names_of(repo: Repo, q: str, after: str) -> list[tuple[str, int]]:
    """Return the branches of a page, and one more, each with the id of its last push; the default branch leads the first page."""
    rows = Latest.objects.filter(repo_id=repo.id, type=LatestType.BRANCH.value)
    if q:
        rows = rows.filter(name__icontains=q)
    default = Q(name=repo.default_branch)
    others = rows.exclude(default).order_by("name")
    if after and after != repo.default_branch:
        others = others.filter(name__gt=after)
    first = [] if after else list(rows.filter(default).values_list("name", "build_id"))
    return [*first, *others.values_list("name", "build_id")[: ON_A_PAGE + 1]]


def branches(repo: Repo, names: list[tuple[str, int]]) -> list[Branch]:
    """Return the branches with their builds, in three queries."""
    builds: dict[int, Build] = Build.objects.in_bulk([build for _, build in names])
    waiting, by = waiting_for_approval(builds.values()), people([(repo.slug, build) for build in builds.values()])
    now = int(time.time())
    rows = {
        pk: row(build, repo.slug, now, by[pk], waits=pk in waiting) for pk, build in builds.items() if build.repo_id == repo.id
    }
    return [Branch(name, rows.get(build)) for name, build in names]


def schedules(repo: Repo) -> list[Schedule]:
    """Return the schedules; Drone alone starts them, so a reader who may run is offered a build of the branch."""
    configuration, run = (reverse(f"admin:builds_{name}", args=[repo.slug]) for name in ("repo_configuration", "run"))
    return [
        Schedule(
            cron,
            f"{configuration}?{query_of(event='cron', branch=cron.branch, cron=cron.name)}",
            f"{run}?{urlencode({'operation': '', 'branch': cron.branch})}",
        )
        for cron in repo.crons.order_by("name")[:MOST_SCHEDULES]
    ]
