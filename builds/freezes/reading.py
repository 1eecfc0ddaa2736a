"""Which freezes hold: read from the database, or the last list of this process where the database is away."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from django.db.models import Q, QuerySet
from django.utils import timezone

from builds.freezes.models import Freeze
from configs.records.recorder import CircuitBreaker, NotDone, done_within

MOST_SECONDS = 0.3  # that Drone's validation waits for the database, each of four times at most

T = TypeVar("T")
logger = logging.getLogger("edrone.freezes")


def not_over(now: datetime | None = None) -> QuerySet[Freeze]:
    """Return the freezes that hold, or are planned."""
    return Freeze.objects.filter(Q(ends=None) | Q(ends__gt=now or timezone.now()), lifted=None)


class KnownFreezes:
    """What this process read last. A freeze that is only planned is in the list, so that it begins without the database."""

    def __init__(self) -> None:
        self.last: Sequence[Freeze] | None = None  # None: never read
        self.breaker = CircuitBreaker()

    def read(self) -> Sequence[Freeze] | None:
        """Return them as they are now; where they cannot be read, the last list; None where there is none."""
        try:
            self.last = self.ask(lambda: list(not_over()))
        except NotDone as error:
            logger.warning("Freezes: the list that was read last counts: %s", error)
        return self.last

    def ask(self, work: Callable[[], T]) -> T:
        """Ask the database within the time that a validation has; errors as of `done_within`."""
        return done_within(self.breaker, MOST_SECONDS, work)


known = KnownFreezes()
