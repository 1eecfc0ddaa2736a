"""The list of builds: filters, a search, and pages by cursor."""

import re
from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.db.models import F
from django.http import HttpRequest, HttpResponseBase, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from builds.access.finding import LARGEST, visible_repo, visible_repos
from builds.access.rules import visible_ids
from builds.browsing.rows import rows
from builds.browsing.search import named
from builds.drone_db.build_pages import ALL, Filters, Page, RepoIds, of_repositories, of_repository
from builds.drone_db.models import Build
from builds.drone_db.vocabulary import Event, Status
from builds.rest.errors import BadRequest
from builds.rest.parameters import FILTERS, filters_of, second
from web import statuses
from web.pages import shown
from web.parameters import cannot_be, no_such_parameter

ON_A_PAGE = 50
SUGGESTED = 300  # repositories that the filter suggests
DIGITS = 10  # of LARGEST
COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
PERIODS = {
    "hour": (_("the last hour"), 1),
    "day": (_("the last 24 hours"), 24),
    "week": (_("the last 7 days"), 168),
    "month": (_("the last 30 days"), 720),
}
NAMES = FILTERS | {"repo", "period"}
PAGING = {"before"}
WORDS = (  # filters that take words of a list
    ("status", Status.values),
    ("event", Event.values),
    ("period", tuple(PERIODS)),
)
LONGEST = 500  # characters of a value


def query_of(address: QueryDict) -> QueryDict:
    """Return the filters of the address that are not empty, without NUL characters and blanks around them."""
    query = QueryDict(mutable=True)
    for name in sorted(NAMES & address.keys()):
        values = [value.replace("\0", "").strip()[:LONGEST] for value in address.getlist(name)]
        if any(values):
            query.setlist(name, filter(None, values))
    return query


def page_filters(query: QueryDict, now: datetime, repos: RepoIds) -> Filters:
    """Return the filters: those of REST, but `author` may be a part of a name, `q` a whole commit, and there is a `period`.

    Args:
        query: the filters of the address.
        now: the end of the period.
        repos: those of the list. `author` is a login where one of their builds has it, else a part of a name.

    Raises:
        DisallowedModelAdminLookup: one cannot be understood.
    """
    try:
        filters = filters_of(query)
    except BadRequest as error:
        raise DisallowedModelAdminLookup(str(error)) from error
    if filters.author_login and not has_builds(filters.author_login, repos):
        filters = replace(filters, author_login=(), author=filters.author_login[-1])
    if COMMIT.fullmatch(filters.q.lower()) and not filters.after:  # found without a search
        filters = replace(filters, after=(filters.q.lower(),), q="")
    if period := PERIODS.get(query.get("period", "")):
        filters = replace(filters, since=int((now - timedelta(hours=period[1])).timestamp()))
    return filters


def has_builds(logins: Collection[str], repos: RepoIds) -> bool:
    builds = Build.objects.filter(author_login__in=logins)
    if repos is not ALL:  # by an expression, so that the database finds them by the index of authors
        builds = builds.alias(repo_number=F("repo_id") + 0).filter(repo_number__in=repos)
    return builds.exists()


def builds_list(request: HttpRequest) -> HttpResponseBase:
    """Show a page of builds of all repositories, or of the one that the filter names."""
    listed = listing(request, reverse("admin:builds_build_changelist"), request.GET.get("repo", ""))
    if isinstance(listed, Build):
        return redirect(reverse("admin:builds_build", kwargs={"slug": listed.repo.slug, "number": listed.number}))
    return shown(request, "browsing/builds.html", {"title": _("Builds"), **listed}, status_of(listed))


def listing(request: HttpRequest, here: str, slug: str) -> dict[str, Any] | Build:
    """Return the context of a page of builds; the build itself where a search for `owner/name#5` and the like finds only one.

    Args:
        request: with the filters in its query.
        here: the address of the list.
        slug: the repository that the list is narrowed to; empty: all.
    """
    query, before = query_of(request.GET), cursor(request.GET.get("before", ""))
    wrong = mistakes(request.GET, query)
    page = Page([] if wrong else named(request, query.get("q", ""), slug), None)
    if len(page.builds) == 1:
        return page.builds[0]
    if not page.builds and not wrong:
        page = find(request, query, before, slug)
    return {
        "here": here,
        "wrong": wrong,
        "asked": query.dict(),
        "filtered": bool(query),
        "chosen": len(query),
        "rows": rows(page.builds),
        "older": address(here, query, page.next) if page.next is not None else "",
        "newest": address(here, query) if before is not None else "",
        **choices(request),
    }


def status_of(listed: dict[str, Any]) -> int:
    """Return the status of an answer with a list of builds."""
    return HTTPStatus.BAD_REQUEST if listed["wrong"] else HTTPStatus.OK


def mistakes(asked: QueryDict, query: QueryDict) -> list[str]:
    """Return a sentence for each filter or word that there is not: an empty list would look like an answer."""
    sentences = [no_such_parameter(name, NAMES) for name in asked if name not in NAMES | PAGING]
    for name, known in WORDS:
        words = [word.strip() for value in query.getlist(name) for word in value.split(",") if word.strip()]
        sentences += [cannot_be(name, word, known) for word in words if word not in known]
    for name in ("since", "until"):
        try:
            second(query, name)
        except BadRequest:
            sentences.append(cannot_be(name, query.get(name, ""), ("2026-01-31", "2026-01-31T12:00:00Z")))
    if (before := asked.get("before", "")) and cursor(before) is None:
        sentences.append(cannot_be("before", before, (str(_("a whole number")),)))
    return sentences


def find(request: HttpRequest, query: QueryDict, before: int | None, slug: str) -> Page:
    """Ask for a page; a repository that the reader may not see is as one that is not there."""
    now = datetime.now(UTC)
    if slug := slug.replace("\0", "").strip():
        repo = visible_repo(request.user, slug)
        filters = page_filters(query, now, {repo.id} if repo else set())
        return of_repository(repo.id, filters, before, ON_A_PAGE) if repo else Page([], None)
    visible = visible_ids(request.user)
    return of_repositories(visible, page_filters(query, now, visible), before, ON_A_PAGE)


def choices(request: HttpRequest) -> dict[str, Any]:
    return {
        "repos": visible_repos(request.user).filter(active=True).order_by("slug").values_list("slug", flat=True)[:SUGGESTED],
        "statuses": [(word, statuses.look(word).word) for word in Status.values if word != "waiting_on_dependencies"],
        "events": [(word, statuses.EVENTS[word]) for word in Event.values],
        "periods": [(word, label) for word, (label, _hours) in PERIODS.items()],
    }


def cursor(value: str) -> int | None:
    """Read where the page before ended; None where it is no number of a build."""
    known = value.isascii() and value.isdecimal() and len(value) <= DIGITS
    return int(value) if known and int(value) <= LARGEST else None


def address(here: str, query: QueryDict, before: int | None = None) -> str:
    """Return the address of another page of the same list."""
    cursor = "" if before is None else urlencode({"before": before})
    return f"{here}?{'&'.join(filter(None, [query.urlencode(), cursor]))}"
