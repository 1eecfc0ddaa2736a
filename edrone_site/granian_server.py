"""Granian, with workers that are replaced however often they end, and with room for many idle connections."""

import logging
import os
import resource
import signal
import time
from typing import Any

from granian.http import HTTP1Settings
from granian.server import MPServer

logger = logging.getLogger(__name__)
SECONDS_TO_START = 5
LONGEST_WAIT = 5.0  # seconds until a worker that keeps ending is started again
STARTS = 3  # that fail, before a server that never ran gives up

MOST_CONNECTIONS = 16_384  # of one worker; an idle one takes some 20 KB at most, and a half head what it holds
FILES_OF_A_THREAD = 4  # two databases with a journal each, or Drone
OTHER_FILES = 256
HTTP1 = HTTP1Settings(
    header_read_timeout=30_000,  # ms: for a whole head, and between two requests of a connection
    max_buffer_size=32 * 1024,  # bytes: the largest head; what each of many half heads may hold
)


class RespawningServer(MPServer):
    """Granian, except that it replaces workers however often they end.

    Granian's own loop ends the server when a worker ends twice within 5.5 s.
    """

    cannot_start = False  # no worker ever ran
    # Once it is closed, it is none any more. macOS's nohup leaves the terminal, and ignores the signal of its end.
    in_a_terminal = os.isatty(0) and signal.getsignal(signal.SIGHUP) != signal.SIG_IGN

    def signal_handler_reload(self, *_: Any) -> None:
        """End when the terminal is closed in which the server runs. Elsewhere SIGHUP replaces the workers."""
        if self.in_a_terminal:
            self.signal_handler_interrupt()  # type: ignore[no-untyped-call]  # Granian's
        else:
            super().signal_handler_reload()  # type: ignore[no-untyped-call]

    def _serve_loop(self, spawn_target: Any, target_loader: Any) -> None:
        early_ends = [0] * self.workers  # in a row, by place
        due: dict[int, float] = {}  # when the next worker of a place is started
        has_run = False
        while True:
            self.main_loop_interrupt.wait(max(0, min(due.values()) - time.monotonic()) if due else None)
            self.main_loop_interrupt.clear()
            if self.interrupt_signal:
                break
            for place, worker in enumerate(self.wrks):
                if place in due or worker.is_alive():
                    continue
                if lived_long(worker):
                    early_ends[place], has_run = 0, True
                else:
                    early_ends[place] += 1
                due[place] = time.monotonic() + pause_before_respawn(early_ends[place])
            has_run = has_run or any(worker.is_alive() and lived_long(worker) for worker in self.wrks)
            failed = [place for place in due if (self.wrks[place].inner.exitcode or 0) > 0 and early_ends[place] >= STARTS]
            if failed and not has_run:
                self.cannot_start = True
                break
            ready = [place for place, moment in due.items() if moment <= time.monotonic()]
            for place in ready:
                del due[place]
                self._respawn_workers([place], spawn_target, target_loader)
            if self.reload_signal:
                self._reload(spawn_target, target_loader)  # type: ignore[no-untyped-call]  # Granian's
        self.interrupt_children.clear()  # where Granian's own loop keeps what it has not dealt with


def lived_long(worker: Any) -> bool:
    """Return whether a worker ran for longer than it takes to start."""
    return bool(time.monotonic() - worker.birth >= SECONDS_TO_START)


def pause_before_respawn(early_ends: int) -> float:
    """Return the seconds until a worker is replaced: 0, unless it ended while it started."""
    if not early_ends:
        return 0
    seconds = min(2.0 ** (early_ends - 2), LONGEST_WAIT)
    logger.error("A worker ended while it started (%d in a row); the next one is started in %g s.", early_ends, seconds)
    return seconds


def connection_limit(threads: int) -> int:
    """Raise the limit of open files as far as needed and allowed, and return how many connections fit below it."""
    wanted = MOST_CONNECTIONS + threads * FILES_OF_A_THREAD + OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < highest:
        resource.setrlimit(resource.RLIMIT_NOFILE, (highest, hard))
        soft = highest
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return MOST_CONNECTIONS
    connections = max(soft - (wanted - MOST_CONNECTIONS), soft // 2)
    logger.warning(
        "A process may open %d files, so that each worker holds at most %d connections: raise the hard limit (ulimit -Hn) to %d.",
        soft, connections, wanted,
    )  # fmt: skip
    return connections
