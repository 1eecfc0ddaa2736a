"""The origins of a composed text: the file and line that each of its keys and items came from."""

from collections.abc import Sequence as Many
from itertools import groupby
from typing import NamedTuple

from pipelines.language.nodes import Place, shown_path
from pipelines.language.reader import LINE


class Origin(NamedTuple):
    """One key, or one item of a list, of a composed text."""

    line: int  # in the composed text, from 1
    column: int  # likewise
    group: bool  # a key at the root of a document, or an item of a list there: a step, a service
    place: Place  # where it is written


def annotated(text: str, origins: Many[Origin]) -> str:
    """Return a composed text with comments that name the origins of its parts.

    Each key at the root, each step, and each run of keys within them that comes from another file has one.
    """
    lines = LINE.findall(text)
    result: list[str] = []
    done, path = 0, ""
    for number, on_line in groupby(origins, key=lambda origin: origin.line):
        origin, *inner = on_line
        # What is written in one line, as {a: 1} is, may come from several files.
        others = {part.place.path: part.place for part in reversed(inner) if part.place.path != origin.place.path}
        if not others and not origin.group and origin.place.path == path:
            continue
        line = lines[number - 1]
        if line[: origin.column - 1].strip(" -?"):
            continue  # the line begins with the end of something else
        result += lines[done : number - 1]
        done, path = number - 1, origin.place.path
        indent = line[: len(line) - len(line.lstrip(" "))]
        places = ", with ".join(f"{shown_path(place.path)}:{place.line}" for place in (origin.place, *reversed(others.values())))
        result.append(f"{indent}# {places}\n")
    return "".join([*result, *lines[done:]])
