"""The search of the bar on top: leads to the one page that fits, or lists what does, repositories first."""

import re
from dataclasses import dataclass

from django.db.models import Q
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from builds.access.finding import visible_repos
from builds.access.rules import visible_ids
from builds.browsing.rows import rows
from builds.browsing.search import NAMED, named
from builds.drone_db.build_pages import Filters, of_repositories
from builds.drone_db.models import Build, Repo
from web.pages import shown
from web.parameters import takes

REPOS, BUILDS, SUGGESTED = 20, 20, 10  # lines
LONGEST = 500  # characters
COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


@dataclass(frozen=True)
class SearchResults:
    repos: list[Repo]
    builds: list[Build]
    more: bool = False  # older builds may fit as well

    @property
    def only(self) -> str:
        """Return the address of the one thing that was found; empty where there are more or none."""
        match (self.repos, self.builds):
            case ([repo], []):
                return reverse("admin:builds_repo", kwargs={"slug": repo.slug})
            case ([], [build]) if not self.more and build.repo:
                return reverse("admin:builds_build", kwargs={"slug": build.repo.slug, "number": build.number})
        return ""


@takes("q", "repo")
def search_page(request: HttpRequest) -> HttpResponseBase:
    text, slug = (request.GET.get(name, "").replace("\0", "").strip()[:LONGEST] for name in ("q", "repo"))
    if request.headers.get("HX-Request"):
        return shown(request, "browsing/suggestions.html", {"repos": repos_like(request, text)[:SUGGESTED] if text else []})
    results = find(request, text, slug) if text else SearchResults([], [])
    if results.only:
        return redirect(results.only)
    return shown(
        request,
        "browsing/search.html",
        {
            "title": _("Search"),
            "searched": text,
            "within": slug,
            "repos": results.repos,
            "rows": rows(results.builds),
            "builds_url": f"{reverse('admin:builds_build_changelist')}?{urlencode({'q': text})}" if results.more else "",
        },
    )


def find(request: HttpRequest, text: str, slug: str) -> SearchResults:
    """Find what a text may mean.

    Args:
        request: the reader's: what the reader may not see is not results.
        text: `shop/cart`, a part of such a name, `#12`, `cart#12`, a commit, or words of a commit's message.
        slug: the repository that the reader looks at, of which `#12` is asked first.
    """
    if NAMED.fullmatch(text):
        return SearchResults([], named(request, text, slug) or named(request, text, ""))
    if exact := list(visible_repos(request.user).filter(slug=text)[:1]):
        return SearchResults(exact, [])
    commit = COMMIT.fullmatch(text.lower())
    filters = Filters(after=(text.lower(),)) if commit else Filters(q=text)
    page = of_repositories(visible_ids(request.user), filters, None, BUILDS)
    known = with_repositories(page.builds)
    return SearchResults([] if commit else repos_like(request, text)[:REPOS], known, page.next is not None)


def repos_like(request: HttpRequest, text: str) -> list[Repo]:
    """Return the repositories of such a name: those in use before those that Drone has only heard of."""
    fits = Q(slug__icontains=text)
    return list(visible_repos(request.user).filter(fits).order_by("-active", "slug", "id")[:REPOS])


def with_repositories(builds: list[Build]) -> list[Build]:
    """Read the repositories of builds in one query; builds whose repository is gone have no page to lead to."""
    repos = Repo.objects.in_bulk({build.repo_id for build in builds}) if builds else {}
    for build in builds:
        if build.repo_id in repos:
            build.repo = repos[build.repo_id]
    return [build for build in builds if build.repo_id in repos]
