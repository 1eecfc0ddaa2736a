"""Requests that wait for a build to end: one look a second at Drone's database serves all of a process."""

import logging
import random
import threading
import time
from functools import cache

from django.conf import settings
from django.db import DatabaseError, close_old_connections

from builds.drone_db.models import Build
from builds.drone_db.vocabulary import UNFINISHED
from texts.errors import EdroneError

LONGEST = 300  # seconds that a request may wait
PAUSE = 1.0  # seconds between two looks

logger = logging.getLogger(__name__)


class TooManyWait(EdroneError):
    status = 503

    def __init__(self, most: int) -> None:
        self.retry_after = random.randint(5, 10)  # noqa: S311 - not all of them at the same moment
        super().__init__(f"{most} requests wait for builds already, as many as this process allows. Ask again in some seconds.")


class EndOfBuilds:
    """Lets requests wait for builds, `most` of them at once."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.slots = threading.BoundedSemaphore(most)
        self.lock = threading.Lock()
        self.waiting: dict[threading.Event, int] = {}  # set when the build may have ended → the build's id
        self.watched = False  # by a thread
        self.stopped = False  # nobody waits any more

    def wait(self, build_id: int, seconds: float) -> None:
        """Return when a build may have ended, after the time, or when this process ends. Holds no connection meanwhile.

        Raises:
            TooManyWait: as many as may do wait already.
        """
        if not self.slots.acquire(blocking=False):
            raise TooManyWait(self.most)
        ended = threading.Event()
        try:
            close_old_connections()  # others use them meanwhile
            with self.lock:
                self.waiting[ended] = build_id
                if not self.watched:
                    threading.Thread(target=self.watch, name="end-of-builds", daemon=True).start()
                    self.watched = True
            if not self.stopped:
                ended.wait(seconds)
        finally:
            with self.lock:
                self.waiting.pop(ended, None)
            self.slots.release()

    def stop(self) -> None:
        """Let everybody who waits, or comes yet, answer with what there is."""
        self.stopped = True
        with self.lock:
            for ended in self.waiting:
                ended.set()

    def watch(self) -> None:
        """Look at the builds that are waited for, until none is."""
        while waiting := self.waited_for():
            unfinished = still_unfinished(set(waiting.values()))
            for ended, build_id in waiting.items():
                if build_id not in unfinished:
                    ended.set()
            time.sleep(PAUSE)

    def waited_for(self) -> dict[threading.Event, int]:
        """Return whom to tell of which build. Where there is nobody, the next one who waits starts another thread."""
        with self.lock:
            self.watched = bool(self.waiting)
            return dict(self.waiting)


def still_unfinished(build_ids: set[int]) -> set[int]:
    """Return which of these builds have not ended. None where that is not known: whoever waits then asks again, and says so."""
    try:
        return set(Build.objects.filter(id__in=build_ids, status__in=UNFINISHED).values_list("id", flat=True))
    except DatabaseError:
        return set()
    except Exception:
        logger.exception("Requests that wait for builds are answered, since looking at the builds failed")
        return set()
    finally:
        close_old_connections()


@cache
def end_of_builds() -> EndOfBuilds:
    """Return what this process waits with: at most a quarter of its threads do."""
    return EndOfBuilds(max(settings.EDRONE_THREADS // 4, 1))
