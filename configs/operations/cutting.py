"""The head of an operation's file is taken off; what is left stays as it is, byte for byte.

Documents are told apart as Drone does it: by lines that begin with `---` (drone-facts.md section 8.1).
"""

import re
from dataclasses import dataclass

import yaml

from configs.kinds import kinds

SEPARATOR = re.compile(r"^---[^\n]*\n?", re.MULTILINE)
CONTENT = re.compile(r"^[ \t\ufeff]*[^#\s\ufeff]", re.MULTILINE)
SAYS_OPERATION = re.compile(r"kind\W+(?:str\W+)?operation\b")


@dataclass(frozen=True)
class Cut:
    """A file in its parts."""

    head: str  # empty: there is none
    pipeline: str  # what is served, where it extends nothing
    whole: str  # the same with empty lines in place of the head, so that places in it are those of the file


def cut(text: str) -> Cut:
    """Part the first document from the rest, if it is a head."""
    end = next((found for found in SEPARATOR.finditer(text) if has_content(text[: found.start()])), None)
    head = text[: end.start()] if end else text
    if not is_head(head):
        return Cut("", text, text)
    pipeline = text[end.end() :] if end else ""
    return Cut(head, pipeline, "\n" * head.count("\n") + "---\n" + pipeline)


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
