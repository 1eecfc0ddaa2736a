"""Lets requests that wait for a build answer as soon as this process is told to end, and ends it with the main process."""

import os
import signal
import threading
import time
from multiprocessing import parent_process

from builds.browsing.waiting import end_of_builds
from edrone_site.kept_process import SECONDS_TO_FINISH


def begin() -> None:
    """Call it in the main thread, once. Granian sets signal handlers of its own later: this sees signals beside them."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    threading.Thread(target=answer_at_end, args=[reading], name="stopping", daemon=True).start()
    if main := parent_process():
        threading.Thread(target=end_with, args=[main.pid], name="orphan", daemon=True).start()


def answer_at_end(reading: int) -> None:
    while signals := os.read(reading, 64):
        if {signal.SIGTERM, signal.SIGINT} & set(signals):
            end_of_builds().stop()


def end_with(main: int | None) -> None:
    """End this worker once the main process is gone, killed: it would hold the port, and nobody would replace it."""
    while os.getppid() == main:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(SECONDS_TO_FINISH)
    os.kill(os.getpid(), signal.SIGKILL)
