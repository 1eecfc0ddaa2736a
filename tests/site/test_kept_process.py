"""Processes that are kept running beside the server."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from edrone_site import kept_process
from edrone_site.kept_process import Process, kept_running
from tests.server import ROOT, wait_until


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Process]:
    monkeypatch.setattr(kept_process, "PAUSE", 0.05)
    return []


@pytest.mark.parametrize("runs_already", [True, False])
def test_it_is_started_again_when_it_ends_and_ends_with_the_block(started, caplog, runs_already):
    def start() -> Process:
        process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], process_group=0)
        started.append(process)
        return process

    with kept_running("The stand-in for Drone", start, start() if runs_already else None):
        wait_until(lambda: len(started) == 1)
        os.kill(started[0].pid, signal.SIGKILL)
        wait_until(lambda: len(started) == 2)
        assert "The stand-in for Drone ended with exit code -9; it is started again in 0.05 s." in caplog.text
    assert [process.returncode for process in started] == [-signal.SIGKILL, -signal.SIGTERM]


FORKS_WHILE_IT_STARTS = """
import os, threading, time
from edrone_site.kept_process import started

def start():
    begun.set()
    time.sleep(0.5)
    ended.set()

begun, ended = threading.Event(), threading.Event()
threading.Thread(target=started, args=["The notices worker", start]).start()
begun.wait()
worker = os.fork()
if not worker:
    os._exit(not ended.is_set())
raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1]))
"""


def test_no_worker_is_forked_while_it_starts():
    """It would inherit what the start waits for."""
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", FORKS_WHILE_IT_STARTS], cwd=ROOT, check=False)
    assert done.returncode == 0


def test_the_first_is_started_before_the_block_and_by_its_thread(started):
    threads = []

    def start() -> Process:
        threads.append(threading.current_thread())
        process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], process_group=0)
        started.append(process)
        return process

    with kept_running("What sends notices", start):
        assert threads == [threading.current_thread()]
    assert [process.returncode for process in started] == [-signal.SIGTERM]
