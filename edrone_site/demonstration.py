"""What `make run` shows where no Drone is connected: sample builds, and a stand-in for Drone that starts new ones."""

import io
import logging
import os
import secrets
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import DatabaseError

from demo.sample_data import sample_builds
from edrone_site.environment import truth, value
from edrone_site.kept_process import kept_running
from texts.characters import one_line

DRONES = ("DRONE_DATABASE_URL", "DRONE_SERVER")
logger = logging.getLogger(__name__)
PAUSE = 0.05  # seconds between two looks whether the stand-in listens


def choose_demonstration() -> bool:
    """Set the environment for a demonstration, unless it names a Drone; return whether there is one.

    In a database that somebody names, nothing is made up unless EDRONE_DEMO says so.

    Raises:
        ImproperlyConfigured: EDRONE_DEMO is neither true nor false.
    """
    wanted = value("EDRONE_DEMO", truth, default=not is_set("DATABASE_URL"))
    if not wanted or any(map(is_set, DRONES)):
        return False
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    os.environ |= {"EDRONE_DEMO": "true", "DRONE_SERVER": f"http://127.0.0.1:{port}", "DRONE_TOKEN": secrets.token_hex(16)}
    return True


def is_set(name: str) -> bool:
    return bool(os.environ.get(name, "").strip())


def make_sample_data(path: Path) -> None:
    try:
        sample_builds.make(path)
    except (OSError, sqlite3.Error) as error:
        raise CommandError(
            f"edrone cannot write its sample data to {path}: {error}. Set EDRONE_STATE to a folder that can be written."
        ) from None


def forget_former_builds() -> None:
    """Delete what an earlier demonstration left, before a server shows Drone's builds, or sample builds that it made anew."""
    from demo.forgetting import forget_demonstration  # noqa: PLC0415 - models need django.setup()

    try:
        forget_demonstration(had_builds=settings.EDRONE_DEMO)
    except DatabaseError as error:  # no reason not to start
        logger.warning("What a demonstration left in edrone's own database cannot be deleted: %s", one_line(error))


def end_demonstration() -> None:
    """Delete what an earlier run made up, now that it runs no more; it was made up in the database of the state folder alone."""
    from demo.forgetting import forget_demonstration  # noqa: PLC0415 - models need django.setup()

    if not settings.DATABASE_IN_STATE:
        return
    forget_demonstration(had_builds=settings.EDRONE_DEMO_FILE.exists())
    settings.EDRONE_DEMO_FILE.unlink(missing_ok=True)


def keep_or_make_sample_builds() -> None:
    """Go on with the sample builds of earlier runs, or make new ones with their records if either is missing."""
    from demo.forgetting import forget_demonstration  # noqa: PLC0415 - models need django.setup()
    from demo.sample_records import has_records, make_records  # noqa: PLC0415

    if settings.EDRONE_DEMO_FILE.exists() and has_records(settings.EDRONE_DEMO_FILE):
        return
    forget_demonstration(had_builds=True)
    make_sample_data(settings.EDRONE_DEMO_FILE)
    make_records(settings.EDRONE_DEMO_FILE)
    call_command("sumbuilds", stdout=io.StringIO())  # so that the first look at statistics shows the whole month


@contextmanager
def stand_in_for_drone() -> Iterator[None]:
    """Run the stand-in in a process of its own, on sample builds that are kept from one run to the next.

    Raises:
        CommandError: the sample builds cannot be written, or the stand-in ends at once.
    """
    keep_or_make_sample_builds()
    port = urlsplit(settings.DRONE_SERVER).port
    arguments = [str(settings.EDRONE_DEMO_FILE), str(port), f"{settings.EDRONE_ADDRESS}/edrone", str(os.getpid())]
    variables = os.environ | {"DRONE_YAML_SECRET": next(iter(settings.DRONE_YAML_SECRETS), "unsigned")}
    command = [sys.executable, "-m", "demo.standin", *arguments]

    def start() -> "subprocess.Popen[bytes]":
        # A process group of its own: Ctrl-C is for edrone, which finishes its requests first.
        return subprocess.Popen(command, cwd=settings.BASE_DIR, env=variables, process_group=0)

    process = start()
    while not listens(port):
        if process.poll() is not None:
            raise CommandError("edrone cannot start: the stand-in for Drone ended at once; the lines above say why.")
        time.sleep(PAUSE)
    with kept_running("The stand-in for Drone", start, process):
        yield


def listens(port: int | None) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port or 0)) == 0
