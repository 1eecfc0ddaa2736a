"""Take the head off an operation's file; what is left stays as it is, byte for byte.

Documents are told apart as Drone does it: by lines that begin with `---` (docs/drone.md 3.1).
"""

import re
from dataclasses import dataclass

import yaml

from pipelines.errors import Unusable
from pipelines.language.kinds import kinds
from pipelines.operations.operation import is_operation

SEPARATOR = re.compile(r"^---[^\n]*\n?", re.MULTILINE)
CONTENT = re.compile(r"^[ \t\ufeff]*[^#\s\ufeff]", re.MULTILINE)
MAY_BE_OPERATION = re.compile(r"kind\W+(?:str\W+)?operation\b")


@dataclass(frozen=True)
class FileParts:
    """A file, with the head of an operation apart from the pipeline."""

    head: str  # empty: there is none
    pipeline: str  # what is served, where it extends nothing
    padded: str  # the same with empty lines in place of the head, so that places in it are those of the file


def parted(path: str, text: str) -> FileParts:
    """Part a file into head and pipeline; only operations have a head.

    Raises:
        Unusable: nothing is left.
    """
    parts = cut(text) if is_operation(path) else FileParts("", text, text)
    if parts.head and not has_content(parts.pipeline):
        raise Unusable(f"projects/{path}: has the head of an operation, and no pipeline after it. Add a line --- and a pipeline.")
    return parts


def refuse_elsewhere(path: str, text: str) -> None:
    """Refuse a head where it does not belong: Drone would wait for ever for a runner of that kind."""
    if not MAY_BE_OPERATION.search(text):
        return
    try:
        documents = kinds(text)
    except yaml.YAMLError:
        return
    if "operation" in documents:
        where = "must be the first document of its file" if is_operation(path) else "belongs in a file in _operations/"
        raise Unusable(f"projects/{path}: `kind: operation` {where}.")


def cut(text: str) -> FileParts:
    """Part the first document from the rest, if it is a head."""
    end = end_of_head(text)
    head = text[: end.start()] if end else text
    if not is_head(head):
        return FileParts("", text, text)
    pipeline = text[end.end() :] if end else ""
    return FileParts(head, pipeline, "\n" * head.count("\n") + "---\n" + pipeline)


def end_of_head(text: str) -> re.Match[str] | None:
    """Find the separator after the first document that holds anything."""
    begin = 0
    for separator in SEPARATOR.finditer(text):
        if CONTENT.search(text[begin : separator.start()]):
            return separator
        begin = separator.start() + len("---")  # a document may begin beside its separator
    return None


def is_head(text: str) -> bool:
    """Return whether a document is `kind: operation`, or cannot be read: reading the head then says where the mistake is."""
    if not MAY_BE_OPERATION.search(text):
        return False
    try:
        return "operation" in kinds(text)
    except yaml.YAMLError:
        return True


def has_content(text: str) -> bool:
    """Return whether there is anything but comments and separators."""
    # What stands beside a `---` counts.
    return bool(CONTENT.search(SEPARATOR.sub(lambda separator: separator[0][len("---") :], text)))
