"""`manage.py sendnotices`: finds out what is to be told, and sends it. Several may run, on one machine or many."""

import logging
import os
import signal
import threading
import time
from argparse import ArgumentParser
from types import FrameType
from typing import Any

from django.conf import settings
from django.db import DatabaseError, close_old_connections, connections
from django.utils import timezone
from django.utils.crypto import get_random_string
from django_tasks_db.management.commands.db_worker import Worker

from builds.drone_server import version
from builds.notices import delivery
from builds.notices.keeping import correct_times, forget, give_up
from builds.notices.looking import look_if_due
from builds.notices.tasks import QUEUE, enqueue_due, sender
from configs.database.postgresql import base as postgresql
from configs.management.base import EdroneCommand
from texts.characters import one_line

TICK = 1.0  # seconds between two looks whether a look is due
AGAIN = 2.0  # seconds without trying, after a database failed
FORGETS_EVERY = 60.0  # seconds

logger = logging.getLogger("edrone.notices")


class NoticeWorker(Worker):
    """Takes tasks of the queue, and outlives its database."""

    def shutdown(self, signum: int, frame: FrameType | None) -> None:
        delivery.stopping.set()
        logging.getLogger("django_tasks_db").setLevel(logging.ERROR)  # it would warn of what was asked for
        super().shutdown(signum, frame)

    def keep_running(self) -> None:
        while self.running:
            try:
                self.run()
            except DatabaseError as error:
                logger.warning("Notices wait for edrone's own database: %s", one_line(error))
                connections.close_all()
                delivery.stopping.wait(AGAIN)


class Command(EdroneCommand):
    help = "Find out what people want to be told of, and send it, until SIGTERM. `serve` starts this by itself."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--parent", type=int, metavar="PID", help="end when this process, which started this one, ends")

    def handle(self, *_: Any, parent: int | None, **__: Any) -> None:
        postgresql.begin()  # connections are kept, and none waits for ever
        if settings.EDRONE_GRANTS_FROM_DRONE:
            version.begin()  # whose DRONE_TOKEN is, who may be told nothing
        worker = NoticeWorker(
            queue_names=[QUEUE], interval=TICK, batch=False, backend_name="default", startup_delay=False,
            max_tasks=None, worker_id=get_random_string(32), excluded_queue_names=[],
        )  # fmt: skip
        worker.configure_signals()
        for name in ("django_tasks", "django_tasks_db"):
            logging.getLogger(name).setLevel(logging.WARNING)
        threading.Thread(target=keep_looking, args=[parent], name="looking", daemon=True).start()
        try:
            worker.keep_running()
        finally:
            sender.close()


def keep_looking(parent: int | None) -> None:
    """Look when it is due, until the process ends."""
    forgot = 0.0
    while not delivery.stopping.is_set():
        if parent is not None and os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGTERM)
            return
        try:
            look_if_due(timezone.now())
            enqueue_due()
            if time.monotonic() - forgot > FORGETS_EVERY:
                forgot = time.monotonic()
                correct_times(timezone.now())
                give_up(timezone.now())
                forget(timezone.now())
        except DatabaseError as error:
            logger.warning("Notices wait for a database: %s", one_line(error))
            connections.close_all()
        except Exception:
            logger.exception("Looking for what is to be told failed")
        close_old_connections()
        delivery.stopping.wait(TICK)
