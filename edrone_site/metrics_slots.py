"""Metrics that the worker processes of one server share.

Each worker counts in files of its own in one folder (prometheus_client's multiprocess mode). A file belongs to a slot, not to a
process: a worker that replaces a dead one goes on counting in its files. So no count is lost, no total ever falls, and there are
never more files than workers ran at once.
"""

import fcntl
import os
import shutil
from collections.abc import Callable
from itertools import count
from pathlib import Path
from tempfile import TemporaryFile
from threading import Thread

from prometheus_client import values

ROOM = 1 << 20  # bytes, which the files of 64 workers take
FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # prometheus_client's own variable


def prepare_folder(folder: Path) -> None:
    """Empty the folder, and let workers that start from now on count in it.

    Raises:
        OSError: the folder cannot be written, or its disk is full.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    # The files are mapped into memory: where the disk has no room for them, the system kills the worker without a word.
    with TemporaryFile(dir=folder) as room:
        room.write(bytes(ROOM))
    os.environ[FOLDER] = str(folder)


def count_in_slot() -> None:
    """Make this worker count in the files of a slot, if a folder is prepared. Call it before any metric is made."""
    if os.environ.get(FOLDER):
        slot = take_slot(os.environ[FOLDER])
        values.ValueClass = values.MultiProcessValue(lambda: slot)  # type: ignore[no-untyped-call]


def take_slot(folder: str) -> int:
    """Return the first free slot, locked until this process ends: the system unlocks it however the process ends."""
    os.makedirs(folder, exist_ok=True)  # somebody may have deleted it since the server started
    for number in count():
        descriptor = os.open(f"{folder}/slot-{number}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
        else:
            return number
    raise AssertionError("there is always one more number")


def in_one_worker(action: Callable[[], None]) -> None:
    """Run an action in one of the workers, and in another one when that one ends. Return at once."""
    descriptor = os.open(f"{os.environ[FOLDER]}/leader.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def wait() -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        action()

    Thread(target=wait, name="leader", daemon=True).start()
