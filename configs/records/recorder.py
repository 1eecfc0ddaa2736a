"""Recording what is served, without ever being in the way of an answer.

One thread of each process does it, on one connection to the database. So a process holds one connection for Drone's requests
however many threads it has, what waits is written in one statement, and a request waits as long as it likes and no longer,
even for a database that says nothing at all. Where recording fails, nothing is tried for a second; then it begins again.

Drone waits a minute for its answer. So a slow moment is waited for: a build that is answered unrecorded may be given another
pipeline when its next stage starts.
"""

import logging
import os
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import cache
from typing import Any, TypeVar

from django.conf import settings
from django.db import DatabaseError, IntegrityError, InterfaceError, OperationalError, connection

from configs import metrics
from configs.records import rows, rules
from configs.records.rows import Ask
from configs.records.waiting import Answer, Job
from pipelines.build_request import BuildRequest
from pipelines.tree.revision import name_of
from texts.characters import one_line

STATEMENT = 2000  # milliseconds that the database may take for a statement
LOCK = STATEMENT - 10  # milliseconds of these for a lock
HANGS = 2.5  # seconds after which a statement is given up for which the database does not even say that it failed
CONNECT = 2.0  # seconds likewise for a connection
PATIENCE = 4.5  # seconds that a request waits in all: it is answered within 5
REST = 1.0  # seconds without trying, after a failure
MOST = 64  # requests recorded together
QUERY_CANCELED, LOCK_NOT_AVAILABLE = "57014", "55P03"  # PostgreSQL's codes
IT = "edrone's own database"
# SQLite lets one process write at a time and tells nobody when it is their turn: short waits, asked for again and again,
# meet a free moment where one long wait with its growing pauses may miss them all. 8 MB hold the pages of the indexes' ends.
LIMITS = {
    "postgresql": (f"SET statement_timeout = {STATEMENT}; SET lock_timeout = {LOCK}",),
    "sqlite": ("PRAGMA busy_timeout = 20", "PRAGMA cache_size = -8000"),
}

logger = logging.getLogger("edrone.config")
T = TypeVar("T")


def recorded(request: BuildRequest, found: Answer) -> Answer:
    """Record what a build is served, and return it: what it was served before, else what the tree says.

    Args:
        request: what Drone asks.
        found: what today's tree says.
    """
    if not request.created:
        return found  # a person asks: no build will be made of it
    return keeper().keep(Ask(request, found, name_of(settings.EDRONE_PROJECTS)))


Step = Callable[[Sequence[Job]], None]


