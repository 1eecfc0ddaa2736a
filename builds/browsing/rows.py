"""Builds as the lines of a list."""

import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext

from builds.drone_db.models import Build, Repo
from builds.drone_db.queries import waiting_for_approval
from builds.drone_db.vocabulary import NOT_FINISHED
from builds.starting.models import AuditRecord, Verb
from web import times

STARTING = (Verb.CREATE.value, Verb.RESTART.value, Verb.PROMOTE.value, Verb.ROLLBACK.value)
GONE = "?"  # in place of the name of a repository that Drone has deleted since; its builds stay


@dataclass(frozen=True)
class Row:
    build: Build
    status: str  # that of the build, but for one that waits for approval, which Drone calls pending
    slug: str
    url: str  # empty where the repository is gone
    seconds: int | None  # that it took, or takes so far
    starter: str  # who started it, where that is not the author


def rows(builds: Iterable[Build]) -> list[Row]:
    """Make lines of builds; one query for all their repositories."""
    listed = list(builds)
    slugs = dict(Repo.objects.filter(id__in={build.repo_id for build in listed}).values_list("id", "slug")) if listed else {}
    people = starters([(slugs.get(build.repo_id, ""), build) for build in listed])
    waiting, now = waiting_for_approval(listed), int(time.time())
    return [
        row(build, slugs.get(build.repo_id, ""), now, people.get(build.id, ""), waits=build.id in waiting) for build in listed
    ]


def starters(builds: Collection[tuple[str, Build]]) -> dict[int, str]:
    """Return who started builds through edrone, in whose name Drone has only edrone's own login; one query.

    A name and a number alone may be those of another build: a repository that was activated anew counts from 1 again, as does a
    Drone that was set up anew.

    Args:
        builds: with the full names of their repositories.

    Returns:
        Names by the ids of the builds.
    """
    if not builds:
        return {}
    slugs, numbers = {slug for slug, _ in builds}, {build.number for _, build in builds}
    records = AuditRecord.objects.filter(slug__in=slugs, build__in=numbers, verb__in=STARTING).order_by("id")
    answers = records.values_list("slug", "build", "answer__id", "answer__created", "username")
    people = {(slug, number, pk, created): name for slug, number, pk, created, name in answers}
    started = {build.id: people.get((slug, build.number, build.id, build.created)) for slug, build in builds}
    return {pk: name for pk, name in started.items() if name}


def row(build: Build, slug: str, now: int, person: str = "", *, waits: bool = False) -> Row:
    """Make a line of a build."""
    url = reverse("admin:builds_build", kwargs={"slug": slug, "number": build.number}) if slug else ""
    ended = build.finished or (0 if build.status in NOT_FINISHED else build.started)
    who = person or starter(build)
    status, seconds = "blocked" if waits else build.status, times.took(build.started, ended, now)
    return Row(build, status, slug or GONE, url, seconds, "" if who == build.author_login else who)


def starter(build: Build) -> str:
    """Return who or what started a build: the login of who pushed or pressed a button, or the schedule's name."""
    if build.trigger == "@cron":
        return build.cron or gettext("cron")
    if build.trigger in {"@hook", ""}:
        return build.sender
    return build.trigger
