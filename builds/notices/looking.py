"""Finds out what is to be told: looks at Drone's newest builds and at those that had not ended, once for all processes.

Whoever looks writes what it saw and the notices that come of it in one transaction, and only if nobody else wrote in between. So
nothing is lost, and nothing told twice, whenever a process ends.
"""

import logging
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from builds.drone_db.errors import DroneDatabaseUnavailable
from builds.notices.models import Notice, Position, Subscription
from builds.notices.seen_builds import MOST_UNFINISHED, look_at_builds
from builds.notices.tree_errors import about_errors, new_errors, seen_until
from builds.notices.writing import about_ends, about_waiting
from texts.characters import one_line

EVERY = timedelta(seconds=3)
SOONEST = timedelta(seconds=1)  # after the last look, where an event has come

logger = logging.getLogger("edrone.notices")


class Hinter:
    """Writes down that an event came, once a second at most: thousands may come."""

    last = 0.0  # of the monotonic clock

    def note(self) -> None:
        """Let the workers look soon. It is only a hint: without it they look all the same."""
        if time.monotonic() - self.last >= SOONEST.total_seconds():
            self.last = time.monotonic()
            Position.objects.filter(pk=1, hinted=False).update(hinted=True)


hinter = Hinter()


def look_if_due(now: datetime) -> None:
    """Look until all is seen, unless another worker has just done so."""
    Position.objects.get_or_create(pk=1)
    claimed = Q(looked=None) | Q(looked__lte=now - EVERY) | Q(looked__lte=now - SOONEST, hinted=True)
    claimed |= Q(looked__gt=now + EVERY)  # the clock was set back
    if Position.objects.filter(claimed, pk=1).update(looked=now, hinted=False):
        while look(now):
            pass


def look(now: datetime) -> bool:
    """Look, and write what is to be told; return whether there is more to see."""
    position = Position.objects.get(pk=1)
    subscriptions = list(Subscription.objects.filter(user__is_active=True).select_related("channel"))
    if not subscriptions:
        save(position, [], newest=None, errors=None)
        return False
    since = position.errors and min(position.errors, now)  # an error may have been written while the clock was ahead
    errors = new_errors(since, now)
    notices = about_errors(errors, subscriptions)
    changes: dict[str, Any] = {"errors": seen_until(errors, since, now)}
    seen = None
    if settings.DRONE_DATABASE:
        try:
            seen = look_at_builds(position)
            ends, held = about_ends(seen.ended, subscriptions)
            if held:
                logger.warning("Notices of %s builds wait for the tree (setting EDRONE_PROJECTS).", len(held))
            notices += ends + about_waiting(seen.asking, subscriptions)
            changes |= {
                "newest": seen.newest,
                "recent": seen.recent,
                "unfinished": sorted({*seen.unfinished, *held})[-MOST_UNFINISHED:],
                "waiting": sorted(seen.waiting),
            }
        except DroneDatabaseUnavailable as error:
            seen = None
            logger.warning("Notices wait for Drone's database: %s", one_line(error))
    save(position, notices, **changes)
    return bool(seen and seen.more)


def save(position: Position, notices: Sequence[Notice], **changes: Any) -> None:
    """Write what was seen and what is to be told of it, unless another worker wrote since the position was read."""
    if not notices and all(getattr(position, name) == value for name, value in changes.items()):
        return
    with transaction.atomic():
        if Position.objects.filter(pk=1, version=position.version).update(version=position.version + 1, **changes):
            Notice.objects.bulk_create(notices, ignore_conflicts=True)
