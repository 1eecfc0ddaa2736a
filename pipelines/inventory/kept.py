"""The inventory of the tree, kept: files are read when they change, not for every page."""

import os
import threading
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from pipelines.compare.touched import extended
from pipelines.errors import ConfigError, Unusable, Vanished
from pipelines.inventory.inventory import FileFacts, Inventory, inventory_of
from pipelines.language.remembered_documents import RememberedDocuments
from pipelines.resolve.repository_kind import keeps_its_own_file
from pipelines.tree.files import Stamp
from pipelines.tree.listing import listing, stem_of
from pipelines.tree.tree import Snapshot, Tree
from texts.characters import encodable

STILL_NEW = 2.0  # seconds; a tree of ten thousand folders is not walked for every click


@dataclass(frozen=True)
class StampedInventory:
    stamp: int  # another one whenever a file has changed
    inventory: Inventory


class KeptInventory:
    """One for a process; pages ask it from several threads."""

    def __init__(self, root: Path, namespaces: Collection[str]) -> None:
        self.root, self.namespaces = root, namespaces
        self.lock = threading.Lock()
        self.known: dict[str, tuple[Stamp, FileFacts]] = {}
        self.current: StampedInventory | None = None
        self.checked = 0.0  # when the files were looked at, on the monotonic clock
        self.folder: tuple[int, int] = (0, 0)  # which the root led to

    def now(self) -> StampedInventory:
        """Return what there is.

        Raises:
            TreeUnavailable: there is no tree.
        """
        with self.lock:
            with Tree(self.root).snapshot() as snapshot:
                state = os.fstat(snapshot.folder)
                folder = state.st_dev, state.st_ino
                if self.current and folder == self.folder and time.monotonic() - self.checked < STILL_NEW:
                    return self.current
                stamps = stamps_of(snapshot)
                stamp = hash((folder, frozenset(stamps.items())))
                if not self.current or stamp != self.current.stamp:
                    self.current = StampedInventory(stamp, self.read(snapshot, stamps))
            self.folder, self.checked = folder, time.monotonic()
            return self.current

    def read(self, snapshot: Snapshot, stamps: dict[str, Stamp | None]) -> Inventory:
        memory = RememberedDocuments()
        known: dict[str, tuple[Stamp, FileFacts]] = {}
        facts: dict[str, FileFacts] = {}
        for path, stamp in stamps.items():
            before = self.known.get(path)
            facts[path] = before[1] if before and before[0] == stamp else facts_of(snapshot, path, memory)
            if stamp:
                known[path] = stamp, facts[path]
        self.known = known
        return inventory_of(facts, self.namespaces)


def stamps_of(snapshot: Snapshot) -> dict[str, Stamp | None]:
    """Return the stamps of all YAML files; None for one that cannot be read.

    Names that are no Unicode are left out: no build or file can name them, and no page or JSON can be written with them.
    """
    stamps: dict[str, Stamp | None] = {}
    for path in listing(snapshot).files:
        if stem_of(path) and path == encodable(path):
            try:
                file = snapshot.file_at(path)
                stamps[path] = file.stamp if file else None
            except (Unusable, Vanished):
                stamps[path] = None
    return stamps


def facts_of(snapshot: Snapshot, path: str, memory: RememberedDocuments) -> FileFacts:
    """Read what a file says; nothing where it cannot be read, which the check reports."""
    try:
        file = snapshot.file_at(path)
        text = snapshot.read(file).text if file else ""
        targets = extended(path, text, memory.read)
        return FileFacts(tuple(dict.fromkeys(target for target in targets if target)), keeps_its_own_file(path, text))
    except (ConfigError, Vanished, RecursionError):
        return FileFacts(())
