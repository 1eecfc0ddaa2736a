r"""What Drone's parser and libyaml read differently: `\'` and `\/` in double quotes, `[a?]`, and a byte order mark further down.

A file that extends nothing is served as it is written, so what counts is what Drone's parser makes of it.
"""

import re
from typing import Any

import yaml

from pipelines.language.errors import ComposeError
from pipelines.language.limits import Budget
from pipelines.language.nodes import Place
from pipelines.language.reader import LINE, Document, first_document

MOST = 100  # differences in one text; each costs reading it once more
LETTER = "\u2060"  # for a byte order mark that begins no document: a letter like any other to Drone, and nothing to libyaml
SLASH = re.compile(r"(?<!\\)(?:\\\\)*\\/")


def read_as_drone(path: str, text: str, above: int = 0) -> tuple[Document | None, Place | None]:
    r"""Read a document as Drone does, to which `\'` is an apostrophe, and `\/` a mistake.

    Takes, returns and raises as `first_document`.
    """
    text = text.replace("\ufeff", LETTER)
    for _ in range(MOST):
        try:
            read = first_document(path, text, Budget(), above)
        except ComposeError as error:
            at = index_of(error.place, text, above)
            if "unknown escape" in error.message and text[at : at + 2] == "\\'":
                text = f"{text[:at]}\\x27{text[at + 2 :]}"
            else:
                raise
        else:
            refuse(path, text, above)
            return read
    return first_document(path, text, Budget(), above)


def index_of(place: Place, text: str, above: int) -> int:
    lines, line = [match.start() for match in LINE.finditer(text)], place.line - above
    return lines[line - 1] + place.column - 1 if line <= len(lines) else len(text)


def refuse(path: str, text: str, above: int) -> None:
    r"""Refuse `\/` in double quotes, and `?` in unquoted text between brackets; `above` as of `first_document`."""
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
            place = Place(path, above + start.line + 1, start.column + 1)
            if event.style == '"' and SLASH.search(text[start.index : end.index]):
                raise ComposeError(place, "is not YAML: Drone knows no \\/ in double quotes; write / alone.")
            if brackets and not event.style and "?" in event.value:
                raise ComposeError(place, "is not YAML: between brackets Drone ends unquoted text at a ?; quote it.")
