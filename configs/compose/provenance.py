"""Where each part of a composed text came from."""

from collections.abc import Sequence as Many
from typing import NamedTuple

from configs.compose.nodes import Place
from configs.compose.reading import LINE


class Origin(NamedTuple):
    """One key, or one item of a list, of a composed text."""

    line: int  # in the composed text, from 1
    column: int  # likewise
    group: bool  # a key at the root of a document, or an item of a list there: a step, a service
    place: Place  # where it is written


def annotated(text: str, origins: Many[Origin]) -> str:
    """Write a composed text with comments that say where its parts came from.

    Each key at the root, each step, and each run of keys within them that comes from another file has one.
    """
    lines = LINE.findall(text)
    result: list[str] = []
    done, path = 0, ""
    for origin in first_on_their_lines(origins):
        if not origin.group and origin.place.path == path:
            continue
        line = lines[origin.line - 1]
        if line[: origin.column - 1].strip(" -?"):
            continue  # the line begins with the end of something else
        result += lines[done : origin.line - 1]
        done, path = origin.line - 1, origin.place.path
        indent = line[: len(line) - len(line.lstrip(" "))]
        result.append(f"{indent}# projects/{origin.place.path}:{origin.place.line}\n")
    return "".join([*result, *lines[done:]])


def first_on_their_lines(origins: Many[Origin]) -> list[Origin]:
    """Keep the outermost of those that share a line."""
    return list({origin.line: origin for origin in reversed(origins)}.values())[::-1]
