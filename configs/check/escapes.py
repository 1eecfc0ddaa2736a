r"""The two escapes in double quotes that Drone's parser and libyaml read differently: `\'` and `\/`.

A file that extends nothing is served as it is written, so what counts is what Drone's parser makes of it.
"""

import re

import yaml

from configs.compose.errors import ComposeError
from configs.compose.limits import Budget
from configs.compose.nodes import Place
from configs.compose.reading import LINE, Document, documents

MOST = 100  # \' in one text; each costs reading it once more
SLASH = re.compile(r"(?<!\\)(?:\\\\)*\\/")


def read_as_drone(path: str, text: str) -> list[Document]:
    r"""Read a file as Drone does, to which `\'` is an apostrophe and `\/` a mistake.

    Raises:
        ComposeError: as `documents`.
    """
    text = text.removeprefix("\ufeff")
    for _ in range(MOST):
        try:
            read = documents(path, text, Budget())
        except ComposeError as error:
            at = index_of(error.place, text)
            if "unknown escape" not in error.message or text[at : at + 2] != "\\'":
                raise
            text = f"{text[:at]}\\x27{text[at + 2 :]}"
        else:
            refuse_slashes(path, text)
            return read
    return documents(path, text, Budget())


def index_of(place: Place, text: str) -> int:
    """Find a place in the text."""
    lines = [found.start() for found in LINE.finditer(text)]
    return lines[place.line - 1] + place.column - 1 if place.line <= len(lines) else len(text)


def refuse_slashes(path: str, text: str) -> None:
    r"""Refuse `\/` in double quotes."""
    if "\\/" not in text:
        return
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.ScalarEvent) and event.style == '"':
            start = event.start_mark
            if SLASH.search(text[start.index : event.end_mark.index]):
                place = Place(path, start.line + 1, start.column + 1)
                raise ComposeError(place, "is not YAML: Drone knows no \\/ in double quotes; write / alone.")
