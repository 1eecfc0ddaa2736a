"""Logins and wrong tokens are slowed down, over all processes: what is counted is in edrone's own database."""

import hashlib
import logging
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import DatabaseError
from django.db.models import F
from django.utils import timezone

from builds.models.failures import Failures

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


def wait(limit: Limit, *who: str) -> int:
    """Give the seconds to wait; 0: go on."""
    now = timezone.now()
    row = Failures.objects.filter(who=key(limit, who), since__gt=now - limit.window, count__gte=limit.most).first()
    return int((row.since + limit.window - now).total_seconds()) + 1 if row else 0


def failed(limit: Limit, *who: str, times: int = 1) -> None:
    """Count a failure, or several."""
    now = timezone.now()
    counted = Failures.objects.filter(who=key(limit, who), since__gt=now - limit.window).update(count=F("count") + times)
    if not counted:
        Failures.objects.update_or_create(who=key(limit, who), defaults={"since": now, "count": times})
        Failures.objects.filter(since__lt=now - KEPT).delete()


class Flood:
    """Failures that may come by the thousand: this process counts them in memory, and tells the database of each full hundred.

    So one that is refused costs no SQL, and all processes together are late by less than a hundred each.
    """

    def __init__(self, limit: Limit) -> None:
        """Begin with nothing."""
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
            failed(self.limit, who, times=BATCH)
            seconds = wait(self.limit, who)
        except DatabaseError as error:  # it is a refusal all the same
            logger.warning("Wrong tokens could not be counted: %s", " ".join(str(error).split()))
            return 0
        if seconds:
            with self.lock:
                self.closed[who] = now + timedelta(seconds=seconds)
        return 0


def key(limit: Limit, who: tuple[str, ...]) -> str:
    """Hash who it is."""
    return hashlib.sha256("\0".join((limit.name, *who)).encode("utf-8", "surrogateescape")).hexdigest()
