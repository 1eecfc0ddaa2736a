"""`manage.py serve`: the production server."""

import logging
import os
import socket
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from django.db import connections
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels

from demo import sample_builds
from edrone_site.environment import DEMO_FILE, Environment
from edrone_site.health import database_state
from edrone_site.server import HTTP1, SECONDS_TO_START, Server, connections_of_a_worker
from edrone_site.startup import refuse_what_cannot_work
from edrone_site.workers import prepare_folder

logger = logging.getLogger(__name__)
SECONDS_TO_FINISH = 25  # for running requests after SIGTERM; Kubernetes kills after 30
BACKLOG = 4096  # connections that wait to be accepted; the system's own limit is most often as high


class Command(BaseCommand):
    """Run edrone under Granian; settings say where and with how many processes and threads."""

    help = "Run the production server on HOST:PORT, with EDRONE_WORKERS processes of up to EDRONE_THREADS threads."
    requires_system_checks = ()  # they are run below, to say what is wrong in one line

    def handle(self, *_: Any, **__: Any) -> None:
        """Serve until SIGTERM or Ctrl-C; running requests are finished first."""
        try:
            warnings = refuse_what_cannot_work()
        except ImproperlyConfigured as error:
            raise CommandError(f"edrone cannot start: {error}") from None
        for warning in warnings:
            logger.warning(warning)
        environment = settings.ENVIRONMENT
        if environment.demo:
            make_sample_data(environment.state / DEMO_FILE)
        address = free_address(environment.host, environment.port)
        if environment.metrics:
            prepare_metrics(environment)
        if (state := database_state()) != "ok":  # no reason to stay away: Drone is answered without it
            logger.warning(state)
        connections.close_all()  # the workers make their own
        server = Server(
            "edrone_site.wsgi:application",
            address=address,
            port=environment.port,
            interface=Interfaces.WSGI,
            workers=environment.workers,
            blocking_threads=environment.threads,
            backlog=BACKLOG,
            backpressure=connections_of_a_worker(environment.threads),
            http1_settings=HTTP1,
            workers_kill_timeout=SECONDS_TO_FINISH,
            websockets=False,
            http=HTTPModes.http1,
            log_level=LogLevels.error,
            log_dictconfig=settings.LOGGING | {"loggers": {"_granian": {}}},
        )
        # Ctrl-C is for the main process: a worker that hears it, and then SIGTERM from there, may hang.
        os.register_at_fork(after_in_child=os.setpgrp)
        threading.Thread(target=insist_on_the_end, args=[server], daemon=True).start()
        server.serve()
        if server.cannot_start:
            raise CommandError("edrone cannot start: its worker processes end as soon as they begin; the lines above say why.")


def insist_on_the_end(server: Server) -> None:
    """Tell workers that have only just begun to end until they do: Granian's lose a signal that comes while they start.

    Older ones are told once, by Granian: told again, they would drop the requests that they are finishing.
    """
    while not server.interrupt_signal:
        time.sleep(0.2)
    young = [worker for worker in server.wrks if time.monotonic() - worker.birth < SECONDS_TO_START]
    while True:
        time.sleep(0.5)
        for worker in young:
            if worker.is_alive():
                worker.terminate()


def make_sample_data(path: Path) -> None:
    """Write the builds of EDRONE_DEMO."""
    try:
        sample_builds.make(path)
    except (OSError, sqlite3.Error) as error:
        raise CommandError(
            f"edrone cannot write its sample data to {path}: {error}. Set EDRONE_STATE to a folder that can be written."
        ) from None


def prepare_metrics(environment: Environment) -> None:
    """Make the folder in which the workers count; nobody else uses it, since nobody else listens on this address."""
    if environment.metrics_port == environment.port:
        raise CommandError("EDRONE_METRICS_PORT is PORT itself: leave it unset to have /metrics there, or name another port.")
    if environment.metrics_port:
        free_address(environment.host, environment.metrics_port, "EDRONE_METRICS_PORT")
    folder = environment.state / "metrics" / f"{environment.host}-{environment.port}"
    try:
        prepare_folder(folder)
    except OSError as error:
        raise CommandError(
            f"edrone cannot keep its metrics in {folder}: {error.strerror}. "
            "Set EDRONE_STATE to a folder that can be written, or EDRONE_METRICS=false."
        ) from None


def free_address(host: str, port: int, setting: str = "HOST and PORT") -> str:
    """Give the numeric address of a host, or say in one line that it cannot be used.

    Granian takes no names, and its workers would only fail one after another where the port is taken.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            return str(address[0])
    except OSError as error:
        raise CommandError(f"edrone cannot listen on {host} port {port}: {error.strerror}. Set {setting}.") from None
