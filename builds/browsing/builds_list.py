"""The list of builds: filters, a search, and pages by cursor."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.http import Http404, HttpRequest, HttpResponseBase, QueryDict
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
from builds.rest.errors import BadRequest
from builds.rest.parameters import FILTERS, filters_of
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
NAMES = FILTERS | {"repo", "period"}
LONGEST = 500  # characters of a value


def query_of(address: QueryDict) -> QueryDict:
    """Return the filters of the address that are not empty, without NUL characters and blanks around them."""
    query = QueryDict(mutable=True)
    for name in sorted(NAMES & address.keys()):
        values = [value.replace("\0", "").strip()[:LONGEST] for value in address.getlist(name)]
        if any(values):
            query.setlist(name, filter(None, values))
    return query


def page_filters(query: QueryDict, now: datetime) -> Filters:
    """Return the filters: those of REST, but `author` may be a part of a name, `q` a whole commit, and there is a `period`.

    Raises:
        DisallowedModelAdminLookup: one cannot be understood.
    """
    try:
        filters = filters_of(query)
    except BadRequest as error:
        raise DisallowedModelAdminLookup(str(error)) from error
    if filters.author_login and not Build.objects.filter(author_login__in=filters.author_login).exists():
        filters = replace(filters, author_login=(), author=filters.author_login[-1])
    if COMMIT.fullmatch(filters.q.lower()) and not filters.after:  # found without a search
        filters = replace(filters, after=(filters.q.lower(),), q="")
    if period := PERIODS.get(query.get("period", "")):
        filters = replace(filters, since=int((now - timedelta(hours=period[1])).timestamp()))
    return filters


def builds_list(request: HttpRequest) -> HttpResponseBase:
    """Show a page of builds; a search for `owner/name#5` and the like goes straight to that build, where it is the only one."""
    query, before = query_of(request.GET), cursor(request)
    page = Page(named(request, query.get("q", ""), query.get("repo", "")), None)
    if len(page.builds) == 1:
        (build,) = page.builds
        return redirect(reverse("admin:builds_build", kwargs={"slug": build.repo.slug, "number": build.number}))
    if not page.builds:
        page = find(request, query, before)
    return shown(
        request,
        "browsing/builds.html",
        {
            "title": _("Builds"),
            "asked": query.dict(),
            "filtered": bool(query),
            "rows": rows(page.builds),
            "older": address(query, page.next) if page.next is not None else "",
            "newest": address(query) if before is not None else "",
            **choices(request),
        },
    )


def find(request: HttpRequest, query: QueryDict, before: int | None) -> Page:
    """Ask for a page; a repository that the reader may not see is as one that is not there."""
    filters = page_filters(query, datetime.now(UTC))
    if slug := query.get("repo"):
        repo = visible_repo(request.user, slug)
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


def address(query: QueryDict, before: int | None = None) -> str:
    """Return the address of another page of the same list."""
    cursor = "" if before is None else urlencode({"before": before})
    return f"{reverse('admin:builds_build_changelist')}?{'&'.join(filter(None, [query.urlencode(), cursor]))}"
