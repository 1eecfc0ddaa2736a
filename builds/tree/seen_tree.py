"""What of the tree a person may see: the files of the repositories that their grants include, and what these extend."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

from django.conf import settings

from builds.access.finding import visible_repos
from builds.access.rules import sees_all
from builds.drone_db.errors import DroneDatabaseUnavailable
from builds.tree.inspection import FoundMistake, KeptInspection, TreeInspection, inspect
from pipelines.build_request import BuildRequest
from pipelines.check.examine import told_once
from pipelines.check.trusted import NOT_TRUSTED
from pipelines.inventory.inventory import BUILD, OPERATION, UNUSED, Inventory, InventoryFile
from pipelines.inventory.kept import KeptInventory
from pipelines.inventory.last_changes import LastCommit
from pipelines.lookup.candidates import Homes, homes
from pipelines.lookup.operation_files import folders
from web.times import datetime_of

EXTENDED_BY = " (extended by projects/"  # ends a message about a file, and names others


@dataclass(frozen=True)
class SeenFile:
    file: InventoryFile
    extends: tuple[str, ...]  # that the reader may see, or that are not there
    users: tuple[str, ...]  # likewise
    # Those that build otherwise where the file changes: namespace/name of those that Drone knows and the reader may see, and
    # the folders of others.
    repositories: tuple[str, ...]
    serves_unknown: bool  # so do others, of which Drone's database says nothing
    mistakes: tuple[FoundMistake, ...]
    change: LastCommit | None  # the last; None where it is not known

    @property
    def path(self) -> str:
        return self.file.path

    @property
    def errors(self) -> int:
        return sum(mistake.is_error for mistake in self.mistakes)

    @property
    def warnings(self) -> int:
        return len(self.mistakes) - self.errors

    @property
    def changed_at(self) -> datetime | None:
        return datetime_of(self.change.time) if self.change else None


@dataclass(frozen=True)
class SeenTree:
    inventory: Inventory
    inspection: TreeInspection | None  # None: it is under way
    is_old: bool  # the inspection is of a state before this one
    paths: tuple[str, ...]  # of the files that the reader may see, in order
    sees_all: bool
    served: Mapping[str, set[str]] | None  # by path: the reader's repositories; None: Drone's are not known

    @property
    def is_inspected(self) -> bool:
        """Whether anything was found out about the files; else their findings are not known."""
        return self.inspection is not None and not self.inspection.failed

    @cached_property
    def seen(self) -> frozenset[str]:
        return frozenset(self.paths)

    @property
    def known(self) -> set[str]:
        """The repositories that Drone knows, and some file serves."""
        return set[str]().union(*(self.served or {}).values())

    def file(self, path: str) -> SeenFile:
        """Return one of the files that the reader may see."""
        file, seen = self.inventory.files[path], self.seen
        users = tuple(user for user in file.users if user in seen)
        served = self.served or {}
        serving = (path, *users) if file.role in {BUILD, OPERATION} or path in served else users
        repositories = set[str]().union(*(served.get(one) or {self.inventory.files[one].owner} for one in serving))
        return SeenFile(
            file,
            tuple(target for target in file.extends if target in seen or target not in self.inventory.files),
            users,
            tuple(sorted(repositories - {""})),
            "" in repositories,
            self.mistakes(path),
            self.inspection.changes.get(path) if self.inspection else None,
        )

    def mistakes(self, path: str) -> tuple[FoundMistake, ...]:
        found = self.inspection.mistakes.get(path, ()) if self.inspection else ()
        seen = (*(found if self.sees_all else map(without_others, found)), *self.once.get(path, ()))
        return tuple(sorted(seen, key=lambda mistake: not mistake.is_error))

    @cached_property
    def once(self) -> dict[str, list[FoundMistake]]:
        """Of what is true of many files: the first finding of each check among the files that the reader may see."""
        told: dict[str, list[FoundMistake]] = defaultdict(list)
        found = self.inspection.once if self.inspection else ()
        for finding in told_once(finding for finding in found if finding.path in self.seen):
            told[finding.path].append(FoundMistake.of(finding))
        return told

    def chosen(self, show: str, q: str = "") -> list[str]:
        """Return the paths of some of the files: shared, unused, mistakes, or all."""
        return [path for path in self.paths if q.casefold() in path.casefold() and self.is_shown(path, show)]

    def is_shown(self, path: str, show: str) -> bool:
        file = self.inventory.files[path]
        match show:
            case "shared":
                return file.is_shared or bool(file.users)
            case "unused":
                return file.role == UNUSED
            case "mistakes":
                return path in self.once or bool(self.inspection and path in self.inspection.mistakes)
        return True


def without_others(mistake: FoundMistake) -> FoundMistake:
    """Return a mistake without the repositories, and files of others, that its message names."""
    message = mistake.message.partition(EXTENDED_BY)[0].partition(NOT_TRUSTED)[0]
    return FoundMistake(mistake.line, mistake.column, mistake.severity, mistake.id, message)


def seen_by(user: Any) -> SeenTree:
    """Return the tree as a person may see it.

    Raises:
        TreeUnavailable: there is none.
        DroneDatabaseUnavailable: nobody can tell which repositories there are; those who see all see the tree without them.
    """
    look = inventory_of_tree().now()
    everything = sees_all(user)
    repositories: list[SeenRepository] | None
    try:
        repositories = seen_repositories(user)
    except DroneDatabaseUnavailable:
        if not everything:
            raise
        repositories = None
    paths = look.inventory.files if everything else reached_by(repositories or (), look.inventory)
    inspection = inspections().of(look.stamp, len(look.inventory.files))
    is_old = inspection is not None and inspection.stamp != look.stamp
    served = None if repositories is None else served_by(look.inventory, repositories)
    return SeenTree(look.inventory, inspection, is_old, tuple(sorted(paths)), everything, served)


class SeenRepository(NamedTuple):
    slug: str
    is_active: bool
    homes: Homes


def seen_repositories(user: Any) -> list[SeenRepository]:
    rows = visible_repos(user).values_list("namespace", "name", "slug", "active")
    return [
        SeenRepository(slug, active, homes(BuildRequest(namespace, name, "push", "", ""), settings.EDRONE_NAMESPACES))
        for namespace, name, slug, active in rows
    ]


def reached_by(repositories: Iterable[SeenRepository], inventory: Inventory) -> set[str]:
    """Return the files that may serve the repositories of a person, and all that these extend."""
    own: set[str] = set()
    shared: set[str] = set()
    for repository in repositories:
        places = repository.homes
        own.update(places.repository)
        shared.update(("default", *(f"{home}/default" for home in places.owner)), folders(places))
    if not own:
        return set()
    serving = [
        path
        for path, file in inventory.files.items()
        if file.owner in own or path.rpartition(".")[0] in shared or path.rpartition("/")[0] in shared
    ]
    return inventory.reached(serving)


def served_by(inventory: Inventory, repositories: Iterable[SeenRepository]) -> dict[str, set[str]]:
    """Return the repositories that each file serves; Drone builds only active ones."""
    served: dict[str, set[str]] = defaultdict(set)
    for repository in repositories:
        if repository.is_active:
            for path in inventory.serving(repository.homes):
                served[path].add(repository.slug)
    return served


@lru_cache(maxsize=1)
def inspections() -> KeptInspection:
    return KeptInspection(inspect)


def inventory_of_tree() -> KeptInventory:
    return kept_inventory(settings.EDRONE_PROJECTS, frozenset(settings.EDRONE_NAMESPACES))


@lru_cache(maxsize=1)
def kept_inventory(root: Any, namespaces: frozenset[str]) -> KeptInventory:
    return KeptInventory(root, namespaces)
