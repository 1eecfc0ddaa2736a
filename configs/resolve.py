"""The one door from a request to the YAML that is served: `resolve`."""

import re
from collections.abc import Collection
from dataclasses import dataclass

import yaml

from configs.errors import NotFound, Unusable, Vanished
from configs.kinds import kinds
from configs.lookup import Candidates, branch_of, candidates
from configs.payload import ConfigRequest
from configs.tree import Snapshot, Source, Tree

SAYS_REPOSITORY = re.compile(r"kind\W+repository\b")
LOOKS = 5  # how often the tree is looked at anew while it is being swapped or edited


@dataclass(frozen=True)
class Resolved:
    """What serves a build."""

    yaml: str | None  # None: the repository keeps its own file (`kind: repository`)
    path: str  # of the file that was taken, from the root of the tree
    sources: tuple[str, ...]  # paths of all files that the text came from


def resolve(request: ConfigRequest, tree: Tree, namespaces: Collection[str] = ()) -> Resolved:
    """Find what serves a build.

    Args:
        request: what Drone asks for.
        tree: where to look.
        namespaces: those whose repositories may use a plain `<name>/` folder; empty: all.

    Raises:
        ConfigError: NotFound with the paths tried; Unusable with the file; TreeUnavailable.
    """
    wanted = candidates(request, namespaces)
    source = look(tree, wanted)
    if source is None:
        raise NotFound(not_found(request, wanted))
    return Resolved(None if keeps_its_own_file(source) else source.text, source.path, (source.path,))


def look(tree: Tree, wanted: Candidates) -> Source | None:
    """Read the first candidate that is there, all of it from one state of the tree.

    When git-sync swaps the tree it deletes the old one file by file: what is missing from a tree that is no longer the
    current one proves nothing, so then everything is looked up again.
    """
    for attempt in range(1, LOOKS + 1):
        with tree.snapshot() as snapshot:
            try:
                source = first(snapshot, wanted)
            except Vanished as vanished:
                if attempt == LOOKS:
                    raise Unusable(f"projects/{vanished}: goes away or changes whenever it is read; try again.") from None
                continue
            if attempt == LOOKS or snapshot.is_current():
                return source
    raise AssertionError("the last look always returns or raises")


def first(snapshot: Snapshot, wanted: Candidates) -> Source | None:
    """Read the first candidate that is there."""
    folders: dict[str, bool] = {"": True}  # those at the top of the tree: a missing one saves looking into it
    for path in wanted.paths:
        folder = path[: path.find("/")] if "/" in path else ""
        if folder not in folders:
            folders[folder] = snapshot.mode(folder) != 0
        if folders[folder] and (source := snapshot.find(path)):
            return source
    return None


def keeps_its_own_file(source: Source) -> bool:
    """Is the file's only document `kind: repository`?

    Raises:
        Unusable: there are other documents beside it; Drone would wait for ever for a runner of that kind.
    """
    if not SAYS_REPOSITORY.search(source.text):
        return False  # without parsing, as nearly every file
    try:
        found = kinds(source.text)
    except yaml.YAMLError:
        return False  # served as it is: Drone names the mistake in a build that people see
    if "repository" in found and len(found) > 1:
        raise Unusable(f"projects/{source.path}: `kind: repository` must be the only document of its file.")
    return found == ["repository"]


def not_found(request: ConfigRequest, wanted: Candidates) -> str:
    """Say what was looked for, in one sentence."""
    branch = branch_of(request)
    what = f"branch {branch}" if branch else f"{request.event or 'a build'} without a branch"
    remarks = "".join(f"; {remark}" for remark in wanted.remarks)
    return (
        f"no file serves {request.slug}, {what}. Tried in projects/: {', '.join(wanted.paths)} "
        f"(each also as .yml){remarks}. Add one of them, or a projects/default.yaml with `kind: repository`."
    )
