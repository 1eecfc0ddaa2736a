"""`manage.py serve`: the production server."""

import gc
import logging
import os
import threading
import time
from contextlib import nullcontext
from importlib import import_module
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from django.db import connections
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels

from edrone_site.demonstration import forget_former_builds, make_sample_data
from edrone_site.granian_server import HTTP1, SECONDS_TO_START, RespawningServer, connection_limit
from edrone_site.health import database_state
from edrone_site.listening import bindable_address
from edrone_site.malloc import return_freed_memory
from edrone_site.metrics_slots import prepare_folder
from edrone_site.notices_process import sending_notices
from edrone_site.startup_checks import run_startup_checks
from edrone_site.state_lock import lock_state

logger = logging.getLogger(__name__)
SECONDS_TO_FINISH = 25  # for running requests after SIGTERM; Kubernetes kills after 30
BACKLOG = 4096  # connections that wait to be accepted; the system's own limit is most often as high


class Command(BaseCommand):
    help = "Run the production server on HOST:PORT, with EDRONE_WORKERS processes of up to EDRONE_THREADS threads."
    requires_system_checks = ()  # they run below, to report errors in one line

    def handle(self, *_: Any, **__: Any) -> None:
        """Serve until SIGTERM or Ctrl-C; running requests are finished first."""
        try:
            warnings = run_startup_checks()
        except ImproperlyConfigured as error:
            raise CommandError(f"edrone cannot start: {error}") from None
        for warning in warnings:
            logger.warning(warning)
        if settings.EDRONE_DEMO and not settings.DRONE_SERVER:
            lock_state(settings.EDRONE_STATE, settings.EDRONE_ADDRESS)
            make_sample_data(settings.EDRONE_DEMO_FILE)
        address = bindable_address(settings.HOST, settings.PORT)
        if settings.EDRONE_METRICS:
            prepare_metrics()
        if (state := database_state()) != "ok":  # no reason not to start: Drone is answered without it
            logger.warning(state)
        elif not (settings.EDRONE_DEMO and settings.DRONE_SERVER):  # where builds are kept from one run to the next
            forget_former_builds()
        connections.close_all()  # the workers make their own
        if "oidc" in settings.SIGN_IN:
            import_module("jwt")  # which the workers then share, instead of 12 MB for each of them
        gc.freeze()  # the collector of a worker would write to all that is loaded here, and so copy it: 20 MB for each of them
        return_freed_memory()
        server = RespawningServer(
            "edrone_site.wsgi:application",
            address=address,
            port=settings.PORT,
            interface=Interfaces.WSGI,
            workers=settings.EDRONE_WORKERS,
            blocking_threads=settings.EDRONE_THREADS,
            backlog=BACKLOG,
            backpressure=connection_limit(settings.EDRONE_THREADS),
            http1_settings=HTTP1,
            workers_kill_timeout=SECONDS_TO_FINISH,
            websockets=False,
            http=HTTPModes.http1,
            log_level=LogLevels.error,
            log_dictconfig=settings.LOGGING | {"loggers": {"_granian": {}}},
        )
        # Ctrl-C is for the main process: a worker that receives it, and then SIGTERM from there, may hang.
        os.register_at_fork(after_in_child=os.setpgrp)
        threading.Thread(target=stop_young_workers, args=[server], daemon=True).start()
        with sending_notices() if settings.EDRONE_NOTICES else nullcontext():
            server.serve()
        if server.cannot_start:
            raise CommandError("edrone cannot start: its worker processes end as soon as they begin; the lines above say why.")


def stop_young_workers(server: RespawningServer) -> None:
    """Send SIGTERM to workers that have only just started until they end: Granian loses a signal that arrives while they start.

    Older workers get one signal, from Granian: a second one would make them drop the requests that they are finishing.
    """
    while not server.interrupt_signal:
        time.sleep(0.2)
    young = [worker for worker in server.wrks if time.monotonic() - worker.birth < SECONDS_TO_START]
    while True:
        time.sleep(0.5)
        for worker in young:
            if worker.is_alive():
                worker.terminate()


def prepare_metrics() -> None:
    """Make the folder in which the workers count. No other server uses it, since none can listen on this address."""
    if settings.EDRONE_METRICS_PORT == settings.PORT:
        raise CommandError("EDRONE_METRICS_PORT is PORT itself: leave it unset to have /metrics there, or name another port.")
    if settings.EDRONE_METRICS_PORT:
        bindable_address(settings.HOST, settings.EDRONE_METRICS_PORT, "EDRONE_METRICS_PORT")
    folder = settings.EDRONE_STATE / "metrics" / f"{settings.HOST}-{settings.PORT}"
    try:
        prepare_folder(folder)
    except OSError as error:
        raise CommandError(
            f"edrone cannot keep its metrics in {folder}: {error.strerror}. "
            "Set EDRONE_STATE to a folder that can be written, or EDRONE_METRICS=false."
        ) from None
