"""Who a build is by."""

from collections.abc import Collection
from dataclasses import dataclass

from django.utils.translation import gettext

from builds.drone_db.models import Build
from builds.drone_db.vocabulary import CRON, DEPLOYMENTS, HOOK, Event
from builds.starting.models import STARTING, AuditRecord

NO_PUSH = (Event.CUSTOM.value, Event.CRON.value, *DEPLOYMENTS)  # the author of the commit has started none of these


@dataclass(frozen=True)
class Person:
    """Who a build is by: one name everywhere, and a second one beside it where somebody else had a part in it."""

    # Of builds by hand, and restarts of all others, who started it, empty where nobody knows; else the author of the commit.
    name: str
    author: str = ""  # of the commit, where that is somebody else
    pusher: str = ""  # who pushed the commit, where that is somebody else


def people(builds: Collection[tuple[str, Build]]) -> dict[int, Person]:
    """Return who builds are by, by the ids of the builds; one query. Arguments as of `starters`."""
    started = starters(builds)
    return {build.id: person_of(build, started.get(build.id, "")) for _, build in builds}


def person_of(build: Build, started: str = "") -> Person:
    """Return who a build is by; `started` is who started it through edrone, empty where nobody did."""
    author, name = build.author_login or build.author_name, started or starter(build)
    if not started and build.trigger in {HOOK, ""} and build.event not in NO_PUSH:
        return Person(author or name, pusher=name if author and name != author else "")
    return Person(name, author=author if author != name else "")


def starter(build: Build) -> str:
    """Return who or what started a build: who pushed or pressed a button, or the schedule's name; empty where Drone forgot."""
    if build.trigger == CRON or (build.event == Event.CRON and not (build.trigger or build.parent)):  # an error
        return build.cron or gettext("cron")
    if build.trigger and build.trigger != HOOK:
        return build.trigger
    # Drone drops the trigger of an error (docs/drone.md 2.1). The sender of a build with a parent is that of the parent (2.3).
    return build.sender if build.trigger or not build.parent else ""


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
    names = {(slug, number, pk, created): name for slug, number, pk, created, name in answers}
    started = {build.id: names.get((slug, build.number, build.id, build.created)) for slug, build in builds}
    return {pk: name for pk, name in started.items() if name}
