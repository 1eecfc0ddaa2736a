"""The graph of pipelines: columns by what they wait for, whatever a build's rows hold."""

import re
from collections.abc import Iterable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from builds.browsing.pipeline_graph import MOST_STAGES, Graph, graph_of
from builds.drone_db.models import Stage


def graph(**needs: list[str]) -> Graph | None:
    return graph_of(stages(needs.items()))


def stages(rows: Iterable[tuple[str, Any]]) -> list[Stage]:
    return [Stage(id=at, number=at, name=name, depends_on=before) for at, (name, before) in enumerate(rows, 1)]


def test_a_pipeline_stands_right_of_all_that_it_waits_for():
    found = graph(a=[], b=["a"], c=["a"], d=["b", "c", "a"])
    assert found
    x = {box.stage.name: box.x for box in found.boxes}
    assert x["a"] < x["b"] == x["c"] < x["d"]
    assert len(found.arrows) == 5
    assert all(0 <= box.x < found.width and 0 <= box.y < found.height for box in found.boxes)


def test_unknown_names_itself_and_circles_are_left_out():
    found = graph(a=["b", "a", "nowhere"], b=["a"], c=["b"])
    assert found
    assert len(found.arrows) == 2


def test_there_is_none_where_it_tells_nothing():
    assert graph(a=[]) is None
    assert graph(a=[], b=[], c=["nowhere"]) is None
    assert graph(**{f"s{at}": ["s0"] for at in range(MOST_STAGES + 1)}) is None


names = st.sampled_from("abcdefgh")


@given(st.lists(st.tuples(names, st.lists(names, max_size=5)), max_size=12))
def test_boxes_never_overlap_and_arrows_lead_to_the_right(rows):
    found = graph_of(stages(rows))
    if found:
        places = [(box.x, box.y) for box in found.boxes]
        assert len(set(places)) == len(places) == len(rows)
        for path in found.arrows:
            numbers = [int(number) for number in re.findall(r"\d+", path)]
            assert numbers[0] < numbers[-1]
