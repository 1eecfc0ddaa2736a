"""Builds as the lines of a list."""

import time
from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import reverse

from builds import statuses, times
from builds.models import Build, Repo

GONE = "?"  # in place of the name of a repository that Drone has deleted since; its builds stay


@dataclass(frozen=True)
class Row:
    """A line."""

    build: Build
    slug: str
    url: str  # empty where the repository is gone
    seconds: int | None  # that it took, or takes so far
    starter: str  # who started it, where that is not the author


def rows(builds: Iterable[Build]) -> list[Row]:
    """Make lines of builds; one query for all their repositories."""
    found = list(builds)
    slugs = dict(Repo.objects.filter(id__in={build.repo_id for build in found}).values_list("id", "slug")) if found else {}
    now = int(time.time())
    return [row(build, slugs.get(build.repo_id, ""), now) for build in found]


def row(build: Build, slug: str, now: int) -> Row:
    """Make a line of a build."""
    url = reverse("admin:builds_build", kwargs={"slug": slug, "number": build.number}) if slug else ""
    ended = build.finished or (0 if build.status in statuses.NOT_FINISHED else build.started)
    who = starter(build)
    return Row(build, slug or GONE, url, times.took(build.started, ended, now), "" if who == build.author_login else who)


def starter(build: Build) -> str:
    """Say who or what started a build: the login of who pushed or pressed a button, or the schedule's name."""
    if build.trigger == "@cron":
        return build.cron or "cron"
    if build.trigger in {"@hook", ""}:
        return build.sender
    return build.trigger