class Keeper:
    """The thread that records, and how to wait for it."""

    def __init__(self) -> None:
        """Start the thread; it lives as long as the process."""
        self.jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self.resting_until = 0.0  # of the monotonic clock
        self.reading_until = 0.0  # likewise: as long as that nothing is written
        self.reason = ""  # why it rests
        self.since: float | None = None  # since when the database has not answered
        self.limit = HANGS  # how long it may not
        self.most = MOST  # requests recorded together: fewer where the database is slow
        threading.Thread(target=self.run, name="keeper", daemon=True).start()

    def keep(self, ask: Ask) -> Answer:
        """Record a request and give its answer; in time, recorded or not."""
        if self.hangs():
            self.rest_since_it_hangs()  # a statement of minutes is waited for once
        reason, now = self.reason, time.monotonic()
        if now >= self.resting_until and (ask.again or now >= self.reading_until):
            job = Job(ask)
            self.jobs.put(job)
            if not self.waited_for(job):
                job.give_up()
            if job.answer is not None:
                return job.answer
            reason = job.reason or self.reason
        logger.warning("%s: answered, but not recorded: %s", ask.request.slug, reason)
        if settings.EDRONE_METRICS:
            metrics.count_unrecorded()
        return ask.found

    def waited_for(self, job: Job) -> bool:
        """Wait until a request is recorded, or the database hangs; a long queue alone makes nobody rest."""
        end = time.monotonic() + PATIENCE
        while not job.done.wait(0.05):
            if self.hangs():
                self.rest_since_it_hangs()
                return False
            if time.monotonic() > end:
                job.reason = f"{IT} was not done within {PATIENCE:g} s"
                return False
        return True

    def hangs(self) -> bool:
        """Return whether the database has not answered for too long."""
        since = self.since
        return since is not None and time.monotonic() - since > self.limit

    def rest_since_it_hangs(self) -> None:
        """Try nothing for a while, as the database says nothing."""
        self.rest(f"{IT} did not answer within {self.limit:g} s")

    def rest(self, reason: str) -> None:
        self.reason = reason
        self.resting_until = time.monotonic() + REST

    def run(self) -> None:
        """Record whatever waits, all of it together, for ever."""
        # Requests of people and systems never keep it waiting (configs/database/postgresql).
        connection.shares = False  # type: ignore[attr-defined]  # SQLite ignores it
        with connection.execute_wrapper(self.watched):
            while True:
                jobs = [self.jobs.get()]
                while len(jobs) < self.most and not self.jobs.empty():
                    jobs.append(self.jobs.get())
                self.record([job for job in jobs if not job.given_up])

    def record(self, jobs: Sequence[Job]) -> None:
        """Record some requests, or none of them, and wake those who wait; first those whose builds run already."""
        again, new = ([job for job in jobs if job.ask.again is wanted] for wanted in (True, False))
        try:
            self.work(self.look, again)
            self.work(self.give_again, [job for job in again if job.search and not job.given_up])
            for job in again:
                job.done.set()
            self.work(self.give_new, new)
        finally:
            for job in jobs:
                job.done.set()

    def work(self, step: Step, jobs: Sequence[Job]) -> None:
        """Take a step with some requests: with fewer at once where the database is slow, with each alone where one is bad."""
        start = time.monotonic()
        if not jobs or start < self.resting_until or (step != self.look and start < self.reading_until):
            return
        try:
            self.attempt(lambda: step(jobs))
        except (OperationalError, InterfaceError) as error:
            if len(jobs) == 1 or not was_cancelled(error):
                self.fail(step, error)
                return
            self.most = len(jobs) // 4 or 1
            for number in range(0, len(jobs), self.most):
                self.work(step, [job for job in jobs[number : number + self.most] if not job.given_up])
        except Exception as error:  # noqa: BLE001 - whatever it is, builds are answered
            if len(jobs) == 1:
                self.refuse(jobs[0], error)
                return
            for job in jobs:
                self.work(step, [job])
        else:
            if self.most < MOST and (time.monotonic() - start) * 1000 < STATEMENT / 5:
                self.most = min(MOST, self.most * 2)

    def refuse(self, job: Job, error: Exception) -> None:
        """Leave one request unrecorded: the database takes those of others."""
        job.reason = f"it cannot be recorded: {one_line(error)}"
        if not isinstance(error, DatabaseError):
            logger.error("Recording what is served failed", exc_info=error)

    def look(self, jobs: Sequence[Job]) -> None:
        """Find what was served to builds: from now on that is their answer, whether or not anything can be written."""
        for job, (search, known) in zip(jobs, rules.look([job.ask for job in jobs]), strict=True):
            if job.offer(known):
                job.search = search

    def give_again(self, jobs: Sequence[Job]) -> None:
        """Bind builds to what they were served, and wake those who wait."""
        answers = rules.give_again([job.ask for job in jobs], [job.search for job in jobs if job.search])
        for job, answer in zip(jobs, answers, strict=True):
            job.offer(answer)
            job.done.set()

    def give_new(self, jobs: Sequence[Job]) -> None:
        """Record what new builds are served, and wake those who wait."""
        for job, answer in zip(jobs, rules.give_new([job.ask for job in jobs]), strict=True):
            job.offer(answer)
            job.done.set()

    def fail(self, step: Step, error: Exception) -> None:
        """Rest, and begin with a new connection then; where only writing fails, what was served is still read and given."""
        self.reason = reason_of(error)
        if step == self.look:
            self.rest(self.reason)
        else:
            self.reading_until = time.monotonic() + REST
        rows.stored_files.clear()
        try:
            connection.close()
        except DatabaseError:
            connection.connection = None

    def attempt(self, work: Callable[[], None]) -> None:
        """Do it; once more where a connection has gone stale or a text has just been pruned. Twice does no harm."""
        used = connection.connection is not None
        try:
            self.in_turn(work)
        except IntegrityError:
            rows.stored_files.clear()
        except (OperationalError, InterfaceError):
            with self.watching(HANGS):
                if not used or connection.is_usable():
                    raise
            connection.close()
        else:
            return
        self.in_turn(work)

    def in_turn(self, work: Callable[[], None]) -> None:
        """Do it, on SQLite as soon as no other process writes."""
        end = time.monotonic() + STATEMENT / 1000
        while True:
            try:
                self.connect()
                work()
            except OperationalError as error:
                if connection.vendor != "sqlite" or "locked" not in str(error) or time.monotonic() > end:
                    raise
            else:
                return

    def connect(self) -> None:
        """Connect with short waits, where there is no connection.

        No transaction is begun: the usual case is one INSERT, which no other thread of this process can interrupt between
        taking the database's lock and giving it back.
        """
        if connection.connection is None:
            with self.watching(CONNECT + HANGS):
                connection.ensure_connection()
            for statement in LIMITS[connection.vendor]:
                execute(statement)

    @contextmanager
    def watching(self, limit: float) -> Iterator[None]:
        """Let those who wait know that the database is asked."""
        self.limit, self.since = limit, time.monotonic()
        try:
            yield
        finally:
            self.since = None

    def watched(self, execute: Callable[..., T], *arguments: Any) -> T:
        with self.watching(HANGS):
            return execute(*arguments)


def reason_of(error: Exception) -> str:
    """Return why nothing is recorded: what was only slow did not fail."""
    if code(error) in {QUERY_CANCELED, LOCK_NOT_AVAILABLE} or "locked" in str(error):
        return f"{IT} took longer than {STATEMENT / 1000:g} s ({one_line(error)})"
    return f"{IT} fails: {one_line(error)}"


def was_cancelled(error: Exception) -> bool:
    """Return whether the database itself ended a statement that took too long, and not over a lock."""
    return code(error) == QUERY_CANCELED


def code(error: Exception) -> str:
    """Return PostgreSQL's code of an error; empty for other databases."""
    return str(getattr(error.__cause__, "pgcode", ""))


def execute(statement: str) -> None:
    with closing(connection.cursor()) as cursor:
        cursor.execute(statement)


making = threading.Lock()


def keeper() -> Keeper:
    """Give the one of this process, also to threads that come first and together."""
    with making:
        return made()


@cache
def made() -> Keeper:
    return Keeper()


def forget() -> None:
    """Begin anew in a process that was forked: threads stay behind, and with them who may hold the lock."""
    global making  # noqa: PLW0603 - one a process
    making = threading.Lock()
    made.cache_clear()


os.register_at_fork(after_in_child=forget)
