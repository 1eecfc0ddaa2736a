"""One file of the tree → what it serves, from the cache if neither it nor any file that it extends has changed."""

import sys
from copy import copy
from dataclasses import dataclass, field

from pipelines.errors import ConfigError
from pipelines.language.compose import Composed, compose
from pipelines.language.origins import Origin
from pipelines.language.reader import documents
from pipelines.language.splice import Files, Read
from pipelines.operations.head import read_operation
from pipelines.operations.head_removal import parted, refuse_elsewhere
from pipelines.operations.operation import Operation, is_operation, name_of
from pipelines.resolve.repository_kind import keeps_its_own_file
from pipelines.tree.cache import Cache, now
from pipelines.tree.files import SourceFile, Stamp, TreeFile
from pipelines.tree.tree import Snapshot

ORIGIN_SIZE = 200  # bytes of one in memory


@dataclass(frozen=True, slots=True)
class Resolved:
    """What serves a build: the text of a file, or nothing, where the repository keeps its own file."""

    yaml: str | None  # None: the repository keeps its own file (`kind: repository`)
    path: str  # of the file that was taken, from the root of the tree
    sources: tuple[str, ...]  # paths of all files that the text came from, first the one that was taken
    origins: tuple[Origin, ...] = ()  # where each key and step came from; empty where the file is served as it was written
    operation: Operation | None = None  # where the file is one


cache: Cache[Resolved | ConfigError] = Cache()


def from_file(snapshot: Snapshot, file: TreeFile) -> Resolved:
    """Resolve a file, from the cache where nothing that it came from has changed.

    Raises:
        ConfigError: it cannot serve; from the cache too, where that follows from the texts of these files alone.
    """
    entry = cache.get(file.stamp)
    if entry and all(map(snapshot.unchanged, entry.others)):
        if isinstance(entry.value, ConfigError):
            raise copy(entry.value)
        return entry.value
    since, source, extended = now(), snapshot.read(file), ExtendedFiles(snapshot)
    try:
        resolved, _ = from_source(source, extended)
    except ConfigError as error:
        if extended.all_read:
            # A copy: the error itself holds on to everything that was under way when it was raised.
            cache.put((source.stamp, *extended.stamps), copy(error), sys.getsizeof(str(error)), since)
        raise
    size = sys.getsizeof(resolved.yaml) + ORIGIN_SIZE * len(resolved.origins)
    cache.put((source.stamp, *extended.stamps), resolved, size, since)
    return resolved


def from_source(source: SourceFile, files: Files, read: Read = documents) -> tuple[Resolved, Composed]:
    """Resolve a file whose text is there already; `read` as of `compose`. Return also how it was composed."""
    path = source.path
    parts = parted(path, source.text)
    operation = read_operation(name_of(path), path, parts.head) if is_operation(path) else None
    composed = compose(path, parts.padded, files, read)
    text = parts.pipeline if composed.text == parts.padded else composed.text
    refuse_elsewhere(path, text)
    yaml = None if keeps_its_own_file(path, text) else text
    return Resolved(yaml, path, composed.sources, composed.origins, operation), composed


@dataclass
class ExtendedFiles:
    """The files that are extended: those of one state of the tree, and which of them were read."""

    snapshot: Snapshot
    stamps: list[Stamp] = field(default_factory=list)  # of the files that were read
    all_read: bool = True  # False: one is missing or cannot be read, and may be there at any moment

    def text(self, path: str) -> str | None:
        self.all_read, before = False, self.all_read
        file = self.snapshot.file_at(path)
        if file is None:
            return None
        source = self.snapshot.read(file)
        self.all_read = before
        self.stamps.append(source.stamp)
        return parted(path, source.text).padded

    def paths_near(self, path: str) -> list[str]:
        return self.snapshot.paths_near(path)
