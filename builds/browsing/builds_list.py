"""The list of builds: filters, a search, and pages by cursor."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from builds.access.finding import LARGEST, visible_repo, visible_repos
from builds.access.rules import visible_ids
from builds.browsing.rows import rows
from builds.browsing.search import named
from builds.drone_db.build_pages import Filters, Page, of_repositories, of_repository
from builds.drone_db.models import Build
from builds.drone_db.vocabulary import Event, Status
from web import statuses
from web.pages import shown

ON_A_PAGE = 50
SUGGESTED = 300  # repositories that the filter suggests
COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
PERIODS = {
    "hour": (_("the last hour"), 1),
    "day": (_("the last 24 hours"), 24),
    "week": (_("the last 7 days"), 168),
    "month": (_("the last 30 days"), 720),
}
NAMES = ("repo", "status", "event", "branch", "author", "period", "q")


@dataclass(frozen=True)
class Asked:
    """What the reader asked for, as in the address."""

    repo: str = ""
    status: str = ""
    event: str = ""
    branch: str = ""
    author: str = ""
    period: str = ""
    q: str = ""

    def filters(self, now: datetime) -> Filters:
        """Turn it into filters of the query; a word that is a whole commit uses no search, a login that is known an index."""
        commit = COMMIT.fullmatch(self.q.lower())
        login = bool(self.author) and Build.objects.filter(author_login=self.author).exists()
        hours = PERIODS[self.period][1] if self.period in PERIODS else 0
        return Filters(
            status=tuple(filter(None, [self.status])),
            event=tuple(filter(None, [self.event])),
            ref=(f"refs/heads/{self.branch}",) if self.branch else (),
            author_login=(self.author,) if login else (),
            author="" if login else self.author,
            after=(self.q.lower(),) if commit else (),
            since=int((now - timedelta(hours=hours)).timestamp()) if hours else None,
            q="" if commit else self.q,
        )


def builds_list(request: HttpRequest) -> HttpResponseBase:
    """Show a page of builds; a search for `owner/name#5` and the like goes straight to that build, where it is the only one."""
    asked = Asked(**{name: request.GET.get(name, "").replace("\0", "").strip()[:500] for name in NAMES})
    before = cursor(request)
    found = Page(named(request, asked.q, asked.repo), None)
    if len(found.builds) == 1:
        (build,) = found.builds
        return redirect(reverse("admin:builds_build", kwargs={"slug": build.repo.slug, "number": build.number}))
    if not found.builds:
        found = find(request, asked, before)
    return shown(
        request,
        "browsing/builds.html",
        {
            "title": _("Builds"),
            "asked": asked,
            "filtered": any(vars(asked).values()),
            "rows": rows(found.builds),
            "older": address(asked, found.next) if found.next is not None else "",
            "newest": address(asked, None) if before is not None else "",
            **choices(request),
        },
    )


def find(request: HttpRequest, asked: Asked, before: int | None) -> Page:
    """Ask for a page; a repository that the reader may not see is as one that is not there."""
    filters = asked.filters(datetime.now(UTC))
    if asked.repo:
        repo = visible_repo(request.user, asked.repo)
        return of_repository(repo.id, filters, before, ON_A_PAGE) if repo else Page([], None)
    return of_repositories(visible_ids(request.user), filters, before, ON_A_PAGE)


def choices(request: HttpRequest) -> dict[str, Any]:
    return {
        "repos": visible_repos(request.user).filter(active=True).order_by("slug").values_list("slug", flat=True)[:SUGGESTED],
        "statuses": [(word, statuses.look(word).word) for word in Status.values if word != "waiting_on_dependencies"],
        "events": [(word, statuses.EVENTS[word]) for word in Event.values],
        "periods": [(word, label) for word, (label, _hours) in PERIODS.items()],
    }


def cursor(request: HttpRequest) -> int | None:
    """Read where the page before ended."""
    value = request.GET.get("before", "")
    if not value:
        return None
    if not value.isascii() or not value.isdecimal() or int(value[:11]) > LARGEST:
        raise Http404
    return int(value)


def address(asked: Asked, before: int | None) -> str:
    """Return the address of another page of the same list."""
    query = {name: value for name, value in vars(asked).items() if value}
    return f"{reverse('admin:builds_build_changelist')}?{urlencode(query | ({} if before is None else {'before': before}))}"
