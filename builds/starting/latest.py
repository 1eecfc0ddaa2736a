"""The newest promotion or rollback of each target, and the last that succeeded, from Drone's table `latest`.

That table names the newest one for each target, successful or not (docs/drone.md 5.2; none before Drone 1.7). From one that did
not succeed, the builds of the same repository are gone through, newest first, at most WINDOW of them, by an index of Drone's.
Drone never deletes its rows, so a repository with previews has thousands.
"""

from collections import Counter
from collections.abc import Collection, Iterable

from django.db.models import F, OuterRef, Subquery, Window
from django.db.models.functions import RowNumber

from builds.drone_db.models import Build, Latest
from builds.drone_db.vocabulary import DEPLOYMENTS, LatestType, Status

WINDOW = 1000  # builds that are looked through for one target
MOST_TARGETS = 500  # of a repository, and those of all repositories of a page for which a success is looked for


def latest_promotions(repo_ids: Collection[int], known: Collection[tuple[int, str]]) -> Iterable[int]:
    """Return the ids of the newest promotion or rollback of each target and of the last that succeeded, in two queries.

    Args:
        repo_ids: the repositories.
        known: targets, each with its repository's id, that were deployed to lately; no success is looked for further back.
    """
    most_known = max(Counter(repo_id for repo_id, _ in known).values(), default=0)  # they take no other target's place
    latest = Latest.objects.filter(repo_id__in=repo_ids, type=LatestType.DEPLOYMENT.value)
    nth = Window(RowNumber(), partition_by="repo_id", order_by=F("build_id").desc())
    newest = latest.alias(nth=nth).filter(nth__lte=MOST_TARGETS + most_known).order_by("-build_id")
    rows = list(newest.values_list("repo_id", "name", "build_id", "build__status"))
    ids = {build_id for _, _, build_id, _ in rows}
    unknown = [
        build_id
        for repo_id, name, build_id, status in rows
        if status not in {Status.SUCCESS, None} and (repo_id, name) not in known
    ]
    if unknown:
        good = Build.objects.filter(
            repo_id=OuterRef("repo_id"),
            deploy_to=OuterRef("deploy_to"),
            event__in=DEPLOYMENTS,
            status=Status.SUCCESS.value,
            number__lt=OuterRef("number"),
            number__gt=OuterRef("number") - WINDOW,
        ).order_by("-number")
        failed = Build.objects.filter(id__in=unknown[:MOST_TARGETS]).annotate(good=Subquery(good.values("id")[:1]))
        ids |= set(filter(None, failed.values_list("good", flat=True)))
    return ids
