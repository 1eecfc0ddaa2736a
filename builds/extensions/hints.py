"""What Drone's events say to look at: a bounded queue, emptied by one thread of the process.

Nothing is kept over a restart. Drone sends each event once, so loss is normal, and what needs events finds out without them.
"""

import logging
import threading
import time
from typing import NamedTuple

from django.db import DatabaseError, close_old_connections

from builds.drone_db.models import Build, Repo
from builds.notices.looking import hinter
from builds.served.build_keys import key_of
from configs.records.models import ServedConfig
from configs.records.rules import bind_all

MOST = 10_000  # builds
AT_ONCE = 100  # builds that one look at the databases serves; SQLite refuses a thousand values
PAUSE = 1.0  # seconds without trying, after a database failed
LARGEST = 2**63 - 1  # that a column holds

logger = logging.getLogger(__name__)


class Hint(NamedTuple):
    """Where something may have happened."""

    slug: str
    number: int
    build_id: int


class Hints:
    """Builds to look at, each once, in the order of their first event."""

    def __init__(self, most: int = MOST) -> None:
        self.most = most
        self.changed = threading.Condition()
        self.waiting: dict[Hint, None] = {}
        self.thread: threading.Thread | None = None

    def add(self, hint: Hint) -> bool:
        """Note a build; returns False where too many wait already."""
        with self.changed:
            if hint not in self.waiting and len(self.waiting) >= self.most:
                return False
            self.waiting[hint] = None
            if self.thread is None or not self.thread.is_alive():
                self.thread = threading.Thread(target=self.work, name="events", daemon=True)
                self.thread.start()
            self.changed.notify()
        return True

    def work(self) -> None:
        while True:
            with self.changed:
                self.changed.wait_for(lambda: self.waiting)
                batch = list(self.waiting)[:AT_ONCE]
                for hint in batch:
                    del self.waiting[hint]
            try:
                bind_hinted(batch)
            except DatabaseError as error:
                logger.warning("Events: %s builds are looked at later: %s", len(batch), error)
                self.put_back(batch)
                time.sleep(PAUSE)
            except Exception:
                logger.exception("Events: %s builds are not looked at", len(batch))
            finally:
                close_old_connections()

    def put_back(self, batch: list[Hint]) -> None:
        with self.changed:
            self.waiting = dict.fromkeys([*batch, *self.waiting][: self.most])


def bind_hinted(batch: list[Hint]) -> None:
    """Bind the records of builds to their numbers, which Drone does not say when it triggers them.

    Drone's own rows decide. A hint that they do not know, as of another Drone, does nothing; what is bound stays bound.
    """
    repos = dict(Repo.objects.filter(slug__in={hint.slug for hint in batch}).values_list("slug", "id"))
    hinted = {(repos.get(hint.slug), hint.number, hint.build_id) for hint in batch if 0 < hint.build_id <= LARGEST}
    builds = Build.objects.filter(id__in={build_id for _repo, _number, build_id in hinted})
    known = [build for build in builds if (build.repo_id, build.number, build.id) in hinted]
    bound = set(ServedConfig.objects.filter(build_id__in=[build.id for build in known]).values_list("repo_id", "build_id"))
    bind_all([key_of(build) for build in known if (build.repo_id, build.id) not in bound])
    hinter.note()


hints = Hints()
