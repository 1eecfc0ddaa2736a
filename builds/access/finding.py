"""Repositories and builds, found for a user: what the user may not see is not found."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest

from builds.access.models import Level
from builds.access.rules import may, visible
from builds.drone_db.models import Build, Repo
from builds.drone_db.queries import build_of, repository

LARGEST = 2**31 - 1  # what Drone's columns hold; PostgreSQL refuses to compare them with more


def visible_repo(user: Any, slug: str) -> Repo | None:
    """Return the repository of a slug; None where there is none, or the user may not see it."""
    return repository(slug) if "\0" not in slug and may(user, Level.VIEW, slug) else None


def visible_repos(user: Any) -> QuerySet[Repo]:
    return Repo.objects.filter(visible(user))


def find_repo(request: HttpRequest, slug: str) -> Repo:
    """Return the repository that a page is about.

    Raises:
        Http404: there is none, or the reader may not see it.
    """
    if repo := visible_repo(request.user, slug):
        return repo
    raise Http404


def find_build(request: HttpRequest, slug: str, number: int) -> Build:
    """Return the build that a page is about, with its repository, stages and steps; errors as of `find_repo`."""
    permitted = "\0" not in slug and may(request.user, Level.VIEW, slug)
    if not permitted or number > LARGEST or not (build := build_of(slug, number)):
        raise Http404
    return build
