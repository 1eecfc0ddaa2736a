"""Sends through a process of its own (sender.py), which is ended where a service holds it up."""

import json
import os
import select
import subprocess
import sys
import time
from contextlib import suppress
from typing import IO, Any

from django.conf import settings

LONGEST = 20.0  # seconds that one message may take, whatever the service does
ENDED = "sending it failed"
TOO_LONG = f"it took longer than {LONGEST:g} s"
# Nothing else of edrone's environment, where the secrets are.
PASSED_ON = (
    "PATH", "LANG", "HOME", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
    "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE",
)  # fmt: skip


class Sender:
    """Starts the process when it is needed, and again after it ended."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None

    def send(self, message: dict[str, Any]) -> str:
        """Send a message; return why it could not be sent, empty where it was. Who took it is added to its `reached`."""
        if self.process and self.process.poll() is not None:
            self.close()
        self.process = self.process or start()
        end = time.monotonic() + LONGEST
        try:
            to, back = pipes(self.process)
            to.write(json.dumps(message).encode() + b"\n")
            while select.select([back], [], [], max(end - time.monotonic(), 0))[0]:
                answer = json.loads(back.readline())
                if "problem" in answer:
                    return str(answer["problem"])
                message["reached"].append(answer["reached"])
        except (OSError, ValueError):  # it ended
            self.close()
            return ENDED
        self.close()
        return TOO_LONG

    def close(self) -> None:
        if self.process:
            self.process.kill()
            with suppress(OSError):  # what it was sent last may not have reached it
                self.process.__exit__(None, None, None)
            self.process = None


def start() -> subprocess.Popen[bytes]:
    environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return subprocess.Popen(
        [sys.executable, "-m", "builds.notices.sender"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=settings.BASE_DIR,
        env=environment,
        bufsize=0,  # select must see each line that is there
        process_group=0,  # Ctrl-C is for the worker, which finishes what it sends
    )


def pipes(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    assert process.stdin is not None  # noqa: S101 - it is a pipe
    assert process.stdout is not None  # noqa: S101 - likewise
    return process.stdin, process.stdout
