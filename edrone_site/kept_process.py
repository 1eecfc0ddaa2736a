"""Keeps a process running beside the server: it is started again whenever it ends."""

import logging
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

PAUSE = 5.0  # seconds until it is started again
SECONDS_TO_FINISH = 25  # for what it is doing; as long as requests have
TICK = 0.2  # seconds

logger = logging.getLogger(__name__)
Process = subprocess.Popen[bytes]

# A worker that is forked meanwhile inherits the pipe on which `Popen` waits for the process that it starts: it would wait until
# that worker ends.
starting = threading.Lock()
os.register_at_fork(before=starting.acquire, after_in_parent=starting.release, after_in_child=starting.release)


@contextmanager
def kept_running(name: str, start: Callable[[], Process], first: Process | None = None) -> Iterator[None]:
    """Keep it running until the block ends.

    Args:
        name: of what runs, at the beginning of a sentence.
        start: starts it in a process group of its own: Ctrl-C is for this process, which ends the other one.
        first: the process, where it runs already.
    """
    ending = threading.Event()
    keeper = threading.Thread(target=keep, args=[name, start, first or started(name, start), ending], name=name)
    keeper.start()
    try:
        yield
    finally:
        ending.set()
        keeper.join()


def started(name: str, start: Callable[[], Process]) -> Process | None:
    try:
        with starting:
            return start()
    except OSError as error:  # too many processes, or too little memory, at this moment
        logger.error("%s cannot be started: %s; it is tried again in %g s.", name, error.strerror, PAUSE)  # noqa: TRY400
        return None


def keep(name: str, start: Callable[[], Process], process: Process | None, ending: threading.Event) -> None:
    while not ending.is_set():
        if process is None:
            if not ending.wait(PAUSE):
                process = started(name, start)
        elif process.poll() is None:
            ending.wait(TICK)
        else:
            logger.error("%s ended with exit code %s; it is started again in %g s.", name, process.returncode, PAUSE)
            process = None
    if process:
        finish(process)


def finish(process: Process) -> None:
    """Let it finish. A signal that arrives while it starts ends it at once, and loses nothing."""
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(SECONDS_TO_FINISH)
    process.kill()
    process.wait()
