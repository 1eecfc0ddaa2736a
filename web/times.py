"""Moments, durations and places on a time line. Times of Drone's tables are Unix seconds."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

IN_A_SENTENCE = re.compile(r"(?<![\w-])(\d{4}-\d\d-\d\d \d\d:\d\d) UTC\b", re.ASCII)
MINUTE, HOUR, DAY = 60, 3600, 86400
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def datetime_of(seconds: int) -> datetime | None:
    """Return the moment of Unix seconds; None for 0 and for what no calendar has."""
    try:
        return EPOCH + timedelta(seconds=seconds) if seconds else None
    except OverflowError:
        return None


def moment(value: datetime | None) -> SafeString:
    """Return a moment as HTML, in UTC; a script writes it in the reader's zone, with the exact one on hover."""
    if value is None:
        return mark_safe("-")
    utc = value.astimezone(UTC)
    exact, short = f"{utc:%Y-%m-%d %H:%M:%S} UTC", f"{utc:%Y-%m-%d %H:%M} UTC"
    return format_html('<time datetime="{}" title="{}">{}</time>', utc.isoformat(), exact, short)


def exactly(value: datetime) -> SafeString:
    """Return a moment as `moment` does; the script leaves it day and hour, however far away it is."""
    utc = value.astimezone(UTC)
    return format_html('<time datetime="{}" data-exactly>{}</time>', utc.isoformat(), f"{utc:%Y-%m-%d %H:%M} UTC")


def with_times(sentence: SafeString) -> SafeString:
    """Return a sentence, as HTML, with its moments in UTC as `exactly` shows them."""
    return mark_safe(IN_A_SENTENCE.sub(time_element, sentence))  # noqa: S308 - it was escaped before


def time_element(match: re.Match[str]) -> str:
    try:
        return exactly(datetime.fromisoformat(f"{match[1]}+00:00"))
    except ValueError:
        return match[0]


def took(started: int, ended: int, now: int) -> int | None:
    """Return the seconds between two moments of Drone's tables (0: not yet); None where it has not begun."""
    return max((ended or now) - started, 0) if started else None


def duration(seconds: int | None) -> str:
    """Write a duration with its two largest units; empty for None."""
    if seconds is None:
        return ""
    if seconds < MINUTE:
        return _("%(seconds)d s") % {"seconds": seconds}
    if seconds < HOUR:
        return _("%(minutes)d min %(seconds)d s") % {"minutes": seconds // MINUTE, "seconds": seconds % MINUTE}
    if seconds < DAY:
        return _("%(hours)d h %(minutes)d min") % {"hours": seconds // HOUR, "minutes": seconds % HOUR // MINUTE}
    return _("%(days)d d %(hours)d h") % {"days": seconds // DAY, "hours": seconds % DAY // HOUR}


def rough(seconds: int) -> str:
    """Write a duration with its largest unit, of minutes at least."""
    if seconds < HOUR:
        return _("%(minutes)d min") % {"minutes": max(seconds // MINUTE, 1)}
    if seconds < DAY:
        return _("%(hours)d h") % {"hours": seconds // HOUR}
    return _("%(days)d d") % {"days": seconds // DAY}


def clock(seconds: int) -> str:
    """Write the seconds since a step began as 1:02 or 1:00:02; negative ones, which a log may hold, as 0:00."""
    minutes, rest = divmod(max(seconds, 0), MINUTE)
    hours, minutes = divmod(minutes, MINUTE)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


@dataclass(frozen=True)
class Bar:
    """A bar on the time line of a build."""

    start: float  # per cent of the line
    width: float  # likewise


@dataclass(frozen=True)
class TimeLine:
    """The time that a build took, as the line that its stages and steps stand on."""

    begin: int  # Unix seconds
    end: int

    def bar(self, started: int, ended: int) -> Bar | None:
        """Place what ran from `started` to `ended` (0: still runs); None where it has not begun."""
        if not started:
            return None
        length = max(self.end - self.begin, 1)
        start = 100 * (min(max(started, self.begin), self.end) - self.begin) / length
        width = 100 * (min(ended or self.end, self.end) - self.begin) / length - start
        width = max(width, 0.5)  # short steps are seen too
        return Bar(round(min(start, 100 - width), 2), round(width, 2))
