"""The first page: what runs now or waits for somebody, what failed lately, the reader's own builds."""

import time
from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from django.template.response import TemplateResponse

from builds.access.rules import visible_ids
from builds.browsing.rows import STARTING, rows
from builds.drone_db.build_pages import ALL, Filters, RepoIds, of_repositories
from builds.drone_db.errors import DroneDatabaseUnavailable
from builds.drone_db.models import Build, Repo
from builds.drone_db.vocabulary import FAILED_STATUSES
from builds.starting.models import AuditRecord
from web.localized import localized
from web.pages import shown

RUNNING, BLOCKED, FAILED, MINE = 20, 20, 10, 10  # lines
LATELY = 7 * 86400  # seconds


def live(request: HttpRequest) -> TemplateResponse:
    """Return the lists anew, which the page asks for while something runs."""
    return shown(request, "browsing/home_live.html", {"lists": lists(request)})


def context(request: HttpRequest) -> dict[str, Any]:
    """Return the lists; where Drone's database is away, the sentence that says so."""
    try:
        return {"lists": lists(request)}
    except DroneDatabaseUnavailable as error:
        return {"reason": localized(error)}


def lists(request: HttpRequest) -> dict[str, Any]:
    """Ask for the builds, with one query for the repositories of all of them."""
    visible = visible_ids(request.user)
    login = request.user.get_username()
    asked = {
        "blocked": (Filters(status=("blocked",)), BLOCKED),
        "running": (Filters(status=("running", "pending")), RUNNING + BLOCKED),
        "failed": (Filters(status=FAILED_STATUSES, since=int(time.time()) - LATELY), FAILED),
        "mine": (Filters(author_login=(login,)), MINE),
        "started": (Filters(sender=(login,)), MINE),
    }
    groups = {name: of_repositories(visible, filters, None, most).builds for name, (filters, most) in asked.items()}
    mine = {build.id: build for build in [*groups.pop("mine"), *groups.pop("started"), *started_here(request, visible)]}
    groups["mine"] = sorted(mine.values(), key=lambda build: -build.id)[:MINE]
    groups["running"] = [build for build in groups["running"] if build not in groups["blocked"]][:RUNNING]
    lines = {row.build.id: row for row in rows({build.id: build for builds in groups.values() for build in builds}.values())}
    return {name: [lines[build.id] for build in builds] for name, builds in groups.items()}


def started_here(request: HttpRequest, visible: RepoIds) -> list[Build]:
    """Return the builds that the reader started through edrone: in Drone, edrone's own login stands for them."""
    records = AuditRecord.objects.filter(username=request.user.get_username(), verb__in=STARTING).exclude(build=None)
    answers = list(records.order_by("-id").values_list("slug", "build", "answer__id", "answer__created")[:MINE])
    if not answers:
        return []
    ids = dict(Repo.objects.filter(slug__in={slug for slug, *_ in answers}).values_list("slug", "id"))
    wanted = Q(pk__in=[])
    for slug, number, pk, created in answers:
        if slug in ids and (visible is ALL or ids[slug] in visible):
            wanted |= Q(repo_id=ids[slug], number=number, pk=pk, created=created)  # numbers may begin again, see `starters`
    return list(Build.objects.filter(wanted))
