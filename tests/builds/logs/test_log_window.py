"""The lines of a long log that a page gets at once: around the wanted one, of bounded number and weight."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from builds.logs import ansi, log_rendering, log_window
from builds.logs.digest_cache import DigestCache
from builds.logs.log_lines import Line
from builds.logs.log_rendering import end_of, outline, written
from builds.templatetags.builds import log_line

texts = st.lists(st.text(max_size=30) | st.text(alphabet="\u202e<&", min_size=500, max_size=3000), max_size=60)


@given(texts.filter(bool), st.data())
def test_the_wanted_line_is_in_its_window_and_windows_cover_all_lines(lines, data):
    number = data.draw(st.integers(1, len(lines)))
    chosen = log_window.window(lines, number)
    assert 1 <= chosen.first <= number <= chosen.last <= len(lines)
    seen, following = list[int](), 1
    while following <= len(lines):
        last = log_window.window(lines[following - 1 :], 1).last
        seen += range(following, following + last)
        following += last
    assert seen == list(range(1, len(lines) + 1))


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
def test_a_window_stays_a_page_of_bounded_size(line):
    lines = [Line(place, line + "\n", 0) for place in range(2500)]
    for number in (1, 1250, 2500):
        part = log_window.window([one.out for one in lines], number)
        shown = written(lines, part.first, part.last)
        assert sum(len(log_line(one.spans).encode()) + log_window.LINE for one in shown) < 250_000


@pytest.mark.parametrize(("number", "first", "last"), [(1, 1, 1000), (1050, 550, 1549), (2100, 1101, 2100)])
def test_short_lines_are_a_thousand_around_the_wanted_one(number, first, last):
    assert log_window.window([""] * 2100, number) == log_window.Window(first, last)


def test_what_is_no_line_is_not_shown_and_the_others_keep_their_numbers():
    texts = ["+ make\n", "", "\n", "\x1b[32mgreen\n", "", "still\n", "", ""]
    found = outline(msgspec.json.encode([{"pos": place, "out": text, "time": 0} for place, text in enumerate(texts)]))
    assert [(line.number, "".join(span.text for span in line.spans)) for line in found.last] == [
        (1, "+ make"), (3, ""), (4, "green"), (6, "still"),
    ]  # fmt: skip
    assert found.log.filled == 4
    assert found.shown == log_window.Window(1, 6)
    nothing = outline(msgspec.json.encode([{"pos": 0, "out": "", "time": 0}]))
    assert (nothing.log.filled, nothing.shown, nothing.last) == (0, None, [])


def test_a_part_that_is_open_has_something_to_show():
    texts = ["x\n"] * 993 + [""] * 3  # a part full of lines
    found = outline(msgspec.json.encode([{"pos": place, "out": text, "time": 0} for place, text in enumerate(texts)]))
    assert found.shown == log_window.Window(1, 993)
    assert len(found.last) == found.log.filled == 993


def test_lines_of_a_part_have_the_colours_that_the_parts_before_left():
    lines = [Line(0, "\x1b[32mgreen\n", 0), Line(1, "still\n", 5)]
    (line,) = written(lines, 2, 2)
    assert (line.number, line.spans, line.at) == (2, [ansi.Span("still", "f2")], "0:05")


@given(texts)
def test_colours_are_looked_for_in_the_end_of_what_was_before(lines):
    found = [Line(place, text, 0) for place, text in enumerate(lines)]
    for count in range(len(found) + 1):
        whole = "".join(lines[:count])
        assert whole.endswith(end_of(found, count))
        assert ansi.after(end_of(found, count)) == ansi.after(whole)


def stored(count: int, word: str = "line") -> bytes:
    return msgspec.json.encode([{"pos": place, "out": f"{word} {place}\n", "time": place} for place in range(count)])


def test_a_long_log_is_looked_through_once_and_few_are_kept():
    log_rendering.OUTLINES.results.clear()
    for count in (0, 1, 2500, 10_000):
        data = stored(count)
        assert outline(data) == outline(bytes(bytearray(data))) == log_rendering.read_outline(data)
        assert outline(data).log.filled == count
    assert len(log_rendering.OUTLINES.results) == 1
    for turn in range(20):
        outline(stored(10_000, f"turn {turn}"))
    assert len(log_rendering.OUTLINES.results) == log_rendering.MOST_OUTLINES


def test_six_who_want_the_same_at_once_have_it_made_once():
    made: list[bytes] = []
    begun = threading.Barrier(6)

    def slow(data: bytes) -> int:
        made.append(data)
        time.sleep(0.05)
        return len(data)

    def want(_: int) -> int:
        begun.wait(10)
        return kept.of(b"the same")

    kept = DigestCache(slow, 2)
    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(want, range(6))) == [8] * 6
    assert made == [b"the same"]
    kept.of(b"other")
    kept.of(b"the same")
    kept.of(b"a third")
    kept.of(b"the same")
    assert made == [b"the same", b"other", b"a third"]  # what was not wanted for longest goes first


def test_what_cannot_be_made_is_tried_again():
    kept: DigestCache[int] = DigestCache(int, 2)
    for _ in range(2):
        with pytest.raises(ValueError, match="invalid literal"):
            kept.of(b"x")
    assert kept.of(b"5") == 5
