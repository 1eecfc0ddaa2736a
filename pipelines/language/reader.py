"""Text → documents as nodes.

The parser is libyaml's, through PyYAML. Its events are put together here and not by PyYAML's own composer: that one calls
itself for each level on the C stack, so that a megabyte of `[` would end the process, and it has no limits.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import yaml

from pipelines.language import limits
from pipelines.language.errors import ComposeError, TooDeep, Unreadable
from pipelines.language.events import Costly, parser
from pipelines.language.limits import Budget, too_many_nodes
from pipelines.language.nodes import MERGE_TAG, Mapping, Node, Place, Scalar, Sequence, is_plain
from pipelines.language.tokens import BREAKS, FIT_FLOW, is_open_once_halved, lead_of, token_of, without_properties

LINE = re.compile(rf"[^{BREAKS}]*(?:\r\n|[{BREAKS}])|[^{BREAKS}]+\Z")  # with its end
COMMENTS = re.compile(rf"(?:[ \t{BREAKS}]|#[^{BREAKS}]*)*")
TO_LINE_END = re.compile(rf"[^{BREAKS}]*(?:\r\n|[{BREAKS}])?")


@dataclass(slots=True, eq=False)
class Document:
    """One document of a file."""

    root: Node
    text: str  # as it is written, without the separators around it
    line: int  # of the file, where the text begins; from 1
    extending: list[Mapping] = field(default_factory=list)  # every map that has the plain key `extends`, wherever it stands


@dataclass(slots=True, eq=False)
class OpenNode:
    """A map or list whose end was not reached yet."""

    node: Sequence | Mapping
    anchor: str | None
    indent: int  # columns before it; between brackets, before what holds them
    nodes_before: int
    extending_before: int
    key: Node | None = None  # of a map: the key whose value comes next
    height: int = 0  # levels below it
    extends: bool = False  # the key `extends` was in it


@dataclass(slots=True)
class Anchored:
    """What an alias stands for."""

    node: Node
    nodes: int
    extends: bool  # the key `extends` is somewhere in it
    height: int
    fits_flow: bool = False  # a scalar that may be written between brackets


def documents(path: str, text: str, budget: Budget, nesting: int = limits.NESTING) -> list[Document]:
    """Read a file, up to a line `...` as Drone does. Documents without any content are left out.

    Args:
        path: its name in messages.
        text: its content.
        budget: counts the nodes.
        nesting: how many maps and lists may be in one another.

    Raises:
        ComposeError: it is not YAML, or past a limit, or `extends` comes through an alias.
    """
    with reader_of(path, text, budget, nesting) as (reader, next_event):
        reader.read(next_event)
    return reader.documents


def first_document(path: str, text: str, budget: Budget, above: int = 0) -> tuple[Document | None, Place | None]:
    """Read a text as Drone does, which takes its first document and looks at nothing that follows.

    A `<<` over the alias of what is no map is kept: Drone refuses it only where it reads that map.

    Args:
        path: as of `documents`.
        text: likewise.
        budget: likewise.
        above: lines that precede the text in its file.

    Returns:
        The document, None where it is empty; and where more than comments follows it, None where nothing does.

    Raises:
        ComposeError: as `documents`.
    """
    with reader_of(path, text, budget, limits.NESTING, above) as (reader, next_event):
        reader.lenient = True
        reader.read(next_event, first=True)
    return (reader.documents[0] if reader.documents else None), reader.rest()


@contextmanager
def reader_of(path: str, text: str, budget: Budget, nesting: int, above: int = 0) -> Iterator[tuple["Reader", Callable[[], Any]]]:
    """Yield a reader, and the function that returns the events of libyaml; libyaml's errors become our own."""
    text, top = text.lstrip("\ufeff"), Place(path, above + 1, 1)  # libyaml passes over a second mark
    try:
        # Drone and its runners go through a text by line and end each, the last one, too; a block may end there.
        with parser(text if text.endswith("\n") else f"{text}\n") as next_event:
            yield Reader(path, text, budget, nesting, above), next_event
    except Costly as error:
        raise Unreadable(top, str(error)) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(path, above + mark.line + 1, mark.column + 1) if mark else top
        raise Unreadable(place, f"is not YAML: {', '.join(filter(None, [error.context, error.problem]))}.") from None
    except yaml.YAMLError as error:
        raise Unreadable(unreadable(path, text, above), f"is not YAML: {getattr(error, 'reason', None) or error}.") from None
    except UnicodeError:
        raise Unreadable(top, "is not Unicode text.") from None


