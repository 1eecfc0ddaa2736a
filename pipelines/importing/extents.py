"""Where the keys and items of a text end, line by line. Pure."""

from dataclasses import dataclass, field
from typing import Any

import yaml

from pipelines.language.events import events

Spot = tuple[int, int]  # line and column, from 1, as in Place


@dataclass
class Extents:
    """The last line of what begins at a spot; comments and blank lines behind it do not belong to it."""

    pairs: dict[Spot, int] = field(default_factory=dict)  # by where a key begins: where its value ends
    items: dict[Spot, int] = field(default_factory=dict)  # of lists


@dataclass
class OpenCollection:
    is_map: bool
    start: Spot
    parts: list[tuple[Spot, int]] = field(default_factory=list)  # each with its last line


def extents_of(text: str) -> Extents:
    """Find where things end.

    Raises:
        yaml.YAMLError: the text is not YAML.
    """
    extents = Extents()
    lines = text.split("\n")
    above: list[OpenCollection] = []
    for event in events(text):
        if isinstance(event, yaml.CollectionStartEvent):
            above.append(OpenCollection(isinstance(event, yaml.MappingStartEvent), spot(event.start_mark)))
            continue
        if isinstance(event, yaml.CollectionEndEvent):
            done = above.pop()
            # Between brackets it ends where its mark says; a block ends with the last of its parts.
            start, end = marks(event)
            closed = end.line + 1 if end.index > start.index else 0
            part = (done.start, closed or max([done.start[0], *(end for _, end in done.parts)]))
        elif isinstance(event, yaml.ScalarEvent | yaml.AliasEvent):
            part = (spot(event.start_mark), last_line(event, lines))
        else:
            continue
        if above:
            add(extents, above[-1], part)
    return extents


def add(extents: Extents, collection: OpenCollection, part: tuple[Spot, int]) -> None:
    collection.parts.append(part)
    if not collection.is_map:
        extents.items[part[0]] = part[1]
    elif len(collection.parts) % 2 == 0:
        key, _ = collection.parts[-2]
        extents.pairs[key] = max(part[1], key[0])


def last_line(event: yaml.Event, lines: list[str]) -> int:
    """Return the last line of a scalar; the mark of a block is behind the empty lines that follow it."""
    start, end = marks(event)
    if not isinstance(event, yaml.ScalarEvent) or event.style not in {"|", ">"}:
        return int(end.line) + 1
    line: int = end.line - (end.column == 0)
    while line > start.line and not lines[min(line, len(lines) - 1)].strip():
        line -= 1
    return line + 1


def marks(event: yaml.Event) -> tuple[Any, Any]:
    """Return where an event begins and ends, which every event of a parser says."""
    return event.start_mark, event.end_mark


def spot(mark: Any) -> Spot:
    return mark.line + 1, mark.column + 1
