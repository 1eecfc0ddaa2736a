"""A build by the name that people give it: `owner/name#5`, `name#5`, or `#5` where the repository is known."""

import re

from django.http import HttpRequest

from builds.access.finding import LARGEST, visible_repos
from builds.drone_db.models import Build

NAMED = re.compile(r"(?:(?P<slug>[^\s#/]+/[^\s#]+)|(?P<name>[^\s#/]+))?\s*#\s*(?P<number>[0-9]{1,10})")
MOST_REPOS = 1000  # whose builds of one number are looked for
MOST = 50  # builds that are listed


def named(request: HttpRequest, text: str, slug: str) -> list[Build]:
    """Return the builds that a search may mean, of repositories that the reader may see; none where it names no build.

    Args:
        request: the reader's.
        text: what was searched for; letters may be large or small.
        slug: the repository that the list is narrowed to; empty: all.
    """
    match = NAMED.fullmatch(text.strip())
    if not match or int(match["number"]) > LARGEST:
        return []
    repos = visible_repos(request.user)
    if match["slug"]:
        repos = repos.filter(slug__iexact=match["slug"])
    elif match["name"]:
        repos = repos.filter(name__iexact=match["name"])
    if slug:
        repos = repos.filter(slug=slug)
    ids = list(repos.order_by("-counter").values_list("id", flat=True)[:MOST_REPOS])
    if not ids:
        return []
    builds = list(Build.objects.filter(repo_id__in=ids, number=int(match["number"])).select_related("repo"))
    as_written = [build for build in builds if build.repo.slug == match["slug"]]
    return as_written or sorted(builds, key=lambda build: -build.id)[:MOST]
