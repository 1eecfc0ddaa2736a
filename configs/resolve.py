"""The one door from a request to the YAML that is served: `resolve`."""

import re
import sys
from collections.abc import Collection
from dataclasses import dataclass, field

import yaml

from configs.cache import Cache, now
from configs.compose.composing import compose
from configs.compose.provenance import Origin
from configs.errors import NotFound, Unusable, Vanished
from configs.kinds import kinds
from configs.lookup import Candidates, branch_of, candidates
from configs.payload import ConfigRequest
from configs.tree import Snapshot, Spot, Stamp, Tree

SAYS_REPOSITORY = re.compile(r"kind\W+(?:str\W+)?repository\b")
MOST_PATHS = 20  # named in a message
LOOKS = 100  # how often the tree is looked at anew while it is being swapped or edited
ORIGIN_SIZE = 200  # bytes of one in memory


@dataclass(frozen=True)
class Resolved:
    """What serves a build."""

    yaml: str | None  # None: the repository keeps its own file (`kind: repository`)
    path: str  # of the file that was taken, from the root of the tree
    sources: tuple[str, ...]  # paths of all files that the text came from, first the one that was taken
    origins: tuple[Origin, ...] = ()  # where each key and step came from; empty where the file is served as it was written


kept: Cache[Resolved] = Cache()


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
    found = look(tree, wanted)
    if found is None:
        raise NotFound(not_found(request, wanted))
    return found


def look(tree: Tree, wanted: Candidates) -> Resolved | None:
    """Take the first candidate that is there, and what it extends, all of it from one state of the tree.

    When git-sync swaps the tree it deletes the old one file by file: what is missing from a tree that is no longer the
    current one proves nothing, so then everything is looked up again.
    """
    for attempt in range(1, LOOKS + 1):
        with tree.snapshot() as snapshot:
            try:
                found = first(snapshot, wanted)
            except Vanished as vanished:
                if attempt == LOOKS:
                    raise Unusable(f"projects/{vanished}: goes away or changes whenever it is read; try again.") from None
                continue
            except Unusable:
                if attempt == LOOKS or snapshot.is_current():
                    raise
                continue
            if attempt == LOOKS or snapshot.is_current():
                return found
    raise AssertionError("the last look always returns or raises")


def first(snapshot: Snapshot, wanted: Candidates) -> Resolved | None:
    """Take the first candidate that is there."""
    for path in wanted.paths:
        folder = path[: path.find("/")] if "/" in path else ""
        # A missing folder saves looking into it.
        if (not folder or snapshot.folder_mode(folder)) and (spot := snapshot.either(path)):
            return from_file(snapshot, spot)
    return None


def from_file(snapshot: Snapshot, spot: Spot) -> Resolved:
    """Give what a file says, from memory if neither it nor any file that it extends has changed."""
    entry = kept.get(spot.stamp)
    if entry and all(map(snapshot.unchanged, entry.others)):
        return entry.value
    since, source, files = now(), snapshot.read(spot), Files(snapshot)
    composed = compose(source.path, source.text, files)
    text = None if keeps_its_own_file(source.path, composed.text) else composed.text
    resolved = Resolved(text, source.path, composed.sources, composed.origins)
    size = sys.getsizeof(composed.text) + ORIGIN_SIZE * len(composed.origins)
    kept.put((source.stamp, *files.read), resolved, size, since)
    return resolved


@dataclass
class Files:
    """The files that are extended: those of one state of the tree, and which of them were read."""

    snapshot: Snapshot
    read: list[Stamp] = field(default_factory=list)

    def text(self, path: str) -> str | None:
        """Read a file; None where nothing is there."""
        spot = self.snapshot.spot(path)
        if spot is None:
            return None
        source = self.snapshot.read(spot)
        self.read.append(source.stamp)
        return source.text

    def paths_near(self, path: str) -> list[str]:
        """Name files that may have been meant."""
        return self.snapshot.paths_near(path)


def keeps_its_own_file(path: str, text: str) -> bool:
    """Is the only document `kind: repository`?

    Raises:
        Unusable: there are other documents beside it; Drone would wait for ever for a runner of that kind.
    """
    if not SAYS_REPOSITORY.search(text):
        return False  # without parsing, as nearly every file
    try:
        found = kinds(text)
    except yaml.YAMLError:
        return False  # served as it is: Drone names the mistake in a build that people see
    if "repository" in found and len(found) > 1:
        raise Unusable(f"projects/{path}: `kind: repository` must be the only document of its file.")
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
