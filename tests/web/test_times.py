"""Durations and the time line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web import times
from web.text import harmless
from web.times import with_times


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (None, ""),
        (0, "0 s"),
        (59, "59 s"),
        (200, "3 min 20 s"),
        (3600, "1 h 0 min"),
        (90_000, "1 d 1 h"),
    ],
)
def test_a_duration_has_two_units(seconds, written):
    assert times.duration(seconds) == written


def test_a_sentence_says_its_moments_as_pages_do():
    html = harmless("until 2026-12-24 17:00 UTC: “<b> 2026-99-24 17:00 UTC”, 12026-12-24 17:00 UTC")
    moment = '<time datetime="2026-12-24T17:00:00+00:00" data-exactly>2026-12-24 17:00 UTC</time>'
    assert with_times(html) == f"<bdi>until {moment}: “&lt;b&gt; 2026-99-24 17:00 UTC”, 12026-12-24 17:00 UTC</bdi>"


def test_what_runs_lasts_until_now_and_what_has_not_begun_lasts_nothing():
    assert times.took(100, 0, now=160) == 60
    assert times.took(100, 130, now=160) == 30
    assert times.took(0, 0, now=160) is None
    assert times.took(200, 130, now=160) == 0  # clocks of two machines


@pytest.mark.parametrize(("seconds", "written"), [(0, "0:00"), (62, "1:02"), (3602, "1:00:02"), (-5, "0:00")])
def test_the_clock_of_a_log_counts_from_the_start_of_the_step(seconds, written):
    assert times.clock(seconds) == written


def test_a_bar_stands_where_its_time_is():
    line = times.TimeLine(1000, 1200)
    assert line.bar(1050, 1150) == times.Bar(25.0, 50.0)
    assert line.bar(1150, 0) == times.Bar(75.0, 25.0)
    assert line.bar(0, 0) is None


moments = st.integers(-(2**31), 2**31)


@given(moments, moments, moments, moments)
def test_a_bar_is_never_outside_of_its_line(begin, end, started, ended):
    bar = times.TimeLine(begin, max(begin, end)).bar(started, ended)
    if bar is not None:
        assert bar.start >= 0
        assert bar.width > 0
        assert bar.start + bar.width <= 100.02
