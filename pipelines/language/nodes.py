"""The node graph: what a YAML text says before anybody asks what its scalars mean.

A scalar keeps its characters and all that was written for it, since loading and dumping values would change what Drone's
parser makes of them (`0777`, `1_000`, `y`), and what runners put in for `${X}`. Nodes are never changed once they are read:
merging makes new ones, so they are shared.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

NULL_TAG = "tag:yaml.org,2002:null"
MERGE_TAG = "tag:yaml.org,2002:merge"
NULLS = frozenset({"", "~", "null", "Null", "NULL"})


class Place(NamedTuple):
    """The file, line and column where something is written."""

    path: str  # from the root of the tree; after a / where it is a repository's own file
    line: int  # from 1
    column: int  # from 1, in characters

    def __str__(self) -> str:
        """Write a place as compilers do, so that editors and terminals can jump to it."""
        return f"{shown_path(self.path)}:{self.line}:{self.column}"


def shown_path(path: str) -> str:
    """Name a file for people: one of the tree, or (its path begins with /) a repository's own file."""
    return path[1:] if path.startswith("/") else f"projects/{path}"


@dataclass(slots=True, eq=False)
class Scalar:
    """A single value, or a key."""

    place: Place
    value: str
    tag: str | None  # in full; None where the text has none
    plain: bool  # its characters decide what it is: `on` is true, and "on" is text
    token: str  # as it is written (tokens.py)
    lead: str = ""  # "?": a key that is written `? key`; "\n": a value that is written below its key
    flow: bool = False  # it stands in [a, b] or {a: b}, or could
    closed_later: bool = False  # for runners it ends in a comment that follows it


@dataclass(slots=True, eq=False)
class Sequence:
    place: Place
    items: list["Node"]
    flow: bool  # written [a, b]
    tag: str | None = None


@dataclass(slots=True, eq=False)
class Mapping:
    """A map; in documents as they were read a key may be there twice."""

    place: Place
    pairs: list[tuple["Node", "Node"]]
    flow: bool  # written {a: b}
    tag: str | None = None


Node = Scalar | Sequence | Mapping
Identity = str | tuple[Any, ...]


def is_plain(node: Node, text: str) -> bool:
    """Return whether a node is the plain word `text`, not the same in quotes."""
    return isinstance(node, Scalar) and node.value == text and node.plain


def is_null(node: Node) -> bool:
    """Return whether a node is null, as Drone's parser reads it."""
    return isinstance(node, Scalar) and (node.tag == NULL_TAG or (node.plain and node.value in NULLS))


def text_of(node: Node | None) -> str:
    """Return what Drone's decoder makes of a value that must be text; empty for a collection or null."""
    return node.value if isinstance(node, Scalar) and not is_null(node) else ""


def identity(key: Node) -> Identity:
    """Return what two keys have in common if they are the same key to Drone, which reads `8080` and "8080" as one name."""
    if isinstance(key, Scalar):
        return key.value
    # Tuples and not text: a long value that aliases repeat is not copied.
    if isinstance(key, Sequence):
        return ("list", *[identity(item) for item in key.items])
    return ("map", *[(identity(name), identity(value)) for name, value in key.pairs])


def value_of(mapping: Mapping, name: str) -> Node | None:
    """Return the value of a key; of doubled keys the last, as Drone takes it."""
    for key, value in reversed(mapping.pairs):
        if isinstance(key, Scalar) and key.value == name:
            return value
    return None


def kind_of(node: Node) -> str:
    """Return the kind of a node in words."""
    if isinstance(node, Scalar):
        return "null" if is_null(node) else "a single value"
    return "a list" if isinstance(node, Sequence) else "a map"
