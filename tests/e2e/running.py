"""Real server processes, and a Drone that asks them over real connections."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import requests

from configs.client.drone_request import body, request_for, signed_headers
from tests import server
from tests.server import ROOT, free_port, wait_until

SECRET = "a-secret-of-these-tests"
SETTINGS = {"SECRET_KEY": "e2e-" * 10, "DRONE_YAML_SECRET": SECRET, "PATH": os.environ["PATH"], "EDRONE_WORKERS": "2"}


@dataclass
class Server:
    """A server that was started."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str) -> requests.Response:
        return requests.get(self.url + path, timeout=60)

    def workers(self) -> list[int]:
        return server.workers(self.process)

    def stop(self) -> int:
        """End it as an orchestrator does."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(70)


@contextmanager
def serving(state: Path, *, command: Sequence[str] = (), **environment: str) -> Iterator[Server]:
    """Start `manage.py serve` (or another command that does the same), wait until it is up, and end it."""
    port = int(environment.get("PORT", 0)) or free_port()
    state.mkdir(exist_ok=True)
    log = state / "log"
    settings = SETTINGS | {"EDRONE_STATE": str(state), "HOST": "127.0.0.1", "PORT": str(port)} | environment
    with log.open("wb") as output:
        process = subprocess.Popen(
            command or [sys.executable, "manage.py", "serve"], cwd=ROOT, env=settings, stdout=output, stderr=output
        )
    started = Server(process, port, log)
    try:
        wait_until(lambda: process.poll() is not None or answers(started.url), "the server is up")
        assert process.poll() is None, log.read_text()
        yield started
    finally:
        if process.poll() is None:
            started.stop()


def answers(url: str) -> bool:
    """Tell whether a server is up: edrone's, or Drone's."""
    try:
        return requests.get(f"{url}/healthz", timeout=60).ok
    except requests.ConnectionError:
        return False


def manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run one of edrone's commands with the settings of these servers."""
    return server.manage(*arguments, **SETTINGS | environment)


def administrator(name: str, password: str, **environment: str) -> str:
    """Make the tables and an administrator; gives a token of theirs."""
    done = manage("migrate", **environment)
    assert done.returncode == 0, done.stderr
    words = "createsuperuser", "--noinput", f"--username={name}", "--email="
    made = manage(*words, DJANGO_SUPERUSER_PASSWORD=password, **environment)
    assert made.returncode == 0, made.stderr
    return manage("createtoken", name, **environment).stdout.strip()


def ask(url: str, slug: str = "ismewen/edrone", branch: str = "master") -> requests.Response:
    """Ask for a configuration as Drone does."""
    content = body(request_for(slug, branch, "", ""), created=int(time.time()))
    return requests.post(f"{url}/edrone", content, headers=signed_headers(content, SECRET, datetime.now(UTC)), timeout=60)


class SlowRequest:
    """A signed request whose body stops half-way, so that the server is in the middle of it."""

    def __init__(self, port: int) -> None:
        content = body(request_for("ismewen/edrone", "master", "", ""), created=int(time.time()))
        headers = signed_headers(content, SECRET, datetime.now(UTC)) | {"Host": "edrone", "Content-Length": str(len(content))}
        head = "POST /edrone HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers.items()) + "\r\n"
        self.rest = content[100:]
        self.connection = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.connection.sendall(head.encode() + content[:100])

    def finish(self) -> bytes:
        """Send the rest and give the first bytes of the answer."""
        with self.connection:
            self.connection.sendall(self.rest)
            return self.connection.recv(4096)

    def answered(self) -> bool:
        """Send the rest and tell whether an answer came, or the connection was cut."""
        try:
            return bool(self.finish())
        except ConnectionError:
            return False
