"""Long logs in parts: all lines, in order, each part of bounded weight."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builds import ansi, logparts
from builds.admin.log_page import written
from builds.logs import Line
from builds.templatetags.builds import log_line

texts = st.lists(st.text(max_size=30) | st.text(alphabet="\u202e<&", min_size=500, max_size=3000), max_size=60)


@given(texts)
def test_the_parts_are_all_lines_in_order(lines):
    numbers = [number for part in logparts.parts(lines) for number in range(part.first, part.last + 1)]
    assert numbers == list(range(1, len(lines) + 1))


@pytest.mark.parametrize(
    "line",
    [
        "x",
        "\u202e<" * 1500,
        "<&\"'" * 1000,
        "\x1b[31mx\x1b[0m" * 400,
        "\x00" * 3999,
        "a\r" * 2000,
        "\U000e0041\u200b" * 2000,
        "界" * 4000,
    ],
)
def test_a_part_stays_a_page_of_bounded_size(line):
    lines = [Line(place, line + "\n", 0) for place in range(2500)]
    for part in logparts.parts([one.out for one in lines])[:2]:
        shown = written(lines, part.first, part.last)
        assert sum(len(log_line(one.spans).encode()) + logparts.LINE for one in shown) < 250_000


def test_short_lines_are_a_thousand_to_a_part():
    assert logparts.parts([""] * 2100) == [logparts.Part(1, 1000), logparts.Part(1001, 2000), logparts.Part(2001, 2100)]


def test_lines_of_a_part_have_the_colours_that_the_parts_before_left():
    lines = [Line(0, "\x1b[32mgreen\n", 0), Line(1, "still\n", 5)]
    (line,) = written(lines, 2, 2)
    assert (line.number, line.spans, line.at) == (2, [ansi.Span("still", "f2")], "0:05")
