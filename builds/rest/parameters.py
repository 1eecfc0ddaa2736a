"""The query parameters of lists, in REST and pages: read strictly, so that a mistyped filter never looks like an empty answer."""

import re
from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches

from django.http import QueryDict
from django.utils.dateparse import parse_datetime

from builds.drone_db.build_pages import Filters
from builds.drone_db.vocabulary import Event, Status
from builds.rest.errors import BadRequest
from texts.characters import shortened

DRONES_OWN = frozenset({"access_token"})  # accepted at any address of Drone's
FILTERS = frozenset({"status", "event", "branch", "tag", "target", "author", "sender", "commit", "since", "until", "q"})
ALTERNATIVES = FILTERS - {"since", "until", "q"}  # may be repeated: a build with one of the values will do
PER_PAGE, MOST_PER_PAGE = 25, 100
MOST_ROWS = 2**31  # more than any table of Drone's can have
LARGEST = 2**63 - 1  # of 64 bits
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = 1_000_000  # microseconds
LONGEST_SEARCH = 500  # characters; SQLite refuses some ten thousands
DIGITS = 19  # of such a number, at most
NUMBER = re.compile(rf"[+-]?[0-9]{{1,{DIGITS}}}")
DAY = re.compile(r"((?:19|20)\d\d)-?(0[1-9]|1[0-2])-?(0[1-9]|[12]\d|3[01])", re.ASCII)  # 20261123 as seconds would be in 1970


def refuse_unknown(names: Iterable[str], known: Collection[str]) -> None:
    """Refuse parameters that the address does not have.

    Raises:
        BadRequest: naming the first, and what may have been meant.
    """
    for name in names:
        if name not in known and name not in DRONES_OWN:
            near = get_close_matches(name, known, 1)
            there = f"there {'is' if len(known) == 1 else 'are'} {', '.join(sorted(known))}." if known else "it has none."
            meant = f"did you mean {near[0]}?" if near else there
            raise BadRequest(f"“{shortened(name)}” is no parameter of this address; {meant}")


def refuse_repeated(query: QueryDict, alternatives: Collection[str]) -> None:
    """Refuse several values of a parameter that takes one.

    Raises:
        BadRequest: naming the first.
    """
    for name, values in query.lists():
        if len(values) > 1 and name not in alternatives and name not in DRONES_OWN:
            raise BadRequest(f"{name} is given more than once; it takes one value.")


def page_of(query: QueryDict) -> int:
    """Read `page` as Drone does: what is no number above 1 is the first.

    Raises:
        BadRequest: it is a number that no list has.
    """
    text = query.get("page", "")
    if len(text) > DIGITS and re.fullmatch(r"[0-9]+", text):
        raise BadRequest(f"page=“{shortened(text)}” is more than any list has.")
    return max(int(text), 1) if NUMBER.fullmatch(text) else 1


def per_page_of(query: QueryDict) -> int:
    """Read `per_page` as Drone does: what is no number from 1 to 100 is 25."""
    text = query.get("per_page", "")
    number = int(text) if NUMBER.fullmatch(text) else 0
    return number if 1 <= number <= MOST_PER_PAGE else PER_PAGE


def whole_number(query: QueryDict, name: str, most: int) -> int:
    """Read a whole number from 0 to `most`; 0 where it is not given.

    Raises:
        BadRequest: it is another.
    """
    text = query.get(name, "")
    if not text:
        return 0
    if not re.fullmatch(r"[0-9]{1,10}", text) or int(text) > most:
        raise BadRequest(f"{name}=“{shortened(text)}” is no whole number from 0 to {most}.")
    return int(text)


def texts(query: QueryDict, name: str) -> tuple[str, ...]:
    """Return the values of a parameter, which may be repeated; empty ones are as good as none.

    Raises:
        BadRequest: one holds a NUL, which no column can.
    """
    values = tuple(value for value in query.getlist(name) if value)
    if any("\0" in value for value in values):
        raise BadRequest(f"{name} holds a NUL character.")
    return values


def only_text(query: QueryDict, name: str) -> str:
    """Return the value of a parameter that is not repeated (`refuse_repeated`); empty where it is not given.

    Raises:
        BadRequest: it holds a NUL.
    """
    return next(iter(texts(query, name)), "")


def words(query: QueryDict, name: str, known: type[Status] | type[Event]) -> tuple[str, ...]:
    """Return the values of a parameter that takes Drone's words; commas may stand between them.

    Raises:
        BadRequest: one is no word of Drone's.
    """
    values = tuple(word.strip() for value in texts(query, name) for word in value.split(",") if word.strip())
    for word in values:
        if word not in known.values:
            raise BadRequest(f"“{shortened(word)}” is no {name}; there are {', '.join(known.values)}.")
    return values


def moment(query: QueryDict, name: str) -> int | None:
    """Read a time, as Unix seconds or ISO 8601 (a date, or date and time; UTC where no zone is said).

    Returns:
        Microseconds since 1970; None where it is not given.

    Raises:
        BadRequest: it is neither.
    """
    text = query.get(name, "").strip()
    if not text:
        return None
    if NUMBER.fullmatch(text) and not DAY.fullmatch(text):
        return max(-LARGEST, min(int(text), LARGEST)) * SECOND
    # A plus that was not escaped arrives as a blank.
    text = re.sub(r" (?=\d\d:?\d\d$)", "+", text)
    try:
        day = DAY.fullmatch(text)
        time = parse_datetime(f"{'-'.join(day.groups())}T00:00Z" if day else text.upper())
        if time is not None:
            return ((time if time.tzinfo else time.replace(tzinfo=UTC)) - EPOCH) // timedelta(microseconds=1)
    except (ValueError, OverflowError):
        pass
    raise BadRequest(f"{name}=“{shortened(text)}” is no time: write 2026-01-31, 2026-01-31T12:00:00Z or Unix seconds.")


def second(query: QueryDict, name: str) -> int | None:
    """Read a time, as Unix seconds, to compare with whole ones: none lies within a second, so a fraction is as good as the next.

    Raises:
        BadRequest: it is no time.
    """
    microseconds = moment(query, name)
    return None if microseconds is None else -(-microseconds // SECOND)


def filters_of(query: QueryDict) -> Filters:
    """Read all filters of a list of builds.

    Raises:
        BadRequest: one cannot be understood.
    """
    q = " ".join(texts(query, "q"))
    if len(q) > LONGEST_SEARCH:
        raise BadRequest(f"q is too long: at most {LONGEST_SEARCH} characters are searched for.")
    branches = tuple(f"refs/heads/{branch}" for branch in texts(query, "branch"))
    tags = tuple(f"refs/tags/{tag}" for tag in texts(query, "tag"))
    return Filters(
        status=words(query, "status", Status),
        event=words(query, "event", Event),
        ref=branches + tags,
        deploy_to=texts(query, "target"),
        author_login=texts(query, "author"),
        sender=texts(query, "sender"),
        after=texts(query, "commit"),
        since=second(query, "since"),
        until=second(query, "until"),
        q=q,
    )
