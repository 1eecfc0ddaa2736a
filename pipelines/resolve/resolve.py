"""The one door from a request to the YAML that is served: `resolve`."""

import re
import sys
from collections.abc import Callable, Collection
from copy import copy
from dataclasses import dataclass, field
from typing import TypeVar

import yaml

from pipelines.build_request import ConfigRequest
from pipelines.errors import ConfigError, NotFound, Unusable, Vanished
from pipelines.language.compose import Composed, compose
from pipelines.language.kinds import kinds
from pipelines.language.origins import Origin
from pipelines.language.splice import Files as SplicedFiles
from pipelines.lookup import operation_files
from pipelines.lookup.candidates import Candidates, branch_of, candidates, homes
from pipelines.operations import head
from pipelines.operations.head_removal import parted, refuse_elsewhere
from pipelines.operations.operation import Operation
from pipelines.tree.cache import Cache, now
from pipelines.tree.stillness import Watch
from pipelines.tree.tree import Snapshot, Source, Spot, Stamp, Tree

SAYS_REPOSITORY = re.compile(r"kind\W+(?:str\W+)?repository\b")
MOST_PATHS = 20  # named in a message
ORIGIN_SIZE = 200  # bytes of one in memory


@dataclass(frozen=True)
class Resolved:
    """What serves a build."""

    yaml: str | None  # None: the repository keeps its own file (`kind: repository`)
    path: str  # of the file that was taken, from the root of the tree
    sources: tuple[str, ...]  # paths of all files that the text came from, first the one that was taken
    origins: tuple[Origin, ...] = ()  # where each key and step came from; empty where the file is served as it was written
    operation: Operation | None = None  # where the file is one


Found = TypeVar("Found")
kept: Cache[Resolved | ConfigError] = Cache()


def resolve(request: ConfigRequest, tree: Tree, namespaces: Collection[str] = ()) -> Resolved:
    """Find what serves a build.

    Args:
        request: what Drone asks for.
        tree: where to look.
        namespaces: those whose repositories may use a plain `<name>/` folder; empty: all.

    Raises:
        ConfigError: NotFound with the paths tried; Unusable with the file; TreeUnavailable.
    """
    if name := operation_files.named(request):
        return look(tree, lambda snapshot: operation(snapshot, request, name, namespaces))
    wanted = candidates(request, namespaces)
    found = look(tree, lambda snapshot: first(snapshot, wanted))
    if found is None:
        raise NotFound(not_found(request, wanted))
    return found


def look(tree: Tree, find: Callable[[Snapshot], Found]) -> Found:
    """Find something, with all that it needs, in one state of the tree.

    While the tree is changed in place, what is missing, empty or wrong proves nothing, nor does it in a tree that was swapped
    meanwhile, whose files are being deleted: then everything is looked up again.

    Raises:
        ConfigError: as `find` does; Unusable where the tree does not come to rest.
    """
    watch = Watch(tree.root)
    while True:
        since, vanished, failure = now(), "", None
        with tree.snapshot() as snapshot:
            try:
                found = find(snapshot)
            except Vanished as error:
                vanished = str(error)
            except ConfigError as error:
                failure = error
            changed = None if vanished else snapshot.last_change()
        if changed is not None and watch.held_still(since, changed):
            if failure:
                raise failure
            return found
        watch.go_on(vanished)


def first(snapshot: Snapshot, wanted: Candidates) -> Resolved | None:
    """Take the first candidate that is there."""
    for path in wanted.paths:
        folder = path[: path.find("/")] if "/" in path else ""
        # A missing folder saves looking into it.
        if (not folder or snapshot.folder_mode(folder)) and (spot := snapshot.either(path)):
            return from_file(snapshot, spot)
    return None


def operation(snapshot: Snapshot, request: ConfigRequest, name: str, namespaces: Collection[str]) -> Resolved:
    """Take the operation that a build names, and nothing else."""
    wanted = operation_files.operation_candidates(request, name, namespaces)
    found = first(snapshot, wanted)
    if found is None:
        raise operation_files.unknown(request, name, operation_files.names_there(snapshot, homes(request, namespaces)), wanted)
    return found


