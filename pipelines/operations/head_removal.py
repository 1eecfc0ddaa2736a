"""The head of an operation's file is taken off; what is left stays as it is, byte for byte.

Documents are told apart as Drone does it: by lines that begin with `---` (docs/drone.md 3.1).
"""

import re
from dataclasses import dataclass

import yaml

from pipelines.errors import Unusable
from pipelines.language.kinds import kinds
from pipelines.lookup.operation_files import is_operation

SEPARATOR = re.compile(r"^---[^\n]*\n?", re.MULTILINE)
CONTENT = re.compile(r"^[ \t\ufeff]*[^#\s\ufeff]", re.MULTILINE)
SAYS_OPERATION = re.compile(r"kind\W+(?:str\W+)?operation\b")


@dataclass(frozen=True)
class Cut:
    """A file in its parts."""

    head: str  # empty: there is none
    pipeline: str  # what is served, where it extends nothing
    whole: str  # the same with empty lines in place of the head, so that places in it are those of the file


def parted(path: str, text: str) -> Cut:
    """Take the head off an operation; other files have none.

    Raises:
        Unusable: nothing is left.
    """
    parts = cut(text) if is_operation(path) else Cut("", text, text)
    if parts.head and not has_content(parts.pipeline):
        raise Unusable(f"projects/{path}: has the head of an operation, and no pipeline after it. Add a line --- and a pipeline.")
    return parts


def refuse_elsewhere(path: str, text: str) -> None:
    """Refuse a head where it does not belong: Drone would wait for ever for a runner of that kind."""
    if not SAYS_OPERATION.search(text):
        return
    try:
        found = kinds(text)
    except yaml.YAMLError:
        return
    if "operation" in found:
        where = "must be the first document of its file" if is_operation(path) else "belongs into a file in _operations/"
        raise Unusable(f"projects/{path}: `kind: operation` {where}.")


def cut(text: str) -> Cut:
    """Part the first document from the rest, if it is a head."""
    end = end_of_head(text)
    head = text[: end.start()] if end else text
    if not is_head(head):
        return Cut("", text, text)
    pipeline = text[end.end() :] if end else ""
    return Cut(head, pipeline, "\n" * head.count("\n") + "---\n" + pipeline)


def end_of_head(text: str) -> re.Match[str] | None:
    """Find the separator after the first document that holds anything."""
    begin = 0
    for found in SEPARATOR.finditer(text):
        if CONTENT.search(text[begin : found.start()]):
            return found
        begin = found.start() + len("---")  # a document may begin beside its separator
    return None


def is_head(text: str) -> bool:
    """Is this document `kind: operation`? One that cannot be read is taken for it, so that somebody says where the mistake is."""
    if not SAYS_OPERATION.search(text):
        return False
    try:
        return "operation" in kinds(text)
    except yaml.YAMLError:
        return True


def has_content(text: str) -> bool:
    """Is there anything but comments and separators?"""
    return bool(CONTENT.search(SEPARATOR.sub(opened, text)))


def opened(separator: re.Match[str]) -> str:
    """Give what stands beside a `---`."""
    return separator.group()[3:]
