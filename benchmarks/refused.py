"""Does a refused request cost less than an accepted one? `python -m benchmarks.refused [REQUESTS]`.

One connection, one request after another, all kinds in turn, so that whatever else the machine does meets them alike. The
processor time is that of the server's processes for that kind alone, in rounds.
"""

import http.client
import os
import socket
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.rest import token
from configs.client import drone_request
from pipelines.build_request import BuildRequest
from tests.server import Server, running, workers

ROUNDS = 10
TICKS = os.sysconf("SC_CLK_TCK")  # of processor time in a second


@dataclass
class RequestKind:
    """A request, the status that it gets, and what it cost."""

    name: str
    method: str
    path: str
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    milliseconds: list[float] = field(default_factory=list)
    processor: float = 0  # seconds


def main() -> None:
    requests = int(sys.argv[1]) if sys.argv[1:] else 1000
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as edrone:
        groups = configuration(edrone), *api(edrone)
        for _ in range(ROUNDS):
            for kind in (kind for group in groups for kind in group):
                measure(edrone, kind, requests // ROUNDS)
        print(f"{requests} requests of each kind\n")
        print("| request | status | p50 ms | processor ms | of the accepted one |")
        print("|---|---|---|---|---|")
        for group in groups:
            for kind in group:
                used, accepted = (each.processor / requests * 1000 for each in (kind, group[0]))
                p50 = statistics.median(kind.milliseconds)
                print(f"| {kind.name} | {kind.status} | {p50:.2f} | {used:.2f} | {used / accepted:.2f} |")


def configuration(edrone: Server) -> list[RequestKind]:
    """Requests to the configuration endpoint, the accepted one first."""
    body = drone_request.body(BuildRequest("ismewen", "edrone", "push", "refs/heads/master", "master"), created=0)
    now, secret = datetime.now(UTC), edrone.environment["DRONE_YAML_SECRET"]
    yesterday = now - timedelta(days=1)
    right = drone_request.signed_headers(body, secret, now)
    return [
        RequestKind("a configuration", "POST", "/edrone", 200, right, body),
        RequestKind("no signature", "POST", "/edrone", 401, {"content-type": "application/json"}, body),
        RequestKind("another secret", "POST", "/edrone", 401, drone_request.signed_headers(body, "other", now), body),
        RequestKind("another body", "POST", "/edrone", 401, right, body + b" "),
        RequestKind("an old date", "POST", "/edrone", 200, drone_request.signed_headers(body, secret, yesterday), body),
        RequestKind("not Drone's JSON", "POST", "/edrone", 400, drone_request.signed_headers(b"{}", secret, now), b"{}"),
        RequestKind("another method", "PUT", "/edrone", 405),
    ]


def api(edrone: Server) -> tuple[list[RequestKind], list[RequestKind]]:
    """Requests to the API, the accepted one first: the cheapest there is, and an ordinary one."""
    right = {"Authorization": f"Bearer {token(edrone)}"}
    wrong = {"Authorization": f"Bearer edrone_{'x' * 43}"}
    builds = "/api/repos/ismewen/edrone/builds"
    tokens = [
        RequestKind("the API: who am I", "GET", "/api/user", 200, right),
        RequestKind("no token", "GET", "/api/user", 401),
        RequestKind("what is no token of edrone", "GET", "/api/user", 401, {"Authorization": "Bearer wrong"}),
        RequestKind("a wrong token", "GET", "/api/user", 401, wrong),
        RequestKind("an address that is not there", "GET", "/api/nosuch", 404),
    ]
    return tokens, [
        RequestKind("the API: builds of a repository", "GET", builds, 200, right),
        RequestKind("an unknown parameter", "GET", f"{builds}?brnch=x", 400, right),
        RequestKind("a repository that is not there", "GET", "/api/repos/ismewen/nosuch/builds", 404, right),
    ]


def measure(edrone: Server, kind: RequestKind, requests: int) -> None:
    """Ask so many times over one connection; each request is one piece, since edrone refuses some at their heads and closes."""
    host, _, port = edrone.url.removeprefix("http://").partition(":")
    headers = {"Host": "localhost", "Content-Length": str(len(kind.body))} | kind.headers
    head = [f"{kind.method} {kind.path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    request = "\r\n".join(head).encode() + kind.body
    before = processor(edrone)
    connection = socket.create_connection((host, int(port)))
    for _ in range(requests):
        start = time.perf_counter()
        connection.sendall(request)
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        content = answer.read()
        kind.milliseconds.append((time.perf_counter() - start) * 1000)
        if answer.status != kind.status:
            sys.exit(f"{kind.name}: {answer.status} {content[:300]!r}; nothing was measured.")
    kind.processor += processor(edrone) - before
    connection.close()


def processor(edrone: Server) -> float:
    """Give the processor time that the server's processes used so far, in seconds."""
    used = 0
    for process in (edrone.process.pid, *workers(edrone.process)):
        fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
        used += int(fields[11]) + int(fields[12])
    return used / TICKS


if __name__ == "__main__":
    main()
