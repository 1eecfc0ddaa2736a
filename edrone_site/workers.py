"""Numbers that the worker processes of one server share.

Each worker keeps its own in files of one folder (prometheus_client's multiprocess mode). A file belongs to a slot, not to
a process: who takes the place of a dead worker goes on counting in its files. So nothing that was counted is lost, no
total ever falls, and there are never more files than workers ran at once.
"""

import fcntl
import os
import shutil
from collections.abc import Callable
from itertools import count
from pathlib import Path
from threading import Thread

from prometheus_client import values

FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # prometheus_client's own variable


def prepare_folder(folder: Path) -> None:
    """Let the workers that are started from now on share their numbers in a folder, emptied first.

    Raises:
        OSError: it cannot be written.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    os.environ[FOLDER] = str(folder)


def share_numbers() -> None:
    """In a worker, before anything is counted: count in the files of a slot. Does nothing where no folder is prepared."""
    if os.environ.get(FOLDER):
        slot = take_slot(os.environ[FOLDER])
        values.ValueClass = values.MultiProcessValue(lambda: slot)  # type: ignore[no-untyped-call]


def take_slot(folder: str) -> int:
    """Take the first free slot for this process, to its end: the system gives it back however the process ends."""
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
    """Do something in one of the workers; when that one ends, in another. Returns at once."""
    descriptor = os.open(f"{os.environ[FOLDER]}/leader.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def wait() -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        action()

    Thread(target=wait, name="leader", daemon=True).start()
