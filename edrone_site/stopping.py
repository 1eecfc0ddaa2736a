"""Lets requests that wait for a build answer as soon as this process is told to end."""

import os
import signal
import threading

from builds.browsing.waiting import end_of_builds


def begin() -> None:
    """Call it in the main thread, once. Granian sets signal handlers of its own later: this sees signals beside them."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    threading.Thread(target=answer_at_end, args=[reading], name="stopping", daemon=True).start()


def answer_at_end(reading: int) -> None:
    while signals := os.read(reading, 64):
        if {signal.SIGTERM, signal.SIGINT} & set(signals):
            end_of_builds().stop()
