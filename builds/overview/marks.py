"""The mark in the bar: how many builds wait for the reader's approval, and how many of theirs failed since they looked."""

import time
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, HttpResponseBase

from builds.access.rules import visible_ids
from builds.drone_db.build_pages import Filters, RepoIds, of_repositories
from builds.drone_db.errors import DroneDatabaseUnavailable
from builds.drone_db.models import Build, Repo
from builds.drone_db.vocabulary import BROKEN
from builds.overview.mine import mine
from builds.starting.actions import permitted
from builds.starting.models import Verb
from web.pages import shown

MOST_WAITING = 50
LOOKED = "looked"  # Unix seconds, in the session


@dataclass(frozen=True)
class Marks:
    waiting: int
    failed: int

    @property
    def total(self) -> int:
        return self.waiting + self.failed


def marks(request: HttpRequest) -> HttpResponseBase:
    """Return the mark, which each page asks for once it is there; where Drone's database is away, none."""
    try:
        visible = visible_ids(request.user)
        counts = Marks(len(approvable(request, visible)), len(failed_unseen(request, mine(request, visible))))
    except DroneDatabaseUnavailable:
        return HttpResponse(status=204)
    return shown(request, "overview/marks.html", {"marks": counts})


def approvable(request: HttpRequest, visible: RepoIds) -> list[Build]:
    """Return which of the builds that wait for approval the reader may approve."""
    waiting = of_repositories(visible, Filters(status=("blocked",)), None, MOST_WAITING).builds
    repos = Repo.objects.in_bulk({build.repo_id for build in waiting})
    there = [build for build in waiting if build.repo_id in repos]
    for build in there:
        build.repo = repos[build.repo_id]
    return [build for build in there if permitted(request.user, build, Verb.APPROVE)]


def failed_unseen(request: HttpRequest, builds: list[Build]) -> list[Build]:
    """Return which builds failed since the reader looked at the overview, or signed in."""
    signed_in = request.user.last_login.timestamp() if getattr(request.user, "last_login", None) else time.time()  # type: ignore[union-attr]
    looked = request.session.get(LOOKED, signed_in)
    return [build for build in builds if build.status in BROKEN and build.finished > looked]


def note_looked(request: HttpRequest, builds: list[Build]) -> None:
    """Remember that the reader has seen their builds; only where that changes the mark, so that most pages write nothing."""
    if failed_unseen(request, builds):
        request.session[LOOKED] = time.time()
