"""The files that others extend, each read and parsed once."""

from pipelines.errors import Unusable, Vanished
from pipelines.language.remembered_documents import RememberedDocuments
from pipelines.operations.head_removal import parted
from pipelines.tree.tree import Snapshot


class RememberedFiles:
    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.texts: dict[str, str | Unusable | None] = {}
        self.near: dict[str, list[str]] = {}
        self.documents = RememberedDocuments()

    def text(self, path: str) -> str | None:
        """Return the text of a file, without an operation's head; None if there is no file.

        Raises:
            Unusable: it cannot be extended.
        """
        if path not in self.texts:
            try:
                self.texts[path] = self.read(path)
            except Unusable as error:
                self.texts[path] = error
            except Vanished:
                self.texts[path] = Unusable(f"projects/{path}: goes away or changes while it is read; check again.")
        text = self.texts[path]
        if isinstance(text, Unusable):
            raise text
        return text

    def read(self, path: str) -> str | None:
        spot = self.snapshot.file_at(path)
        return parted(path, self.snapshot.read(spot).text).padded if spot else None

    def paths_near(self, path: str) -> list[str]:
        """Return the paths of files that may have been meant."""
        if path not in self.near:
            self.near[path] = self.snapshot.paths_near(path)
        return self.near[path]
