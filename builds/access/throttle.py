"""Logins and wrong tokens are slowed down, over all processes: what is counted is in edrone's own database."""

import hashlib
import logging
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import DatabaseError, connections, router
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from builds.access.failure_models import Failures
from texts.characters import one_line

logger = logging.getLogger(__name__)
KEPT = timedelta(days=1)
BATCH = 100  # of a flood, written as one
MOST_KEPT = 10_000  # addresses in memory


@dataclass(frozen=True)
class Limit:
    """So many failures in a window of time; then nothing more is tried until the window ends."""

    name: str
    most: int
    window: timedelta


# The address alone is not counted: behind a proxy all people come from one.
LOGIN_FROM_AN_ADDRESS = Limit("login from an address", 10, timedelta(minutes=15))
LOGIN = Limit("login", 100, timedelta(minutes=15))
# Nobody guesses 256 random bits: this one keeps floods down, and never holds up a right token.
TOKEN = Limit("token", 6000, timedelta(minutes=1))


# One statement counts and says whether to go on, so that parallel attempts cannot all look before any of them is counted.
COUNT = """
    INSERT INTO builds_failures AS known (who, since, count) VALUES (%(who)s, %(now)s, %(times)s)
    ON CONFLICT (who) DO UPDATE SET
        count = CASE WHEN known.since <= %(begun)s THEN excluded.count ELSE known.count + excluded.count END,
        since = CASE WHEN known.since <= %(begun)s THEN excluded.since ELSE known.since END
    WHERE known.since <= %(begun)s OR known.count < %(most)s
    RETURNING count
"""


def attempt(limit: Limit, *who: str, times: int = 1) -> int:
    """Count an attempt, or several, before it is made: as a failure, until `succeeded` takes it back.

    Returns:
        How many are counted in this window; 0: there were too many before, so this one is not counted and must not be made.
    """
    now = timezone.now()
    connection = connections[router.db_for_write(Failures)]
    given = {"now": now, "begun": now - limit.window}
    moments = {name: connection.ops.adapt_datetimefield_value(moment) for name, moment in given.items()}
    with connection.cursor() as cursor:
        cursor.execute(COUNT, moments | {"who": key(limit, who), "times": times, "most": limit.most})
        row = cursor.fetchone()
    if row and row[0] == times:  # a window begins
        Failures.objects.filter(since__lt=now - KEPT).delete()
    return int(row[0]) if row else 0


def succeeded(limit: Limit, *who: str) -> None:
    """Take back an attempt: it was none that failed, or was not made."""
    Failures.objects.filter(who=key(limit, who), count__gt=0).update(count=F("count") - 1)


def wait(limit: Limit, *who: str) -> int:
    """Give the seconds until the window ends; 0: it has room."""
    now = timezone.now()
    row = Failures.objects.filter(who=key(limit, who), since__gt=now - limit.window, count__gte=limit.most).first()
    return int((row.since + limit.window - now).total_seconds()) + 1 if row else 0


def refusal(*limits: tuple[Limit, *tuple[str, ...]]) -> ValidationError | None:
    """Count a try of a password under some limits; where one of them allows no more, count none and say how long to wait."""
    for number, (limit, *who) in enumerate(limits):
        if not attempt(limit, *who):
            give_back(*limits[:number])
            minutes = max(wait(limit, *who), 1) // 60 + 1
            return ValidationError(
                _("Too many wrong passwords. Try again in %(minutes)s minutes."), code="throttled", params={"minutes": minutes}
            )
    return None


def give_back(*limits: tuple[Limit, *tuple[str, ...]]) -> None:
    """Take back a try that `refusal` counted."""
    for limit, *who in limits:
        succeeded(limit, *who)


def of_a_login(name: str, address: str) -> tuple[tuple[Limit, *tuple[str, ...]], ...]:
    """Say under what wrong passwords of somebody are counted."""
    name = name.casefold()
    return (LOGIN_FROM_AN_ADDRESS, name, address), (LOGIN, name)


class Flood:
    """Failures that may come by the thousand: this process counts them in memory, and tells the database of each full hundred.

    So one that is refused costs no SQL, and all processes together are late by less than a hundred each.
    """

    def __init__(self, limit: Limit) -> None:
        self.limit = limit
        self.lock = threading.Lock()
        self.counts: dict[str, int] = {}  # since the last full hundred
        self.closed: dict[str, datetime] = {}  # until when nothing more is counted

    def failed(self, who: str) -> int:
        """Count a failure; give the seconds to wait, or 0: it was counted."""
        now = timezone.now()
        with self.lock:
            if until := self.closed.get(who):
                if until > now:
                    return int((until - now).total_seconds()) + 1
                del self.closed[who]
            if max(len(self.counts), len(self.closed)) >= MOST_KEPT:
                self.counts, self.closed = {}, {}
            self.counts[who] = self.counts.get(who, 0) + 1
            if self.counts[who] < BATCH:
                return 0
            del self.counts[who]
        try:
            counted = attempt(self.limit, who, times=BATCH)
            seconds = 0 if 0 < counted < self.limit.most else wait(self.limit, who)
        except DatabaseError as error:  # it is a refusal all the same
            logger.warning("Wrong tokens could not be counted: %s", one_line(error))
            return 0
        if seconds:
            with self.lock:
                self.closed[who] = now + timedelta(seconds=seconds)
        return 0


def key(limit: Limit, who: tuple[str, ...]) -> str:
    return hashlib.sha256("\0".join((limit.name, *who)).encode("utf-8", "surrogateescape")).hexdigest()
