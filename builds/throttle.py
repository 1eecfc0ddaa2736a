"""Logins and wrong tokens are slowed down, over all processes: what is counted is in edrone's own database."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import F
from django.utils import timezone

from builds.models.failures import Failures

KEPT = timedelta(days=1)


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


def failed(limit: Limit, *who: str) -> None:
    """Count a failure."""
    now = timezone.now()
    counted = Failures.objects.filter(who=key(limit, who), since__gt=now - limit.window).update(count=F("count") + 1)
    if not counted:
        Failures.objects.update_or_create(who=key(limit, who), defaults={"since": now, "count": 1})
        Failures.objects.filter(since__lt=now - KEPT).delete()


def key(limit: Limit, who: tuple[str, ...]) -> str:
    """Hash who it is."""
    return hashlib.sha256("\0".join((limit.name, *who)).encode("utf-8", "surrogateescape")).hexdigest()
