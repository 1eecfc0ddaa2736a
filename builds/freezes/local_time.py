"""Times that people and programs write, with their zones. Pure."""

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

LONGEST = 64  # characters of a zone's name


class NoSuchTime(ValueError):
    pass


def zone_of(name: str) -> tzinfo | None:
    """Return the zone of an IANA name, such as Europe/Berlin; None where there is none. UTC needs no list of zones."""
    if name in {"", "UTC"}:
        return UTC
    try:
        return ZoneInfo(name[:LONGEST])
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def in_utc(local: datetime, zone: tzinfo, *, late: bool) -> datetime:
    """Return a wall clock's time in UTC.

    Args:
        local: without a zone.
        zone: of the clock.
        late: of a time that the clock shows twice, as summer time ends, take the second.

    Raises:
        NoSuchTime: the clock skips it, as summer time begins.
    """
    try:
        utc = local.replace(tzinfo=zone, fold=int(late)).astimezone(UTC)
        skipped = utc.astimezone(zone).replace(tzinfo=None) != local
    except OverflowError:
        return local.replace(tzinfo=UTC)  # of the year 1 or 9999, which no freeze takes
    if skipped:
        raise NoSuchTime
    return utc


def moment(text: str) -> datetime:
    """Read a time with its zone, such as 2026-12-24T18:00+01:00; return it in UTC.

    Raises:
        NoSuchTime: it is none, or has no zone.
    """
    try:
        value = datetime.fromisoformat(text.upper())  # RFC 3339 has t and z as well
    except ValueError:
        raise NoSuchTime from None
    if value.tzinfo is None:
        raise NoSuchTime
    try:
        return value.astimezone(UTC)
    except OverflowError:
        return value.replace(tzinfo=UTC)  # as above
