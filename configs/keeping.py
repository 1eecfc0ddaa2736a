"""Recording what is served, without ever being in the way of an answer.

One thread of each process does it, on one connection to the database. So a process holds one connection for Drone's requests
however many threads it has, what waits is written in one statement, and a request waits as long as it likes and no longer,
even for a database that says nothing at all. Where recording fails, nothing is tried for some seconds; then it begins again.
"""

import logging
import os
import queue
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import cache

from django.conf import settings
from django.db import DatabaseError, IntegrityError, InterfaceError, OperationalError, connection

from configs import metrics, served
from configs.errors import ConfigError
from configs.payload import ConfigRequest
from configs.resolve import Resolved
from configs.revision import name_of
from configs.served import Ask

STATEMENT = 250  # milliseconds that the database may take for a statement, a lock's wait included
ANSWER = 0.5  # seconds that a request waits for all of it
CONNECT = 2.0  # seconds more while a connection is being made
REST = 5.0  # seconds without trying, after a failure
MOST = 64  # requests recorded together
# SQLite lets one process write at a time and tells nobody when it is their turn: short waits, asked for again and again,
# meet a free moment where one long wait with its growing pauses may miss them all.
LIMITS = {
    "postgresql": f"SET statement_timeout = {STATEMENT}; SET lock_timeout = {STATEMENT}",
    "sqlite": "PRAGMA busy_timeout = 20",
}

logger = logging.getLogger("edrone.config")
Answer = Resolved | ConfigError


def keep(request: ConfigRequest, found: Answer) -> Answer:
    """Record what a build is served, and give it: what it was served before, else what the tree says.

    Args:
        request: what Drone asks.
        found: what today's tree says.
    """
    if not request.created:
        return found  # a person asks: no build will be made of it
    return keeper().keep(Ask(request, found, name_of(settings.EDRONE_PROJECTS)))


@dataclass(eq=False)
class Job:
    """A request that waits to be recorded."""

    ask: Ask
    answer: Answer | None = None  # None also where it could not be recorded
    given_up: bool = False
    done: threading.Event = field(default_factory=threading.Event)


class Keeper:
    """The thread that records, and how to wait for it."""

    def __init__(self) -> None:
        """Start the thread; it lives as long as the process."""
        self.jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self.resting_until = 0.0  # of the monotonic clock
        self.reason = ""  # why it rests
        self.connecting = False
        threading.Thread(target=self.run, name="keeper", daemon=True).start()

    def keep(self, ask: Ask) -> Answer:
        """Record a request and give its answer; in time, recorded or not."""
        if time.monotonic() >= self.resting_until:
            job = Job(ask)
            self.jobs.put(job)
            if not job.done.wait(ANSWER) and not (self.connecting and job.done.wait(CONNECT)):
                job.given_up = True
                self.rest(f"it does not answer within {ANSWER} s")
            if job.answer is not None:
                return job.answer
        logger.warning("%s: answered, but not recorded: edrone's own database fails: %s", ask.request.slug, self.reason)
        if settings.EDRONE_METRICS:
            metrics.count_unrecorded()
        return ask.found

    def rest(self, reason: str) -> None:
        """Try nothing for a while."""
        self.reason = reason
        self.resting_until = time.monotonic() + REST

    def run(self) -> None:
        """Record whatever waits, all of it together, for ever."""
        while True:
            jobs = [self.jobs.get()]
            while len(jobs) < MOST and not self.jobs.empty():
                jobs.append(self.jobs.get())
            self.record([job for job in jobs if not job.given_up])

    def record(self, jobs: Sequence[Job]) -> None:
        """Record some requests, or none of them, and wake those who wait."""
        try:
            if jobs and time.monotonic() >= self.resting_until:
                for job, answer in zip(jobs, self.attempt([job.ask for job in jobs]), strict=True):
                    job.answer = answer
        except DatabaseError as error:
            self.fail(error)
        except Exception as error:  # whatever it is, builds are answered
            logger.exception("Recording what is served failed")
            self.fail(error)
        finally:
            for job in jobs:
                job.done.set()

    def fail(self, error: Exception) -> None:
        """Rest, and begin with a new connection then."""
        self.rest(" ".join(str(error).split()) or type(error).__name__)
        served.stored_files.clear()
        try:
            connection.close()
        except DatabaseError:
            connection.connection = None

    def attempt(self, asks: Sequence[Ask]) -> list[Answer]:
        """Record; once more where a connection has gone stale or a text has just been pruned. Twice does no harm."""
        used = connection.connection is not None
        try:
            return self.in_turn(asks)
        except IntegrityError:
            served.stored_files.clear()
        except (OperationalError, InterfaceError):
            if not used or connection.is_usable():
                raise
            connection.close()
        return self.in_turn(asks)

    def in_turn(self, asks: Sequence[Ask]) -> list[Answer]:
        """Record, on SQLite as soon as no other process writes."""
        end = time.monotonic() + STATEMENT / 1000
        while True:
            try:
                return self.at_once(asks)
            except OperationalError as error:
                if connection.vendor != "sqlite" or "locked" not in str(error) or time.monotonic() > end:
                    raise

    def at_once(self, asks: Sequence[Ask]) -> list[Answer]:
        """Record with short waits.

        No transaction is begun: the usual case is one INSERT, which no other thread of this process can interrupt between
        taking the database's lock and giving it back.
        """
        if connection.connection is None:
            self.connecting = True
            try:
                connection.ensure_connection()
            finally:
                self.connecting = False
            execute(LIMITS[connection.vendor])
        return served.give(asks)


def execute(statement: str) -> None:
    """Run a statement that gives no rows."""
    with closing(connection.cursor()) as cursor:
        cursor.execute(statement)


@cache
def keeper() -> Keeper:
    """Give the one of this process."""
    return Keeper()


os.register_at_fork(after_in_child=keeper.cache_clear)  # threads stay behind
