"""How much one answer may take: no file, whoever wrote it, holds up the builds of others.

A pipeline of a hundred steps has about two thousand nodes.
"""

from pipelines.language.errors import ComposeError, TooManyNodes
from pipelines.language.nodes import Place

DEPTH = 8  # files that extend one another in a row, the first one not counted
FILES = 64  # in one answer
NODES = 10_000  # 0.2 s; in what is read, in what is merged, and in the result; aliases count as what they stand for
NESTING = 100  # maps and lists in one another
SOURCES = 4 * 1024 * 1024  # characters of all files
RESULT = 1024 * 1024  # bytes of what is served
LINE = 65_535  # bytes; Drone loses a longer line, and everything after it (docs/drone.md 3.1)


class Budget:
    """What one answer has used up so far."""

    def __init__(self) -> None:
        self.read = self.merged = self.characters = self.files = 0

    def read_file(self, characters: int, place: Place) -> None:
        """Count a file before it is parsed."""
        self.files += 1
        self.characters += characters
        if self.files > FILES:
            raise ComposeError(place, f"more than {FILES} files extend one another here; join some of them.")
        if self.characters > SOURCES:
            raise ComposeError(place, f"the files that extend one another here have more than {SOURCES} characters.")

    def merge(self, nodes: int, place: Place) -> None:
        """Count nodes that are gone through to merge them."""
        self.merged += nodes
        if self.merged > NODES:
            raise too_many_nodes(place)


def too_many_nodes(place: Place) -> TooManyNodes:
    return TooManyNodes(place, f"more than {NODES} nodes (keys, values, lists), which no pipeline needs; split it.")
