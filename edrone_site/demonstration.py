"""What `make run` shows where no Drone is connected: sample builds, and a stand-in for Drone that starts new ones."""

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
from django.core.management import CommandError

from demo.sample_data import sample_builds

DRONES = ("DRONE_DATABASE_URL", "DRONE_SERVER", "EDRONE_DEMO")  # whoever sets one of these has decided
PAUSE = 0.05  # seconds between two looks whether the stand-in listens


def choose_demonstration() -> bool:
    """Set the environment for a demonstration, unless it names a Drone; return whether there is one."""
    if any(os.environ.get(name, "").strip() for name in DRONES):
        return False
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    os.environ |= {"EDRONE_DEMO": "true", "DRONE_SERVER": f"http://127.0.0.1:{port}", "DRONE_TOKEN": secrets.token_hex(16)}
    return True


def make_sample_data(path: Path) -> None:
    try:
        sample_builds.make(path)
    except (OSError, sqlite3.Error) as error:
        raise CommandError(
            f"edrone cannot write its sample data to {path}: {error}. Set EDRONE_STATE to a folder that can be written."
        ) from None


@contextmanager
def stand_in_for_drone() -> Iterator[None]:
    """Run the stand-in in a process of its own, on sample builds that are kept from one run to the next.

    Raises:
        CommandError: the sample builds cannot be written, or the stand-in ends at once.
    """
    if not settings.EDRONE_DEMO_FILE.exists():
        make_sample_data(settings.EDRONE_DEMO_FILE)
    port = urlsplit(settings.DRONE_SERVER).port
    arguments = [str(settings.EDRONE_DEMO_FILE), str(port), f"{settings.EDRONE_ADDRESS}/edrone"]
    variables = os.environ | {"DRONE_YAML_SECRET": next(iter(settings.DRONE_YAML_SECRETS), "unsigned")}
    command = [sys.executable, "-m", "demo.standin", *arguments]
    with subprocess.Popen(command, cwd=settings.BASE_DIR, env=variables) as process:
        try:
            while not listens(port):
                if process.poll() is not None:
                    raise CommandError("edrone cannot start: the stand-in for Drone ended at once; the lines above say why.")
                time.sleep(PAUSE)
            yield
        finally:
            process.terminate()


def listens(port: int | None) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port or 0)) == 0