def unreadable(path: str, text: str, above: int) -> Place:
    """Return the place of the first character that YAML does not allow."""
    character = re.search(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", text)
    before = text[: character.start()] if character else ""
    return Place(path, above + before.count("\n") + 1, len(before) - before.rfind("\n"))


class Reader:
    """Builds nodes from the events of one file."""

    def __init__(self, path: str, text: str, budget: Budget, nesting: int, above: int) -> None:
        self.path, self.text, self.budget, self.nesting, self.above = path, text, budget, nesting, above
        self.documents: list[Document] = []
        self.stack: list[OpenNode] = []
        self.anchors: dict[str, Anchored] = {}
        self.extending: list[Mapping] = []
        self.root: Node | None = None
        self.start = self.start_line = 0  # of the document's text: index, line from 0
        self.position, self.end_of_first = 0, len(text)  # index: behind the last event, behind the first document
        self.lenient = False  # towards `<<`

    def read(self, next_event: Callable[[], Any], *, first: bool = False) -> None:
        """Go through all events, or those of the first document only."""
        handlers = {
            yaml.ScalarEvent: self.scalar,
            yaml.MappingStartEvent: self.begin,
            yaml.SequenceStartEvent: self.begin,
            yaml.MappingEndEvent: self.end,
            yaml.SequenceEndEvent: self.end,
            yaml.AliasEvent: self.alias,
            yaml.DocumentStartEvent: self.begin_document,
            yaml.DocumentEndEvent: self.end_document,
        }
        next_event()  # the start of the stream
        while (event := next_event()).__class__ is not yaml.StreamEndEvent:
            handlers[event.__class__](event)
            self.position = event.end_mark.index
            if isinstance(event, yaml.DocumentEndEvent) and (first or event.explicit):
                self.end_of_first = self.position
                return

    def rest(self) -> Place | None:
        """Return where anything but comments follows the first document; None where nothing does."""
        passed_over = COMMENTS.match(self.text, self.end_of_first)
        assert passed_over  # noqa: S101 (matches the empty string too)
        if passed_over.end() == len(self.text):
            return None
        return Place(self.path, self.above + len(LINE.findall(self.text[: passed_over.end()] + ".")), 1)

    def place_of(self, event: Any) -> Place:
        mark = event.start_mark
        return Place(self.path, self.above + mark.line + 1, mark.column + 1)

    def begin_document(self, event: Any) -> None:
        """Find where the text of the document begins: after the line of its `---`."""
        self.anchors, self.extending, self.root = {}, [], None
        if event.explicit:
            rest = TO_LINE_END.match(self.text, event.end_mark.index)
            assert rest  # noqa: S101 (matches the empty string too)
            self.start, self.start_line = rest.end(), event.end_mark.line + 1
            content = rest.group().lstrip(" \t")
            if content.strip() and not content.startswith("#"):  # the document begins beside its `---`
                self.start, self.start_line = rest.end() - len(content), event.end_mark.line

    def end_document(self, event: Any) -> None:
        """Take the document, unless it is empty."""
        root, end = self.root, event.start_mark.index
        if root and not (is_plain(root, "") and not self.anchors):
            self.documents.append(Document(root, self.text[self.start : end], self.above + self.start_line + 1, self.extending))

    def scalar(self, event: Any) -> None:
        start, place = event.start_mark.index, self.place_of(event)
        opened = self.stack[-1] if self.stack else None
        properties, raw = without_properties(self.text[start : event.end_mark.index])
        token = token_of(raw, opened.indent if opened else 0)
        node = Scalar(place, event.value, event.tag, event.implicit[0] and not event.tag, token)
        if opened and isinstance(opened.node, Mapping):
            before = self.text[self.position : start] + properties
            node.lead = lead_of(before, is_key=opened.key is None, flow=opened.node.flow)
        node.flow = opened is not None and opened.node.flow
        if is_open_once_halved(token):
            comments = COMMENTS.match(self.text, event.end_mark.index)
            node.closed_later = comments is not None and '"' in comments.group()
        self.count(1, place)
        if event.anchor:
            fits = FIT_FLOW.fullmatch(token) is not None
            self.anchors[event.anchor] = Anchored(node, 1, extends=False, height=0, fits_flow=fits)
        self.add(node)

    def begin(self, event: Any) -> None:
        place = self.place_of(event)
        kind = Mapping if event.__class__ is yaml.MappingStartEvent else Sequence
        before = self.budget.read
        self.count(1, place)
        node = kind(place, [], bool(event.flow_style), event.tag)
        self.stack.append(OpenNode(node, event.anchor, self.indent_of(node, event.end_mark), before, len(self.extending)))
        self.refuse_depth(len(self.stack), place)
        self.anchors.pop(event.anchor, None)  # until it is complete it cannot be used

    def indent_of(self, node: Node, end: Any) -> int:
        """Count the columns before a map or list; libyaml has lists right below their key begin behind the first dash."""
        if node.flow:
            return self.stack[-1].indent if self.stack else 0
        return int(end.column) - (isinstance(node, Sequence) and self.text[end.index : end.index + 1] != "-")

    def end(self, _: Any) -> None:
        closed = self.stack.pop()
        if closed.anchor:
            nodes, extends = self.budget.read - closed.nodes_before, len(self.extending) > closed.extending_before
            self.anchors[closed.anchor] = Anchored(closed.node, nodes, extends, closed.height + 1)
        if self.stack:
            self.stack[-1].height = max(self.stack[-1].height, closed.height + 1)
        self.add(closed.node)

    def alias(self, event: Any) -> None:
        """Write out what an alias stands for."""
        place = self.place_of(event)
        target = self.anchors.get(event.anchor)
        if target is None:
            inside = any(opened.anchor == event.anchor for opened in self.stack)
            problem = "contains itself" if inside else f"stands for nothing: there is no &{event.anchor} before it"
            raise Unreadable(place, f"the alias *{event.anchor} {problem}.")
        if target.extends:
            raise ComposeError(
                place, f"extends may not arrive through an alias, as it does through *{event.anchor}: write it out."
            )
        self.count(target.nodes, place)
        self.refuse_depth(len(self.stack) + target.height, place)
        if self.stack:
            opened = self.stack[-1]
            opened.height = max(opened.height, target.height)
            if opened.key and is_merge(opened.key) and not isinstance(target.node, Mapping):
                if not self.lenient:
                    raise Unreadable(place, f"<< needs a map, and *{event.anchor} is none.")
                name = Scalar(place, f"*{event.anchor}", None, plain=False, token=f"'*{event.anchor}'")
                target = Anchored(name, 1, extends=False, height=0)
        node = target.node
        if target.fits_flow and isinstance(node, Scalar) and self.stack and self.stack[-1].node.flow:
            node = replace(node, flow=True)
        self.add(node, alias=True)

    def add(self, node: Node, *, alias: bool = False) -> None:
        """Put a complete node where it belongs."""
        if not self.stack:
            self.root = node
            return
        opened = self.stack[-1]
        if isinstance(opened.node, Sequence):
            opened.node.items.append(node)
        elif opened.key is None:
            # What an alias stands for may be written as keys are not, but after a question mark.
            opened.key = replace(node, lead="?") if alias and isinstance(node, Scalar) else node
            if is_plain(node, "extends"):
                self.extends(opened, node, alias=alias)
        else:
            opened.node.pairs.append((opened.key, node))
            opened.key = None

    def extends(self, opened: OpenNode, key: Node, *, alias: bool) -> None:
        if alias:
            raise ComposeError(key.place, "extends may not arrive through an alias: write it out.")
        if opened.extends:
            raise ComposeError(key.place, "extends stands twice in one map; write one list: extends: [A, B].")
        opened.extends = True
        self.extending.append(opened.node)  # type: ignore[arg-type]

    def count(self, nodes: int, place: Place) -> None:
        self.budget.read += nodes
        if self.budget.read > limits.NODES:
            raise too_many_nodes(place)

    def refuse_depth(self, depth: int, place: Place) -> None:
        if depth > self.nesting:
            raise TooDeep(place, f"more than {limits.NESTING} maps and lists are inside one another.")


def is_merge(key: Node) -> bool:
    """Return whether a key is the merge key, plain or tagged."""
    return isinstance(key, Scalar) and key.value == "<<" and (key.plain or key.tag == MERGE_TAG)
