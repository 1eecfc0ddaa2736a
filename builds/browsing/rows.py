"""Builds as the lines of a list."""

import time
from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import reverse

from builds.drone_db.models import Build, Repo
from builds.drone_db.queries import waiting_for_approval
from builds.drone_db.vocabulary import NOT_FINISHED
from builds.starting.people import Person, people, person_of
from web import times

GONE = "?"  # in place of the name of a repository that Drone has deleted since; its builds stay


@dataclass(frozen=True)
class Row:
    build: Build
    status: str  # that of the build, but for one that waits for approval, which Drone calls pending
    slug: str
    url: str  # empty where the repository is gone
    seconds: int | None  # that it took, or takes so far
    person: Person


def rows(builds: Iterable[Build]) -> list[Row]:
    """Make lines of builds; one query for all their repositories."""
    listed = list(builds)
    slugs = dict(Repo.objects.filter(id__in={build.repo_id for build in listed}).values_list("id", "slug")) if listed else {}
    by = people([(slugs.get(build.repo_id, ""), build) for build in listed])
    waiting, now = waiting_for_approval(listed), int(time.time())
    return [row(build, slugs.get(build.repo_id, ""), now, by[build.id], waits=build.id in waiting) for build in listed]


def row(build: Build, slug: str, now: int, person: Person | None = None, *, waits: bool = False) -> Row:
    url = reverse("admin:builds_build", kwargs={"slug": slug, "number": build.number}) if slug else ""
    status = "blocked" if waits else build.status
    return Row(build, status, slug or GONE, url, seconds_of(build, now), person or person_of(build))


def seconds_of(build: Build, now: int) -> int | None:
    """Return how long a build took, or has taken until now. Drone writes no end of a declined build (docs/drone.md 2.5)."""
    return times.took(build.started, build.finished or (0 if build.status in NOT_FINISHED else build.started), now)
