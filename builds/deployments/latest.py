"""What is deployed where: the last successful promotion or rollback for each target.

Drone's table `latest` names the last one for each target, successful or not (docs/drone.md 5.2; none before Drone 1.7). From
there the builds of the same repository are gone through, newest first, at most WINDOW of them, by an index of Drone's.
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import OuterRef, Subquery

from builds.drone_db.models import Build, Latest
from builds.drone_db.vocabulary import Event, LatestType, Status

WINDOW = 1000  # builds that are looked through for one target
MOST_TARGETS = 500  # for all repositories of a page together


@dataclass(frozen=True)
class Deployed:
    """A target, and what is there."""

    target: str
    build: Build | None  # None: nothing successful among the last builds
    last: Build | None  # the newest attempt, where that is another one


def deployed(repo_ids: Collection[int]) -> dict[int, list[Deployed]]:
    """Return for each repository its targets, by name, in two queries whatever their number."""
    good = Build.objects.filter(
        repo_id=OuterRef("repo_id"),
        deploy_to=OuterRef("name"),
        event__in=(Event.PROMOTE.value, Event.ROLLBACK.value),
        status=Status.SUCCESS.value,
        number__lte=OuterRef("build__number"),
        number__gt=OuterRef("build__number") - WINDOW,
    ).order_by("-number")
    latest = Latest.objects.filter(repo_id__in=repo_ids, type=LatestType.DEPLOYMENT.value)
    rows = list(
        latest.annotate(good=Subquery(good.values("id")[:1]))
        .order_by("repo_id", "name")
        .values_list("repo_id", "name", "build_id", "good")[:MOST_TARGETS]
    )
    builds = Build.objects.in_bulk({build for row in rows for build in row[2:] if build})
    result = defaultdict[int, list[Deployed]](list)
    for repo_id, name, last, good_id in rows:
        result[repo_id].append(Deployed(name, builds.get(good_id or 0), builds.get(last) if last != good_id else None))
    return dict(result)
