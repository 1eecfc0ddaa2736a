"""Search of a whole log: what a page shows of a line is found, in any case, whatever slice it is in."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from builds.logs import log_search
from builds.logs.error_lines import looks_like_error
from builds.logs.log_lines import Line
from builds.logs.log_rendering import outline
from builds.logs.log_search import FoundLines, Matches, containing, search


def found(texts: list[str], wanted: str | Matches, size: int = 3) -> list[int]:
    matches = containing(wanted) if isinstance(wanted, str) else wanted
    parts = [
        (at, [Line(place, text) for place, text in enumerate(texts[at : at + size], at)]) for at in range(0, len(texts), size)
    ]
    return [number for number, _ in search(parts, matches).lines]


PIECES = [
    "a",
    "b",
    " ",
    "\n",
    "\r",
    "\x07",
    "\x1b",
    "\x1b[3m",
    "\x1b]",
    "\x1b\\",
    "E   ",
    "error",
    ":",
    "0",
    "no",
    "exit code",
    "FAIL",
]


@given(
    st.lists(st.lists(st.sampled_from(PIECES), max_size=5).map("".join), max_size=9),
    st.sampled_from([looks_like_error, *map(containing, ("a", "ab", "b a", "error", "m"))]),
)
@example(["\x1b", "a"], containing("a"))
@example(["\x1b]", "a\x07"], containing("a"))
@example(["\x1b]\ra\x07"], containing("a"))
@example(["error:", "0"], looks_like_error)
@example(["a", "error"], looks_like_error)
@example(["a\rE   "], looks_like_error)
def test_it_finds_just_the_lines_that_show_what_is_looked_for(texts, matches):
    shown = [number for number, text in enumerate(texts, 1) if text and matches(log_search.shown_text(text))]
    assert found(texts, matches) == shown


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("f\x1b[1moo\x1b[0m\n", "FOO"),
        ("10 %\rdone\n", "done"),
        ("Straße\n", "STRASSE"),
        ("<b>&amp;\n", "<b>&"),
        ("a\u202eb\n", "a\u202eb"),
    ],
)
def test_colours_and_case_do_not_matter(line, wanted):
    assert found(["x\n", line], wanted) == [2]


def test_what_was_written_over_is_not_found():
    assert found(["10 %\rdone\n"], "10") == []


def test_a_line_is_searched_as_far_as_a_page_shows_it():
    assert found(["x\n", "a" * 3999 + "bc\n", "a\n"], "ab") == [2]
    assert found(["x\n", "a" * 3999 + "bc\n", "a\n"], "bc") == []


def test_of_very_many_matches_all_are_counted_and_the_last_are_listed(monkeypatch):
    monkeypatch.setattr(log_search, "MOST", 3)
    lines = [Line(place, f"x {place}\n") for place in range(10)]
    assert search([(0, lines)], containing("X")) == FoundLines(10, [(8, "x 7"), (9, "x 8"), (10, "x 9")])


def test_a_log_of_400_000_lines_is_searched():
    data = json.dumps([{"pos": at, "out": f"l{at}\n", "time": 0} for at in range(400_000)]).encode()
    log = outline(data).log
    result = search(((part.before, log.read(data, part)) for part in log.slices), containing("L399999"))
    assert result == FoundLines(1, [(400_000, "l399999")])
