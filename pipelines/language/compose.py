"""The door of this package: `compose`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from pipelines.language.errors import ComposeError, Unreadable
from pipelines.language.events import MOST_EVENTS, events
from pipelines.language.finish import finished
from pipelines.language.nodes import Node, Place
from pipelines.language.origins import Origin
from pipelines.language.reader import documents
from pipelines.language.splice import Files, Read, Splicer

# A plain key `extends` is always written so; a comment may be too, and then the parser decides.
MAY_EXTEND = re.compile(r"(?:\A|(?<=[\s\[{,\ufeff]))extends\s*(?:[:,}\]#]|\Z)")
SEPARATOR = re.compile(r"^---.*$", re.MULTILINE)  # where Drone splits a file into documents
DEEPEST = 1000  # levels; libyaml's time grows with their square
MOST_PARTS = 1000  # documents that are looked into


@dataclass(frozen=True)
class Composed:
    """A text in which every `extends` is resolved."""

    text: str  # the text that was given itself, where it extends nothing
    sources: tuple[str, ...]  # paths of all files that it came from, the first is the one that was asked for
    origins: tuple[Origin, ...] = ()  # of all keys and items in order; empty where the text is served as it was written
    roots: tuple[Node, ...] = ()  # of the documents, every node with the place where it is written; empty likewise


def compose(path: str, text: str, files: Files, read: Read = documents) -> Composed:
    """Write out everything that a file extends.

    Args:
        path: of the file, from the root of the tree.
        text: its content.
        files: the tree.
        read: how files are read; RememberedDocuments for those who compose many.

    Raises:
        ComposeError: a mistake, with its place; nothing else, whatever the text is, other than what `files` raises.
    """
    if not may_extend(text):
        return Composed(text, (path,))
    splicer = Splicer(files, read)
    splicer.budget.read_file(len(text), Place(path, 1, 1))
    try:
        parsed = read(path, text, splicer.budget)
    except Unreadable:
        if really_extends(text):
            raise
        return Composed(text, (path,))  # what Drone makes of it is not edrone's to judge
    if not any(document.extending for document in parsed):
        return Composed(text, (path,))
    try:
        results = splicer.file(path, parsed).documents
        composed, origins = finished(path, results)
    except RecursionError:  # deep files, extended by deep files, called from deep inside something else
        raise ComposeError(Place(path, 1, 1), "is too deeply nested, with the files that it extends.") from None
    return Composed(composed, tuple(splicer.sources), tuple(origins), tuple(document.root for document in results))


def may_extend(text: str) -> bool:
    """Return whether the plain key `extends` may be in a text, without parsing it."""
    return bool(MAY_EXTEND.search(text))


def really_extends(text: str) -> bool:
    """Return whether the plain key `extends` is in a file that cannot be composed; without it the file is served."""
    parts = [part for part in SEPARATOR.split(text) if MAY_EXTEND.search(part)]
    budget = iter(range(MOST_EVENTS))
    return len(parts) > MOST_PARTS or any(extends_in(part, budget) for part in parts)


def extends_in(text: str, budget: Iterator[int]) -> bool:
    """Return whether the plain key is in a document. What follows its end is not looked at, as Drone does not either."""
    until = max(match.end() for match in MAY_EXTEND.finditer(text))
    levels: list[int] = []  # how many keys and values of a map came so far; -1: a list
    try:
        for event in events(text, budget):
            if isinstance(event, yaml.DocumentEndEvent) or (event.start_mark and event.start_mark.index > until):
                return False
            is_key = bool(levels) and levels[-1] >= 0 and levels[-1] % 2 == 0
            if is_key and isinstance(event, yaml.ScalarEvent) and event.value == "extends" and event.implicit[0]:
                return True
            if isinstance(event, yaml.CollectionEndEvent):
                levels.pop()
            if levels and levels[-1] >= 0 and isinstance(event, yaml.NodeEvent):
                levels[-1] += 1
            if isinstance(event, yaml.CollectionStartEvent):
                levels.append(0 if isinstance(event, yaml.MappingStartEvent) else -1)
                if len(levels) > DEEPEST:
                    return True
    except (yaml.YAMLError, UnicodeError):
        return True
    return False
