"""The graph of a build's pipelines: which one waits for which. Pure; drawn as SVG by templates/browsing/graph.html."""

from collections.abc import Sequence
from dataclasses import dataclass

from builds.drone_db.models import Stage

MOST_STAGES, MOST_ARROWS = 100, 600  # of more the picture tells nothing, and the page grows
WIDTH, HEIGHT = 168, 28  # pixels of a box
BETWEEN, BELOW, MARGIN = 44, 8, 4  # between columns, between rows, around all


@dataclass(frozen=True)
class Box:
    stage: Stage
    x: int
    y: int


@dataclass(frozen=True)
class Graph:
    boxes: list[Box]
    arrows: list[str]  # paths of SVG
    width: int
    height: int


def graph_of(stages: Sequence[Stage]) -> Graph | None:
    """Lay out the pipelines in columns, each right of all that it waits for; None where none waits for another.

    Names that no pipeline has are left out, as is an arrow that closes a circle: Drone starts neither.
    """
    if not 1 < len(stages) <= MOST_STAGES:
        return None
    places = {stage.name: index for index, stage in reversed(list(enumerate(stages)))}
    known = [{places[name] for name in stage.depends_on if name in places} for stage in stages]
    columns, needed = without_circles([sorted(origins - {index}) for index, origins in enumerate(known)])
    if not 0 < sum(map(len, needed)) <= MOST_ARROWS:
        return None
    rows = in_rows(columns, needed)
    boxes = [
        Box(stage, MARGIN + column * (WIDTH + BETWEEN), MARGIN + row * (HEIGHT + BELOW))
        for stage, column, row in zip(stages, columns, rows, strict=True)
    ]
    arrows = [arrow(boxes[origin], boxes[index]) for index, origins in enumerate(needed) for origin in origins]
    width = 2 * MARGIN + (max(columns) + 1) * (WIDTH + BETWEEN) - BETWEEN
    return Graph(boxes, arrows, width, 2 * MARGIN + (max(rows) + 1) * (HEIGHT + BELOW) - BELOW)


def without_circles(needed: list[list[int]]) -> tuple[list[int], list[list[int]]]:
    """Return for each pipeline its column, and what it waits for without the arrows that close a circle."""
    columns: dict[int, int] = {}
    kept: list[list[int]] = [[] for _ in needed]
    for start in range(len(needed)):
        way = [(start, iter(needed[start]))] if start not in columns else []
        on_the_way = {start}
        while way:
            index, rest = way[-1]
            origin = next((each for each in rest if each not in on_the_way), None)
            if origin is None:
                columns[index] = max((columns[each] + 1 for each in kept[index]), default=0)
                on_the_way.discard(index)
                way.pop()
                continue
            kept[index].append(origin)
            if origin not in columns:
                on_the_way.add(origin)
                way.append((origin, iter(needed[origin])))
    return [columns[index] for index in range(len(needed))], kept


def in_rows(columns: Sequence[int], needed: Sequence[Sequence[int]]) -> list[int]:
    """Return for each pipeline its row: near those that it waits for."""
    rows = [0] * len(columns)
    for column in range(max(columns) + 1):
        members = [index for index, its_column in enumerate(columns) if its_column == column]
        wanted = {index: sum(rows[origin] for origin in needed[index]) / max(len(needed[index]), 1) for index in members}
        for row, index in enumerate(sorted(members, key=lambda index: (wanted[index], index))):
            rows[index] = row
    return rows


def arrow(origin: Box, box: Box) -> str:
    """Draw from the right side of one box to the left side of another."""
    begin_x, begin_y = origin.x + WIDTH, origin.y + HEIGHT // 2
    end_x, end_y = box.x, box.y + HEIGHT // 2
    middle = end_x - BETWEEN // 2
    return f"M{begin_x} {begin_y}H{middle - 8}C{middle} {begin_y} {middle} {end_y} {middle + 8} {end_y}H{end_x - 2}"
