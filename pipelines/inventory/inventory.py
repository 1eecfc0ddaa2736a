"""The files of a tree: what each is for, what it extends, who extends it, and which repositories it serves. Pure."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from pipelines.check.examine import role_of
from pipelines.compare.universe import Owners
from pipelines.lookup.candidates import Homes
from pipelines.lookup.serving_files import ServingFiles
from pipelines.operations.operation import FOLDER
from pipelines.reached import reached
from pipelines.tree.listing import stem_of

BUILD, OPERATION, OWN_FILE, PART, UNUSED = "build", "operation", "own-file", "part", "unused"
SHARED = "_shared"


@dataclass(frozen=True)
class FileFacts:
    """What one file says."""

    extends: tuple[str, ...]  # paths that it names itself, whether they are there or not
    keeps_own_file: bool = False  # kind: repository


@dataclass(frozen=True)
class InventoryFile:
    path: str  # from the root of the tree
    role: str  # BUILD, OPERATION, OWN_FILE, PART (others extend it), or UNUSED
    extends: tuple[str, ...]
    owner: str  # folder of the repository that it belongs to; empty: it is of several
    users: tuple[str, ...] = ()  # files that serve builds and come from it, also through others

    @property
    def is_shared(self) -> bool:
        return SHARED in self.path.split("/")[:-1]


@dataclass(frozen=True)
class Inventory:
    files: dict[str, InventoryFile] = field(default_factory=dict)  # by path, in order

    def reached(self, paths: Iterable[str]) -> set[str]:
        """Return files, and all that they extend, also through others."""
        return {path for path in reached(paths, self.extended) if path in self.files}

    def extended(self, path: str) -> tuple[str, ...]:
        return self.files[path].extends if path in self.files else ()

    def serving(self, homes: Homes) -> Iterator[str]:
        """Yield the files that serve a repository: those of its branches, and the nearest operation of each name."""
        return map(self.by_stem.__getitem__, self.serving_files.of(homes))

    @cached_property
    def by_stem(self) -> dict[str, str]:
        return {stem_of(path): path for path, file in self.files.items() if file.role in {BUILD, OPERATION, OWN_FILE}}

    @cached_property
    def serving_files(self) -> ServingFiles:
        return ServingFiles(self.by_stem)


def inventory_of(facts: dict[str, FileFacts], namespaces: Collection[str]) -> Inventory:
    """Put together what the files of a tree say.

    Args:
        facts: of every YAML file, by path.
        namespaces: those whose repositories may use a plain `<name>/` folder; empty: all.
    """
    stems = frozenset(map(stem_of, facts))
    owners = Owners(stems, ())
    roles = {path: role_of(path, stems, namespaces) for path in facts}
    users: dict[str, list[str]] = defaultdict(list)

    def extends(path: str) -> tuple[str, ...]:
        return facts[path].extends if path in facts else ()

    for path, role in roles.items():
        for used in reached(facts[path].extends, extends) - {path} if role else ():
            if used in facts:
                users[used].append(path)
    extended = {target for file in facts.values() for target in file.extends}
    files = {}
    for path, file in facts.items():
        role = OWN_FILE if file.keeps_own_file else roles[path] or (PART if path in users or path in extended else UNUSED)
        files[path] = InventoryFile(path, role, file.extends, owner_of(path, owners), tuple(users.get(path, ())))
    return Inventory(files)


def owner_of(path: str, owners: Owners) -> str:
    """Return the folder of the repository that a file belongs to; empty for shared files, and defaults of several."""
    folder, _, rest = path.partition("/")
    if not rest or folder.startswith("_"):
        return ""
    if not folder.startswith("@"):
        return folder
    owner = owners.folder(stem_of(path))
    return "" if f"{SHARED}/" in path or path.startswith(f"{folder}/{FOLDER}/") else owner
