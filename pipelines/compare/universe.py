"""Which builds there are to compare: every repository, branch and operation that has a file in either tree, or is named.

A repository with a plain folder may be of any namespace, so it is named without one.
"""

import posixpath
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from pathlib import PurePosixPath
from typing import NamedTuple

from pipelines.check.reach import FRESH, build, is_branch
from pipelines.lookup.candidates import candidates, homes, not_a_path
from pipelines.lookup.operation_files import folders, operation_candidates
from pipelines.operations.operation import FOLDER, is_name, is_operation

ANY = "*"


class Case(NamedTuple):
    """Builds for which the same files are candidates."""

    repository: str  # namespace/name; only the name where the namespace is open; ns/* and * for those without a folder
    branch: str  # or `*`: any other branch, and tags; `release/*`: any other branch below
    operation: str  # empty: an ordinary build
    paths: tuple[str, ...]  # of the files that may serve it, the first that is there does; each ends in .yaml

    def __str__(self) -> str:
        if self.operation:
            return f"{self.repository} operation {self.operation}"
        return f"{self.repository} {self.branch}"


def universe(stems: Iterable[str], namespaces: Collection[str], slugs: Iterable[str]) -> list[Case]:
    """List the builds.

    Args:
        stems: paths of the files of both trees, without .yaml or .yml.
        namespaces: those whose repositories may use a plain folder; empty: all.
        slugs: repositories that are known to exist, as namespace/name.
    """
    tree = Folders(stems, slugs)
    slugs = sorted({*slugs, *tree.slugs()})
    known = defaultdict[str, set[str]](set)
    for slug in slugs:
        known[slug.rpartition("/")[2]].add(slug.rpartition("/")[0])
    open_names = [name for name in sorted(tree.names) if is_open(name, namespaces, known[name], tree)]
    repositories = [(name, some_namespace(name, namespaces, tree), name) for name in open_names]
    repositories += [(slug, *slug.rpartition("/")[::2]) for slug in slugs]
    repositories += [(f"{namespace}/{ANY}", namespace, FRESH) for namespace in sorted(tree.namespaces)]
    repositories.append((ANY, FRESH, FRESH))
    cases: list[Case] = []
    for label, namespace, name in repositories:
        own = [f"@{namespace}/{name}", *([name] if not namespaces or namespace in namespaces else [])]
        for shown, branch in tree.branches(own):
            paths = candidates(build(namespace, name, branch), namespaces).paths
            cases.append(Case(label, shown, "", paths))
        request = build(namespace, name, "")
        cases += [
            Case(label, "", operation, operation_candidates(request, operation, namespaces).paths)
            for operation in tree.operations(folders(homes(request, namespaces)))
        ]
    return cases


def is_open(name: str, namespaces: Collection[str], known: set[str], tree: "Folders") -> bool:
    """Return whether a plain folder may serve a repository in another namespace than the known ones."""
    if namespaces and known.issuperset(namespaces):
        return False
    # One without a folder of its own gets what every other such repository gets.
    return all(f"@{namespace}/{name}" in tree.below for namespace in known if not namespaces or namespace in namespaces)


def some_namespace(name: str, namespaces: Collection[str], tree: "Folders") -> str:
    """Return a namespace for a repository whose namespace is open: one without a folder of its own for it."""
    choice = [namespace for namespace in sorted(namespaces) if f"@{namespace}/{name}" not in tree.below]
    return next(iter(choice or sorted(namespaces)), FRESH)


class Owners:
    """Whose the folders below `@namespace/` are: GitLab's namespaces have slashes, and branches have them, too."""

    def __init__(self, stems: Collection[str], slugs: Iterable[str]) -> None:
        folders = {posixpath.dirname(stem) for stem in stems}
        self.certain = {f"@{slug}" for slug in slugs}
        self.certain |= {posixpath.dirname(folder) for folder in folders if posixpath.basename(folder) == FOLDER}
        self.namespaces = {str(above) for folder in self.certain for above in PurePosixPath(folder).parents}
        self.certain -= self.namespaces
        self.likely = {posixpath.dirname(stem) for stem in stems if posixpath.basename(stem) == "default"}
        self.likely |= {folder for folder in folders if folder.count("/") == 1 or posixpath.dirname(folder) in self.namespaces}
        self.plain = {folder.partition("/")[0] for folder in folders}

    def folder(self, stem: str) -> str:
        """Return the folder of the repository that a file belongs to; empty if the file is a namespace's."""
        above = [folder for folder in map(str, PurePosixPath(stem).parents) if "/" in folder]  # the innermost first
        above = [folder for folder in above if posixpath.basename(folder) != FOLDER and folder not in self.namespaces]
        certain = [folder for folder in above if folder in self.certain]
        likely = [folder for folder in reversed(above) if folder in self.likely or posixpath.basename(folder) in self.plain]
        return next(iter([*certain, *likely, *reversed(above)]), "")


class Folders:
    def __init__(self, stems: Iterable[str], slugs: Iterable[str]) -> None:
        self.below: dict[str, dict[str, None]] = {}  # folder of a repository → paths below it, without ending
        self.names: set[str] = set()
        self.namespaces: set[str] = set()
        self.operation_names: dict[str, set[str]] = {}  # folder of operations → their names
        stems = sorted(set(stems))
        owners = Owners(stems, slugs)
        for stem in stems:
            folder, _, rest = stem.partition("/")
            place, _, name = stem.rpartition("/")
            if is_operation(stem) and is_name(name):
                self.operation_names.setdefault(place, set()).add(name)
            if folder.startswith("@") and rest:
                self.namespaces.add(folder[1:])
                folder = owners.folder(stem)
                self.namespaces |= {posixpath.dirname(folder)[1:]} - {""}
                rest = stem.removeprefix(f"{folder}/") if folder else ""
            if rest and not not_a_path(folder.removeprefix("@")):
                self.below.setdefault(folder, {})[rest] = None
                if not folder.startswith("@"):
                    self.names.add(folder)

    def slugs(self) -> list[str]:
        """Return the repositories whose namespace is known."""
        return [folder[1:] for folder in self.below if folder.startswith("@")]

    def branches(self, folders: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Yield the branches that have a file in one of a repository's folders, as shown and as asked for."""
        yield ANY, ""
        seen = {"default"}
        for folder in folders:
            for rest in self.below.get(folder, ()):
                if rest in seen or not_a_path(rest):
                    continue
                seen.add(rest)
                if rest.endswith("/default"):
                    yield f"{rest.removesuffix('default')}{ANY}", rest
                elif is_branch(rest):
                    yield rest, rest

    def operations(self, places: Iterable[str]) -> list[str]:
        return sorted(set().union(*(self.operation_names.get(place, set()) for place in places)))
