"""Differences, against difflib's own."""

from difflib import unified_diff

import pytest
from hypothesis import given
from hypothesis import strategies as st

from texts.differences import TooDifferent, unified

lines = st.lists(st.sampled_from(["a\n", "b\n", "c\n", "d\n", "e"]), max_size=30)


@given(lines, lines)
def test_they_are_those_of_difflib(older, newer):
    assert list(unified(older, newer, "old", "new")) == list(unified_diff(older, newer, "old", "new"))


def test_a_long_text_with_a_change_here_and_there_is_compared():
    older = [f"  - make {number % 700}\n" for number in range(5_000)]
    newer = [line.replace("make 13\n", "make it\n") for line in older]
    assert list(unified(older, newer, "old", "new")) == list(unified_diff(older, newer, "old", "new"))


def test_lines_in_another_order_are_given_up_in_time():
    older = [f"{number % 1000}\n" for number in range(50_000)]
    newer = [f"{2 * number % 1001}\n" for number in range(50_000)]
    with pytest.raises(TooDifferent):
        next(unified(older, newer, "old", "new"))
