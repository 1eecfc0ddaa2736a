"""The first tab of a repository: its builds, with the filters of the list of all builds."""

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from builds.access.finding import find_repo
from builds.browsing.builds_list import listing, status_of
from builds.drone_db.models import Build
from builds.repositories.head import head
from web.pages import shown


def builds_page(request: HttpRequest, slug: str) -> HttpResponseBase:
    repo = find_repo(request, slug)
    listed = listing(request, reverse("admin:builds_repo", kwargs={"slug": slug}), slug)
    if isinstance(listed, Build):
        return redirect(reverse("admin:builds_build", kwargs={"slug": slug, "number": listed.number}))
    return shown(request, "repositories/builds.html", {**listed, **head(request, repo, "builds")}, status_of(listed))
