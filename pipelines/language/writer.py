"""Nodes → text, so that Drone and its runners read the same and people recognise what they wrote.

Every scalar is written as its author wrote it, only at another indentation (tokens.py); maps and lists are laid out anew.
What stood in [a, b] or {a: b} stays there, and what did not does not get there: there a quote in a variable ends something else.
"""

import re
from urllib.parse import quote

from pipelines.language import limits
from pipelines.language.limits import too_many_nodes
from pipelines.language.nodes import Mapping, Node, Scalar, Sequence
from pipelines.language.tokens import BREAKS, HAS_BREAK, indented

STEP = 2  # columns
WIDE = 8_000  # characters; at four bytes each still well within a line of Drone
SEPARATOR = re.compile(r"---|\.\.\.")  # for Drone, where a line begins with it
CORE_TAG = "tag:yaml.org,2002:"
IN_TAG = "-._~/:@&=+$?;*'()"  # beside letters and digits, what every parser takes


def written(root: Node) -> str:
    """Return one document as text, without a separator.

    Raises:
        ComposeError: it would be larger than what may be served, or a scalar cannot be moved.
    """
    writer = Writer()
    writer.document(root)
    return "".join(writer.pieces)


class Writer:
    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.characters = self.nodes = self.column = 0
        self.flows: dict[int, bool] = {}  # by id of the map or list

    def document(self, root: Node) -> None:
        if self.is_flow(root):
            self.flow(root, 0)
        else:
            self.count(root)
            if root.tag:
                self.put(tag_text(root.tag))
            self.block(root, 0, inline=not root.tag)
        # Where a file ends within the last line of a block, so does what is composed.
        if self.pieces[-1][0] not in "|>":
            self.put(self.line_end())

    def put(self, text: str) -> None:
        if text:
            self.pieces.append(text)
            self.characters += len(text)
            end = text.rfind("\n")
            self.column = self.column + len(text) if end < 0 else len(text) - end - 1

    def line_end(self) -> str:
        """Return what ends the line, nothing where a block has ended it."""
        return "\n" if self.pieces and self.pieces[-1][-1] not in BREAKS else ""

    def line(self, indent: int) -> None:
        self.put(f"{self.line_end()}{' ' * indent}")

    def count(self, node: Node) -> None:
        self.nodes += 1
        if self.nodes > limits.NODES:
            raise too_many_nodes(node.place)

    def block(self, node: Node, indent: int, *, inline: bool) -> None:
        """Write what a map or list holds, each key and item in a line.

        Args:
            node: the map or list.
            indent: the column of its keys or dashes.
            inline: the first one stands where the last line has come to.
        """
        for number, entry in enumerate(entries(node)):
            if number or not inline:
                self.line(indent)
            if not isinstance(entry, tuple):
                self.put("-")
                self.value(entry, indent, compact=True)
                continue
            key, value = entry
            explicit = is_explicit(key) or (indent == 0 and isinstance(key, Scalar) and SEPARATOR.match(key.token) is not None)
            if explicit:
                self.put("?")
                self.value(key, indent, compact=True)
                self.line(indent)
            else:
                self.scalar(key, indent, nothing="null")
            self.put(":")
            self.value(value, indent, compact=explicit)

    def value(self, node: Node, indent: int, *, compact: bool) -> None:
        """Write what follows a key or a dash of a map or list.

        Args:
            node: what is written.
            indent: the column of that key or dash.
            compact: a map or list may begin in the same line.
        """
        if isinstance(node, Scalar):
            if node.lead == "\n" and node.token:
                self.line(indent + STEP)
            elif node.token or node.tag:
                self.put(" ")
            self.scalar(node, indent)
        elif self.is_flow(node):
            self.put(" ")
            self.flow(node, indent)
        else:
            self.count(node)
            if node.tag:
                self.put(f" {tag_text(node.tag)}")
            elif compact:
                self.put(" ")
            below = STEP if compact or isinstance(node, Mapping) else 0  # dashes stand right below their key
            self.block(node, indent + below, inline=compact and not node.tag)

    def scalar(self, node: Node, indent: int, nothing: str = "") -> None:
        """Write a single value.

        Args:
            node: the value.
            indent: the column of the map or list that holds it.
            nothing: written for null that is not written at all.
        """
        assert isinstance(node, Scalar)  # noqa: S101 (the caller knows)
        self.count(node)
        if node.tag:
            self.put(tag_text(node.tag) + " " * bool(node.token or nothing))
            nothing = nothing and "''"
        self.put(indented(node, indent, limits.RESULT - self.characters) or nothing)

    def flow(self, node: Node, indent: int) -> None:
        """Write between brackets; what began a line still does.

        Args:
            node: what is written.
            indent: the column of the innermost map or list that is not between brackets.
        """
        if isinstance(node, Scalar):
            self.scalar(node, indent, nothing="null")
            return
        self.count(node)
        if node.tag:
            self.put(f"{tag_text(node.tag)} ")
        self.put("{" if isinstance(node, Mapping) else "[")
        last = node.place
        for number, entry in enumerate(entries(node)):
            place = entry[0].place if isinstance(entry, tuple) else entry.place
            if number:
                self.put(",")
            if self.column > WIDE or (place.path == last.path and place.line > last.line):
                self.line(indent + STEP)
            elif number:
                self.put(" ")
            last = place
            if not isinstance(entry, tuple):
                self.flow(entry, indent)
                continue
            key, value = entry
            self.put("? " * is_explicit(key))
            self.flow(key, indent)
            self.put(" : " if is_explicit(key) else ": ")
            self.flow(value, indent)
        self.put("}" if isinstance(node, Mapping) else "]")

    def is_flow(self, node: Node) -> bool:
        """Return whether a node, with all that it holds, is written between brackets."""
        if isinstance(node, Scalar):
            return node.flow
        if id(node) not in self.flows:
            parts = [part for entry in entries(node) for part in (entry if isinstance(entry, tuple) else (entry,))]
            self.flows[id(node)] = not parts or (node.flow and all(map(self.is_flow, parts)))
        return self.flows[id(node)]


def entries(node: Node) -> list[Node] | list[tuple[Node, Node]]:
    """Return the items of a list, the pairs of a map."""
    if isinstance(node, Sequence):
        return node.items
    return node.pairs if isinstance(node, Mapping) else []


def is_explicit(key: Node) -> bool:
    """Return whether a key is written `? key`."""
    return not isinstance(key, Scalar) or key.lead == "?" or HAS_BREAK.search(key.token) is not None


def tag_text(tag: str) -> str:
    if tag.startswith(CORE_TAG):
        return f"!!{quote(tag.removeprefix(CORE_TAG), safe=IN_TAG)}"
    if tag.startswith("!") and "!" not in tag[1:]:
        return f"!{quote(tag[1:], safe=IN_TAG)}"
    return f"!<{quote(tag, safe=IN_TAG + ',!')}>"
