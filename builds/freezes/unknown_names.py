"""What a freeze names and nobody has heard of. It may come yet, so it is said, and nothing is refused."""

from collections.abc import Callable

from django.conf import settings
from django.db.models import QuerySet

from builds.access.models import patterns_in
from builds.access.rules import matching
from builds.drone_db.errors import DroneDatabaseUnavailable
from builds.drone_db.models import Latest, Repo
from builds.drone_db.vocabulary import LatestType
from builds.freezes.models import Freeze
from builds.freezes.rule import matches
from pipelines.errors import ConfigError
from pipelines.resolve.operation_list import operations_of_all
from pipelines.tree.tree import Tree
from texts.sentence import Sentence


def unknown_names(freeze: Freeze, seen: Callable[[], QuerySet[Repo]]) -> list[Sentence]:
    """Say which repositories, targets and operations of a freeze are not there, or that nobody can tell.

    Args:
        freeze: that was made.
        seen: gives the repositories that its maker may see, which Drone's database says too.
    """
    try:
        repos = seen().filter(matching([freeze.pattern], "slug"))
        if not repos.exists():
            return [Sentence("No repository that you may see matches %(pattern)s yet.", pattern=freeze.pattern)]
        unknown = not_among(targets(repos), patterns_in(freeze.targets))
        unknown = unknown and not_among(names_of_operations(repos), unknown)
    except (DroneDatabaseUnavailable, ConfigError):
        return [Sentence("Drone's database or the tree cannot be read, so nobody looked whether these names exist.")]
    return [
        Sentence(
            "Nothing has been promoted or rolled back to “%(name)s” yet, "
            "and no operation has this name or offers it as its target.",
            name=name,
        )
        for name in unknown
    ]


def not_among(names: set[str], patterns: tuple[str, ...] | list[str]) -> list[str]:
    return [pattern for pattern in patterns if pattern != "*" and not any(matches(name, pattern) for name in names)]


def targets(repos: QuerySet[Repo]) -> set[str]:
    latest = Latest.objects.filter(type=LatestType.DEPLOYMENT.value, repo_id__in=repos.values("id"))
    return set(latest.order_by().values_list("name", flat=True).distinct())


def names_of_operations(repos: QuerySet[Repo]) -> set[str]:
    """Return the names of operations, and the targets that their heads offer."""
    slugs = repos.order_by().values_list("namespace", "name")
    names: set[str] = set()
    for listed in operations_of_all(list(slugs), Tree(settings.EDRONE_PROJECTS), settings.EDRONE_NAMESPACES):
        names.add(listed.name)
        operation = listed.operation
        if operation and operation.target:
            where = next(entry for entry in operation.inputs or () if entry.name == operation.target)
            names |= {*where.options, *filter(None, [where.default])}
    return names