def from_file(snapshot: Snapshot, spot: Spot) -> Resolved:
    """Give what a file says, from memory if neither it nor any file that it extends has changed.

    Raises:
        ConfigError: it cannot serve; from memory too, where that follows from the texts of these files alone.
    """
    entry = kept.get(spot.stamp)
    if entry and all(map(snapshot.unchanged, entry.others)):
        if isinstance(entry.value, ConfigError):
            raise copy(entry.value)
        return entry.value
    since, source, files = now(), snapshot.read(spot), Files(snapshot)
    try:
        resolved, _ = from_source(source, files)
    except ConfigError as error:
        if files.all_read:
            # A copy: the error itself holds on to everything that was under way when it was raised.
            kept.put((source.stamp, *files.read), copy(error), sys.getsizeof(str(error)), since)
        raise
    size = sys.getsizeof(resolved.yaml) + ORIGIN_SIZE * len(resolved.origins)
    kept.put((source.stamp, *files.read), resolved, size, since)
    return resolved


def from_source(source: Source, files: SplicedFiles) -> tuple[Resolved, Composed]:
    """Give what a file says that is read already, and how it was composed."""
    parts = parted(source.path, source.text)
    found = (
        head.operation(operation_files.name_of(source.path), source.path, parts.head)
        if operation_files.is_operation(source.path)
        else None
    )
    composed = compose(source.path, parts.whole, files)
    text = parts.pipeline if composed.text == parts.whole else composed.text
    refuse_elsewhere(source.path, text)
    served = None if keeps_its_own_file(source.path, text) else text
    return Resolved(served, source.path, composed.sources, composed.origins, found), composed


@dataclass
class Files:
    """The files that are extended: those of one state of the tree, and which of them were read."""

    snapshot: Snapshot
    read: list[Stamp] = field(default_factory=list)
    all_read: bool = True  # False: one is missing or cannot be read, and may be there at any moment

    def text(self, path: str) -> str | None:
        """Read a file; None where nothing is there."""
        self.all_read, before = False, self.all_read
        spot = self.snapshot.spot(path)
        if spot is None:
            return None
        source = self.snapshot.read(spot)
        self.all_read = before
        self.read.append(source.stamp)
        return parted(path, source.text).whole

    def paths_near(self, path: str) -> list[str]:
        """Name files that may have been meant."""
        return self.snapshot.paths_near(path)


def keeps_its_own_file(path: str, text: str) -> bool:
    """Is the only document `kind: repository`?

    Raises:
        Unusable: there are other documents beside it, and Drone would wait for ever for a runner of that kind; or it is an
            operation, in whose place Drone would run whatever the repository's own file does.
    """
    if not SAYS_REPOSITORY.search(text):
        return False  # without parsing, as nearly every file
    try:
        found = kinds(text)
    except yaml.YAMLError:
        return False  # served as it is: Drone names the mistake in a build that people see
    if "repository" in found and len(found) > 1:
        raise Unusable(f"projects/{path}: `kind: repository` must be the only document of its file.")
    if found == ["repository"] and operation_files.is_operation(path):
        raise Unusable(
            f"projects/{path}: an operation is a pipeline, and cannot leave it to the repository (`kind: repository`)."
        )
    return found == ["repository"]


def not_found(request: ConfigRequest, wanted: Candidates) -> str:
    """Say what was looked for, in one sentence."""
    branch = branch_of(request)
    what = f"branch {branch}" if branch else f"{request.event or 'a build'} without a branch"
    remarks = "".join(f"; {remark}" for remark in wanted.remarks)
    return (
        f"no file serves {request.slug}, {what}. Tried in projects/: {shortened(wanted.paths)} "
        f"(each also as .yml){remarks}. Add one of them, or a projects/default.yaml with `kind: repository`."
    )


def shortened(paths: tuple[str, ...]) -> str:
    """List paths; of very many the first and the last."""
    shown = paths if len(paths) <= MOST_PATHS else (*paths[: MOST_PATHS // 2], "…", *paths[-MOST_PATHS // 2 :])
    return ", ".join(shown)
