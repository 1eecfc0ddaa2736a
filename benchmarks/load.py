"""A load of signed configuration requests, by wrk."""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from configs.client import drone_request
from pipelines.build_request import BuildRequest

SCRIPT = """
local requests, next = {}, 0
function init()
  local file = io.open("REQUESTS", "rb")
  for size in file:lines() do table.insert(requests, file:read(tonumber(size))) end
end
function request()
  next = next % #requests + 1
  return requests[next]
end
if ONCE then
  local answered, ffi = 0, require("ffi")
  ffi.cdef("int kill(int process, int signal); int getpid(void);")
  function response()
    answered = answered + 1
    if answered == #requests then ffi.C.kill(ffi.C.getpid(), 2) end  -- as Ctrl-C, at which wrk ends and reports
  end
end
function done(summary, latency)
  local e = summary.errors
  io.write(string.format('RESULT {"requests": %d, "microseconds": %d, "p50": %d, "p99": %d, "bad": %d}\\n', summary.requests,
    summary.duration, latency:percentile(50), latency:percentile(99), e.status + e.connect + e.read + e.write + e.timeout))
end
"""


@dataclass(frozen=True)
class Measured:
    """What wrk saw."""

    rate: float  # requests a second
    p50: float  # milliseconds
    p99: float  # milliseconds


def program(name: str) -> str:
    """Find a program, or end with what to install."""
    return shutil.which(name) or sys.exit(f"This benchmark needs {name}; on Debian: apt-get install {name}")


def bodies(projects: int) -> list[bytes]:
    """Write a request for the master branch of each project of trees.py, of which nothing is recorded."""
    names = ["edrone", *(f"project{number:05d}" for number in range(1, projects))]
    requests = [BuildRequest("ismewen", name, "push", "refs/heads/master", "master") for name in names]
    return [drone_request.body(request, created=0) for request in requests]


def load(  # noqa: PLR0913 - what there is to say of a load
    url: str, secret: str, wanted: list[bytes], connections: int, seconds: int, *, once: bool = False
) -> Measured:
    """Replay signed requests over keep-alive connections, round and round or each once, and measure.

    They are signed at the start, so that a run must be shorter than the server's limit on the age of a signature.
    """
    with tempfile.TemporaryDirectory() as folder:
        requests, script = Path(folder, "requests"), Path(folder, "script.lua")
        with requests.open("wb") as file:
            for body in wanted:
                raw = head(url, secret, body) + body
                file.write(f"{len(raw)}\n".encode() + raw)
        script.write_text(SCRIPT.replace("REQUESTS", str(requests)).replace("ONCE", str(once).lower()))
        command = [
            program("wrk"),
            "--latency",
            "-t1",
            f"-c{connections}",
            f"-d{seconds}s",
            "--timeout",
            "10s",
            "-s",
            str(script),
            url,
        ]
        printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    result = json.loads(re.search(r"RESULT (.*)", printed)[1])  # type: ignore[index]  # wrk ends with it
    if result["bad"]:
        sys.exit(f"{result['bad']} of {result['requests']} requests to {url} failed; nothing was measured.")
    return Measured(result["requests"] / result["microseconds"] * 1e6, result["p50"] / 1000, result["p99"] / 1000)


def head(url: str, secret: str, body: bytes) -> bytes:
    """Write the head of a signed request."""
    path = "/" + url.split("/", 3)[3]
    headers = {"host": "edrone", "user-agent": "Go-http-client/1.1", "content-length": str(len(body))}
    headers |= drone_request.signed_headers(body, secret, datetime.now(UTC))
    return "\r\n".join([f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]).encode()
