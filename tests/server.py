"""edrone as `make run` starts it: a process of its own under the production server."""

import os
import re
import runpy
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import requests

ROOT = Path(__file__).parent.parent
PORTS = frozenset(range(20000, 32000))
PATIENCE = 120.0  # seconds until a test gives up on a busy machine

given_ports = set[int]()


@dataclass
class Server:
    """A running edrone."""

    process: subprocess.Popen[str]
    url: str
    output: Path  # everything that it printed
    environment: dict[str, str]

    def printed(self) -> str:
        return self.output.read_text()

    def manage(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the environment of this server."""
        return manage(*arguments, **self.environment | environment)


def settings_of_environment() -> SimpleNamespace:
    """Read settings.py anew, with the variables that are set now."""
    names = runpy.run_path(str(ROOT / "edrone_site" / "settings.py"))
    return SimpleNamespace(**{name: value for name, value in names.items() if name.isupper()})


def wait_until(condition: Callable[[], object], what: str = "the condition is true", seconds: float = PATIENCE) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"after {seconds} seconds it is still not so that {what}"
        time.sleep(0.05)


def free_port() -> int:
    """Give a port that nothing listens on, and that this process has not been given before.

    It is below those that the system itself gives out (from 32768 on Linux), so that no connection and no listener on
    port 0 takes it until the program that it is for has started.
    """
    while True:
        port = secrets.choice(sorted(PORTS - given_ports))
        given_ports.add(port)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def clean_environment(**added: str) -> dict[str, str]:
    """Give the environment of a stranger's shell, with some variables set."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | added


def manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `manage.py` with these variables only."""
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=clean_environment(**environment), capture_output=True, text=True, check=False, timeout=PATIENCE
    )


@contextmanager
def running(folder: Path, *command: str, **environment: str) -> Iterator[Server]:
    """Start edrone, wait until it answers, and end it."""
    variables = {"PORT": str(free_port()), "EDRONE_STATE": str(folder / "var")} | environment
    output = folder / "output"
    arguments = command or (sys.executable, "-m", "edrone_site.run")
    with output.open("w") as log:
        process = subprocess.Popen(
            arguments,
            cwd=ROOT,
            env=clean_environment(**variables),
            stdout=log,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
    try:
        url = f"http://127.0.0.1:{variables['PORT']}"
        wait_until_it_answers(url, process, output)
        if made := re.search(r"DRONE_YAML_SECRET=([0-9a-f]{32})", output.read_text()):
            variables["DRONE_YAML_SECRET"] = made[1]
        yield Server(process, url, output, variables)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(PATIENCE)


def wait_until_it_answers(url: str, process: subprocess.Popen[str], output: Path) -> None:
    """Ask /healthz until it answers."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            if requests.get(f"{url}/healthz", timeout=1).ok:
                return
        except requests.exceptions.ConnectionError:
            if process.poll() is not None:
                break
            time.sleep(0.05)
    raise AssertionError(f"edrone did not start:\n{output.read_text()}")


def children(process: subprocess.Popen[str]) -> list[int]:
    """Give the processes of a session."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if int((folder / "stat").read_text().rsplit(")", 1)[1].split()[3]) == process.pid:
                found.append(int(folder.name))
        except (OSError, IndexError):
            continue
    return found


def workers(server: subprocess.Popen[Any]) -> list[int]:
    """Give the worker processes of a server: what it has forked, which runs the same command."""
    forked = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
    return [int(pid) for pid in forked if command_of(pid) == command_of(server.pid)]


def command_of(process: int | str) -> bytes:
    """Give the command line of a process; nothing of one that has ended."""
    with suppress(OSError):
        return Path(f"/proc/{process}/cmdline").read_bytes()
    return b""
