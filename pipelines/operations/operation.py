"""Operations: their names, inputs and paths in the tree."""

import posixpath
import re
from dataclasses import dataclass

FOLDER = "_operations"
NAME = re.compile(r"[a-z0-9][a-z0-9-]*")
LONGEST_NAME = 50  # characters: Drone's column of actions
LEVELS = ("run", "deploy")  # what a grant must allow at least
TYPES = ("string", "number", "boolean", "choice")


@dataclass(frozen=True)
class Input:
    """Something that whoever starts the operation may say; it reaches the pipeline as an environment variable."""

    name: str
    type: str = "string"  # one of TYPES
    description: str = ""
    required: bool = False
    default: str | None = None  # as text, as parameters of builds are; None: none
    options: tuple[str, ...] = ()  # of a choice


@dataclass(frozen=True)
class Operation:
    """What the head of a file says."""

    name: str
    path: str  # of the file, from the root of the tree
    title: str = ""  # empty: the name
    description: str = ""
    level: str = "run"  # one of LEVELS
    inputs: tuple[Input, ...] | None = None  # None: there is no head, so that any parameters may be given
    target: str = ""  # the input whose value says where this deploys to; empty: it is no deployment


def is_name(text: str) -> bool:
    return bool(NAME.fullmatch(text)) and len(text) <= LONGEST_NAME


def is_operation(path: str) -> bool:
    """Return whether a path of the tree is that of an operation's file."""
    return posixpath.basename(posixpath.dirname(path)) == FOLDER


def name_of(path: str) -> str:
    return posixpath.splitext(posixpath.basename(path))[0]
