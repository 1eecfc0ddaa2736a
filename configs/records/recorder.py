"""Records what is served, in the request that is answered, without ever being in the way of the answer.

Each request says how long it may wait, and waits no longer, even for a database that says nothing at all. Where recording fails,
nothing is tried for a second. Drone waits a minute for its answer, so a slow moment is waited for: a build that is answered
unrecorded may be given another pipeline when its next stage starts.
"""

import logging
import time
from collections.abc import Callable
from hashlib import sha256
from typing import TypeVar

from django.conf import settings
from django.db import DatabaseError, IntegrityError, InterfaceError, InternalError, OperationalError

from configs import metrics
from configs.database.postgresql import deadline
from configs.records import rows, rules
from configs.records.own_database import LOCK_NOT_AVAILABLE, QUERY_CANCELED
from configs.records.packing import unpacked
from configs.records.recording_connections import Lent, NoneFree, lend
from configs.records.rows import AnsweredRequest
from pipelines.build_request import BuildRequest
from pipelines.errors import ConfigError
from pipelines.resolve.resolve import Resolved
from pipelines.tree.revision import name_of
from texts.characters import one_line, shortened

PAUSE = 1.0  # seconds without trying, after a failure
IT = "edrone's own database"

logger = logging.getLogger("edrone.config")
T = TypeVar("T")
Answer = Resolved | ConfigError


class NotDone(Exception):
    """The database could not be read or written; the message says why."""


class CircuitBreaker:
    """Tries nothing for a while after a failure, so that one request waits for a database that fails, and not each."""

    def __init__(self) -> None:
        self.open_until = 0.0  # of the monotonic clock
        self.reason = ""

    def check(self) -> None:
        """Refuse while it is open.

        Raises:
            NotDone: with the reason of the failure.
        """
        if time.monotonic() < self.open_until:
            raise NotDone(self.reason)

    def open(self, reason: str) -> None:
        self.reason, self.open_until = reason, time.monotonic() + PAUSE

    def close(self) -> None:
        self.open_until = 0.0


# What was served can be read, and given again, while nothing can be written.
reading, writing = CircuitBreaker(), CircuitBreaker()


def recorded(request: BuildRequest, answer: Answer, end: float, own_file: str = "") -> Answer:
    """Record what a build is served, and return it: what it was served before, else what the tree says.

    Args:
        request: what Drone asks.
        answer: what today's tree says.
        end: of the monotonic clock: when Drone is answered, recorded or not.
        own_file: the text of the repository that is converted; empty where Drone asks for the configuration.
    """
    if not request.created:
        return answer  # a person asks: no build will be made of it
    digest = own_file and sha256(own_file.encode()).hexdigest()
    answered = AnsweredRequest(request, answer, name_of(settings.EDRONE_PROJECTS), digest)
    record = None
    try:
        (reading if answered.again else writing).check()
        with lend(end) as lent:
            if answered.again:
                record = tried(lent, reading, lambda: rules.look(answered))
            return tried(lent, writing, lambda: rules.keep(answered, record))
    except NotDone as error:
        if record:
            return unpacked(record.file)
        reason = str(error)
    except NoneFree:
        reason = f"no connection to {IT} was free in time"
    logger.warning("%s: answered, but not recorded: %s", shortened(request.slug), reason)
    if settings.EDRONE_METRICS:
        metrics.count_unrecorded()
    return answer


def done_within(breaker: CircuitBreaker, seconds: float, work: Callable[[], T]) -> T:
    """Do something in the database by a connection that Drone's requests record by, within a time.

    It may be done twice: where a connection ends, nobody knows what the database has done.

    Raises:
        NotDone: it failed, or took too long.
    """
    breaker.check()
    try:
        with lend(time.monotonic() + seconds) as lent:
            return tried(lent, breaker, work)
    except NoneFree:
        raise NotDone("no connection was free in time") from None


def tried(lent: Lent, breaker: CircuitBreaker, work: Callable[[], T]) -> T:
    """Do it, unless the breaker is open; open it where the database fails.

    Raises:
        NotDone: it was not done.
    """
    breaker.check()
    try:
        return attempted(lent, work)
    except (OperationalError, InterfaceError, InternalError) as error:  # InternalError: this session can only read
        breaker.open(reason_of(error))
        lent.close()
        rows.stored_files.clear()
        raise NotDone(breaker.reason) from None
    except Exception as error:  # whatever it is, builds are answered; the database takes those of others
        if not isinstance(error, DatabaseError):
            logger.exception("Recording what is served failed")
        raise NotDone(f"it cannot be recorded: {one_line(error)}") from None


def attempted(lent: Lent, work: Callable[[], T]) -> T:
    """Do it; once more where a connection has gone stale or a text has just been pruned. Twice does no harm."""
    try:
        return lent.do(work)
    except IntegrityError:
        rows.stored_files.clear()
    except (OperationalError, InterfaceError) as error:
        if not lent.went_stale(error):
            raise
        lent.close()
    return lent.do(work)


def reason_of(error: Exception) -> str:
    """Return why nothing is recorded: what was only slow did not fail."""
    message = one_line(error)
    if isinstance(error.__cause__, deadline.NoAnswer):
        return f"{IT} {message.removeprefix('the server ')}"
    if str(getattr(error.__cause__, "pgcode", "")) in {QUERY_CANCELED, LOCK_NOT_AVAILABLE} or "locked" in message:
        return f"{IT} took longer than 2 s ({message})"
    return f"{IT} fails: {message}"
