"""Limits on passwords: how many wrong ones over all processes, which edrone's own database counts, and how many at once.

API tokens have no limit: nobody guesses 256 random bits, and a wrong token costs one SELECT on an index at most.
"""

import hashlib
import logging
import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import connections, router
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from builds.access.failure_models import Failures
from configs.database.postgresql.base import give_back
from configs.endpoint.request_log import Fields

logger = logging.getLogger("edrone.passwords")
KEPT = timedelta(days=1)
LONGEST = 150  # characters of a user's name
# To look at a password takes a processor for a third of a second, and anybody may ask for it: of any name, known or not.
AT_ONCE = 2  # passwords that a process looks at; a hundred would leave the configuration endpoint no processor
LONGEST_WAIT = 5.0  # seconds until the others give up
looking = threading.BoundedSemaphore(AT_ONCE)
BUSY = _("Too many people are signing in at this moment. Try again in a moment.")


@dataclass(frozen=True)
class Limit:
    """The number of failures in a window of time after which nothing more is tried until the window ends."""

    name: str
    most: int
    window: timedelta


# The address alone is not counted: behind a proxy all people come from one.
LOGIN_FROM_AN_ADDRESS = Limit("login from an address", 10, timedelta(minutes=15))
LOGIN = Limit("login", 100, timedelta(minutes=15))


@contextmanager
def trying_password(username: str, address: str) -> Iterator[None]:
    """Count and log a wrong password, for which the block raises a ValidationError.

    Args:
        username: as it was typed.
        address: from which the request comes.

    Raises:
        ValidationError: there were too many, or too many come at once; the password is not looked at.
    """
    with slot():
        limits = login_limits(username, address)
        if refused := refusal(*limits):
            log("throttled", username, address)
            raise refused
        try:
            yield
        except ValidationError:
            log("wrong", username, address)
            raise
        take_back(*limits)


@contextmanager
def slot() -> Iterator[None]:
    """Hold one of the process's slots for passwords. Connections to databases are given back meanwhile.

    Raises:
        ValidationError: others hold all of them for too long.
    """
    give_back()
    if not looking.acquire(timeout=LONGEST_WAIT):
        raise ValidationError(BUSY, code="busy")
    try:
        yield
    finally:
        looking.release()


def log(outcome: str, username: str, address: str) -> None:
    # The name of a user only, and never what was typed: people type passwords where names belong.
    known = User.objects.filter(username__iexact=username[: LONGEST + 1]).first()  # SQLite refuses 50,000 characters here
    level = logging.INFO if outcome == "right" else logging.WARNING
    logger.log(level, Fields(outcome=outcome, user=known.username if known else "unknown user", address=address))


# One statement counts and says whether to go on, so that parallel attempts cannot all look before any of them is counted.
COUNT = """
    INSERT INTO builds_failures AS known (who, since, count) VALUES (%(who)s, %(now)s, 1)
    ON CONFLICT (who) DO UPDATE SET
        count = CASE WHEN known.since <= %(begun)s THEN 1 ELSE known.count + 1 END,
        since = CASE WHEN known.since <= %(begun)s THEN excluded.since ELSE known.since END
    WHERE known.since <= %(begun)s OR known.count < %(most)s
    RETURNING count
"""


def attempt(limit: Limit, *who: str) -> bool:
    """Count an attempt as a failure before it is made; `take_back` undoes that.

    Returns:
        False where the window has no room: the attempt is not counted and must not be made.
    """
    now = timezone.now()
    connection = connections[router.db_for_write(Failures)]
    times = {"now": now, "begun": now - limit.window}
    values = {name: connection.ops.adapt_datetimefield_value(time) for name, time in times.items()}
    with connection.cursor() as cursor:
        cursor.execute(COUNT, values | {"who": key(limit, who), "most": limit.most})
        row = cursor.fetchone()
    if row == (1,):  # a window begins
        Failures.objects.filter(since__lt=now - KEPT).delete()
    return row is not None


def wait(limit: Limit, *who: str) -> int:
    """Return the seconds until the window ends; 0 where it has room."""
    now = timezone.now()
    row = Failures.objects.filter(who=key(limit, who), since__gt=now - limit.window, count__gte=limit.most).first()
    return math.ceil((row.since + limit.window - now).total_seconds()) if row else 0


def refusal(*limits: tuple[Limit, *tuple[str, ...]]) -> ValidationError | None:
    """Count an attempt at a password under each limit; where one has no room, count none and return how long to wait."""
    for number, (limit, *who) in enumerate(limits):
        if not attempt(limit, *who):
            take_back(*limits[:number])
            minutes = max(math.ceil(wait(limit, *who) / 60), 1)
            return ValidationError(
                _("Too many wrong passwords. Try again in %(minutes)s minutes."), code="throttled", params={"minutes": minutes}
            )
    return None


def take_back(*limits: tuple[Limit, *tuple[str, ...]]) -> None:
    """Take back an attempt: the password was right, or was not looked at."""
    for limit, *who in limits:
        Failures.objects.filter(who=key(limit, tuple(who)), count__gt=0).update(count=F("count") - 1)


def login_limits(username: str, address: str) -> tuple[tuple[Limit, *tuple[str, ...]], ...]:
    """Return the limits under which a wrong password of a user is counted."""
    username = username.casefold()
    return (LOGIN_FROM_AN_ADDRESS, username, address), (LOGIN, username)


def key(limit: Limit, who: tuple[str, ...]) -> str:
    # Hashed, because people type passwords where names belong.
    return hashlib.sha256("\0".join((limit.name, *who)).encode("utf-8", "surrogateescape")).hexdigest()
