"""Periods of statistics: whole days in UTC, counted from 1970-01-01."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from builds.rest.errors import BadRequest
from texts.characters import shortened

SECONDS = 86_400  # of a day
LENGTHS = ("7", "30", "90", "365")  # days, today included
USUAL = "30"
MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])", re.ASCII)
EPOCH = date(1970, 1, 1)


class NoPeriod(BadRequest):
    """A word is no period."""


@dataclass(frozen=True)
class Period:
    word: str  # as of the parameter
    first: int
    last: int

    @property
    def end(self) -> int:
        """The second after the last one."""
        return (self.last + 1) * SECONDS

    @property
    def days(self) -> range:
        return range(self.first, self.last + 1)

    @property
    def bucket(self) -> int:
        """Days that one bar of a chart stands for."""
        return 1 if len(self.days) <= 31 else 7 if len(self.days) <= 92 else 30  # noqa: PLR2004 - up to a month, up to 90 days

    def before(self) -> "Period":
        """Return the period before: as many days, or the month before."""
        if MONTH.fullmatch(self.word):
            return Period("", month_of(self.first - 1).start, self.first - 1)
        return Period("", 2 * self.first - self.last - 1, self.first - 1)


def today(now: float) -> int:
    return int(now // SECONDS)


def date_of(day: int) -> date:
    return EPOCH + timedelta(days=day)


def month_of(day: int) -> range:
    """Return the days of the month that a day is in."""
    first = date_of(day).replace(day=1)
    following = (first + timedelta(days=32)).replace(day=1)
    return range((first - EPOCH).days, (following - EPOCH).days)


def period_of(word: str, now: float) -> Period:
    """Read a period: a number of days, or a month such as 2026-10; empty: 30 days.

    Raises:
        NoPeriod: it is neither, or a month that has not begun.
    """
    last = today(now)
    word = word or USUAL
    if word in LENGTHS:
        return Period(word, last - int(word) + 1, last)
    if not MONTH.fullmatch(word):
        raise NoPeriod(f"“{shortened(word)}” is no period: write {', '.join(LENGTHS)} (days) or a month such as 2026-10.")
    month = month_of((date.fromisoformat(f"{word}-01") - EPOCH).days)
    if month.start > last:
        raise NoPeriod(f"“{word}” is no period: that month has not begun.")
    return Period(word, month.start, month.stop - 1)


def months(now: float) -> list[str]:
    """Return the last 13 months, the newest first, as words of a period."""
    words, day = [], today(now)
    for _ in range(13):
        words.append(f"{date_of(day):%Y-%m}")
        day = month_of(day).start - 1
    return words
