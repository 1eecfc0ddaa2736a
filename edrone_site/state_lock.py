"""Keeps a second `make run` out of the state folder: it would change the sample builds of the first one under it."""

import fcntl
import os
from functools import cache, partial
from pathlib import Path

from django.core.management import CommandError


@cache  # `serve`, as a part of `make run`, asks once more
def lock_state(folder: Path, address: str) -> None:
    """Lock the state folder until this process ends, however it does: the kernel then gives it free.

    Args:
        folder: EDRONE_STATE.
        address: where this edrone will answer, for whoever comes second.

    Raises:
        CommandError: one sentence that says what runs there, or why the folder cannot be locked.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = os.open(folder / "run.lock", os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        runs = os.pread(file, 1000, 0).decode()
        os.close(file)
        raise CommandError(
            f"edrone cannot start: it runs already on the state folder {folder} ({runs}); "
            "stop that one, or set EDRONE_STATE to another folder and PORT to another port."
        ) from None
    except OSError as error:
        raise CommandError(
            f"edrone cannot lock its state folder {folder}: {error.strerror}. Set EDRONE_STATE to a folder that can be written."
        ) from None
    # Only this process holds the lock: workers outlive it where it is killed.
    os.register_at_fork(after_in_child=partial(os.close, file))
    os.ftruncate(file, 0)
    os.pwrite(file, f"process {os.getpid()} at {address}".encode(), 0)
