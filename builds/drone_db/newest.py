"""The newest builds of some repositories, and their numbers, found along the index on (repository, number)."""

from collections.abc import Collection
from functools import reduce
from operator import or_

from django.db.models import F, OuterRef, Q, Subquery

from builds.drone_db.models import Build, Repo

OUT_OF_ORDER = 10  # builds made at the same time: a repository's numbers need not rise just as the ids do


def newest_builds(repo_ids: Collection[int], count: int, most: int) -> list[Build] | None:
    """Return the newest builds by id, in two queries.

    Args:
        repo_ids: ids of repositories that Drone has.
        count: how many builds to return.
        most: rows that may be read.

    Returns:
        None where that would read more rows.
    """
    depth = count + OUT_OF_ORDER
    # One entry for each repository's last build and `depth` for its lowest, then the builds of `depth` repositories.
    if len(repo_ids) * (depth + 1) + depth * depth > most:
        return None
    builds = Build.objects.filter(repo_id=OuterRef("id")).order_by("-number")
    ends = Repo.objects.filter(id__in=repo_ids).annotate(
        last=Subquery(builds.values("id")[:1]), lowest=Subquery(builds.values("number")[depth - 1 : depth])
    )
    latest = sorted((end for end in ends.values_list("last", "id", "lowest") if end[0] is not None), reverse=True)[:depth]
    if not latest:
        return []
    within = (Q(repo_id=repo) if lowest is None else Q(repo_id=repo, number__gte=lowest) for _, repo, lowest in latest)
    return list(Build.objects.filter(reduce(or_, within)).order_by((F("id") + 0).desc())[:count])


def newest_numbers(repo_ids: Collection[int]) -> dict[int, int]:
    """Return the number of the newest build of each repository, in one query; those without builds are left out."""
    last = Build.objects.filter(repo_id=OuterRef("id")).order_by("-number").values("number")[:1]
    ends = Repo.objects.filter(id__in=repo_ids).annotate(last=Subquery(last)).values_list("id", "last")
    return {repo_id: number for repo_id, number in ends if number is not None}
