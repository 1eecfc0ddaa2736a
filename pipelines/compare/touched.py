"""Is a file, with all that it extends, the same in two trees? Found by reading references, without composing anything."""

from dataclasses import dataclass, field

from pipelines.errors import ConfigError, Vanished
from pipelines.language.compose import MAY_EXTEND
from pipelines.language.limits import Budget
from pipelines.language.references import path_of, split
from pipelines.language.splice import Read
from pipelines.operations.head_removal import parted
from pipelines.tree.tree import Snapshot


@dataclass
class Touched:
    base: Snapshot
    head: Snapshot
    read: Read  # as of `compose`
    known: dict[str, bool] = field(default_factory=dict)  # path → it is the same, and so is all that it extends

    def serves_the_same(self, path: str) -> bool:
        """Return whether the same file serves at a path, or at its twin that ends in .yml, from the same files."""
        try:
            before, after = self.base.either(path), self.head.either(path)
            return bool(before and after and before.path == after.path and self.untouched(after.path))
        except (ConfigError, Vanished, RecursionError):
            return False

    def untouched(self, path: str) -> bool:
        """Return whether nothing that a file could come from differs; False if that is hard to tell."""
        if path not in self.known:
            self.known[path] = False  # while it is looked at: files that extend one another in a circle are composed
            text = text_in(self.head, path)
            if text is not None and text == text_in(self.base, path):
                self.known[path] = all(map(self.untouched, extended(path, text, self.read)))
        return self.known[path]


def extended(path: str, text: str, read: Read) -> list[str]:
    """Return the paths that a file extends itself; one that cannot be read extends what is nowhere."""
    if not MAY_EXTEND.search(text):
        return []
    try:
        parsed = read(path, parted(path, text).padded, Budget())
        mappings = [mapping for document in parsed for mapping in document.extending]
        return [path_of(reference, path) for mapping in mappings for reference in split(mapping)[0] or ()]
    except ConfigError:
        return [""]


def text_in(snapshot: Snapshot, path: str) -> str | None:
    """Return the text of a file; None if it cannot be read."""
    try:
        spot = snapshot.file_at(path) if path else None
        return snapshot.read(spot).text if spot else None
    except (ConfigError, Vanished):
        return None
