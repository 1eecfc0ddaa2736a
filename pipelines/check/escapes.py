r"""What Drone's parser and libyaml read differently: `\'` and `\/` in double quotes, `{a:, b:}`, `[a?]`, and byte order marks.

A file that extends nothing is served as it is written, so what counts is what Drone's parser makes of it.
"""

import re
from itertools import chain
from typing import Any

import yaml

from pipelines.language.errors import ComposeError
from pipelines.language.limits import Budget
from pipelines.language.nodes import Node, Place, Scalar, Sequence
from pipelines.language.reader import LINE, Document, first_document

MOST = 100  # differences in one text; each costs reading it once more
COLON, MARK = "\ue000", "\ue001"  # no characters of any text; MARK is a byte order mark that stands elsewhere than at the start
SLASH = re.compile(r"(?<!\\)(?:\\\\)*\\/")


def read_as_drone(path: str, text: str) -> tuple[Document | None, Place | None]:
    r"""Read a document as Drone does, to which `\'` is an apostrophe, `{a:}` a key "a:" without a value, and `\/` a mistake.

    A byte order mark at the start must be gone already; any other is a character as others are.
    Returns and raises as `first_document`.
    """
    text = text.replace("\ufeff", MARK)
    for _ in range(MOST):
        try:
            read = first_document(path, text, Budget())
        except ComposeError as error:
            at = index_of(error.place, text)
            if "unknown escape" in error.message and text[at : at + 2] == "\\'":
                text = f"{text[:at]}\\x27{text[at + 2 :]}"
            elif "unexpected ':'" in error.message and text[at : at + 2] in {":,", ":}", ":]"}:
                text = f"{text[:at]}{COLON}{text[at + 1 :]}"
            else:
                raise
        else:
            refuse(path, text)
            if (COLON in text or MARK in text) and read[0]:
                restore(read[0].root)
            return read
    return first_document(path, text, Budget())


def restore(node: Node) -> None:
    """Restore the colons and byte order marks that are text to Drone."""
    if isinstance(node, Scalar):
        node.value, node.token = (text.replace(COLON, ":").replace(MARK, "\ufeff") for text in (node.value, node.token))
        return
    for part in node.items if isinstance(node, Sequence) else chain.from_iterable(node.pairs):
        restore(part)


def index_of(place: Place, text: str) -> int:
    lines = [match.start() for match in LINE.finditer(text)]
    return lines[place.line - 1] + place.column - 1 if place.line <= len(lines) else len(text)


def refuse(path: str, text: str) -> None:
    r"""Refuse `\/` in double quotes, and `?` in unquoted text between brackets."""
    if "\\/" not in text and not ("?" in text and ("[" in text or "{" in text)):
        return
    brackets = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            brackets += brackets > 0 or bool(event.flow_style)
        elif isinstance(event, yaml.CollectionEndEvent):
            brackets -= brackets > 0
        elif isinstance(event, yaml.DocumentEndEvent):
            return
        elif isinstance(event, yaml.ScalarEvent):
            start: Any = event.start_mark  # which every event of a parser has
            end: Any = event.end_mark
            place = Place(path, start.line + 1, start.column + 1)
            if event.style == '"' and SLASH.search(text[start.index : end.index]):
                raise ComposeError(place, "is not YAML: Drone knows no \\/ in double quotes; write / alone.")
            if brackets and not event.style and "?" in event.value:
                raise ComposeError(place, "is not YAML: between brackets Drone ends unquoted text at a ?; quote it.")
