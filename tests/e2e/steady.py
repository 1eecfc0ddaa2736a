"""Requests at a constant rate, whether or not those before have been answered: each of another build, each answer looked at.

A machine that cannot make the rate sends at the one that it can: no more connections are open at once than MOST.
"""

import asyncio
import json
import time
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.load import head
from benchmarks.trees import make_tree
from configs.client.drone_request import body
from pipelines.build_request import BuildRequest
from tests.e2e.running import SECRET, Server

PROJECTS = 20
MOST = 1000  # connections at once
SENDING = 60.0  # seconds after which nothing more is sent, however many have been
ANSWER = 60.0  # seconds that an answer may take, which is how long Drone waits


@dataclass
class Burst:
    """What came of it."""

    statuses: Counter[int] = field(default_factory=Counter)
    wrong: list[bytes] = field(default_factory=list)  # answers with a text that is not the build's
    seconds: list[float] = field(default_factory=list)  # from the moment when a request was due to its whole answer

    def quantile(self, share: float) -> float:
        """Give the seconds within which this share was answered."""
        return sorted(self.seconds)[int(len(self.seconds) * share)]


def projects(folder: Path) -> dict[str, bytes]:
    """Make a tree; gives the answer for the master branch of each project."""
    make_tree(folder, PROJECTS)
    found = {each.parent.name: each.read_text() for each in folder.glob("*/master.yaml")}
    assert len(set(found.values())) == PROJECTS
    return {name: json.dumps({"Data": text}, separators=(",", ":")).encode() for name, text in found.items()}


def requests_of(server: Server, names: Sequence[str], numbers: range) -> Iterator[tuple[str, bytes]]:
    """Sign a request of a new build for each number, of all projects in turn, as it is wanted: signatures grow old."""
    for number in numbers:
        name, now = names[number % len(names)], int(datetime.now(UTC).timestamp())
        build = BuildRequest(
            "ismewen", name, "push", "refs/heads/master", "master", repo_id=number % len(names) + 1, after=f"{number:040x}"
        )
        content = body(build, created=now)
        yield name, head(f"{server.url}/edrone", SECRET, content) + content


class Connection(asyncio.Protocol):
    """One request after another; the answer is read by its Content-Length."""

    def __init__(self) -> None:
        self.read: bytes = b""
        self.answer: asyncio.Future[tuple[int, bytes]] | None = None  # to the request that was sent last

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.read += data
        start, end, content = self.read.partition(b"\r\n\r\n")
        length = int(start.lower().partition(b"content-length:")[2].split(b"\r\n")[0] or 0) if end else 0
        if end and len(content) >= length and self.answer and not self.answer.done():
            self.answer.set_result((int(start.split(b" ", 2)[1]), content))

    def connection_lost(self, exc: Exception | None) -> None:
        if self.answer and not self.answer.done():
            self.answer.set_exception(ConnectionError(str(exc)))

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        self.read, self.answer = b"", asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return await self.answer


def burst(server: Server, numbers: range, right: Mapping[str, bytes], rate: int) -> Burst:
    """Ask for a new build of each number, so many a second, and wait for every answer."""
    requests = requests_of(server, sorted(right), numbers)
    with ThreadPoolExecutor(1) as thread:  # this one may have a loop, of a browser that tests before it left open
        return thread.submit(lambda: asyncio.run(sent(server, requests, right, rate))).result()


async def sent(server: Server, requests: Iterator[tuple[str, bytes]], right: Mapping[str, bytes], rate: int) -> Burst:
    """Send each request when it is due, on a connection that is free or on a new one."""
    seen, opened = Burst(), list[Connection]()
    free = deque[Connection]()  # each in turn: one that was idle for long is closed by the server
    under_way = asyncio.Semaphore(MOST)
    begun = time.monotonic()

    async def one(due: float, name: str, request: bytes) -> None:
        try:
            if not free:
                _, made = await asyncio.get_running_loop().create_connection(Connection, "127.0.0.1", server.port)
                opened.append(made)
                free.append(made)
            connection = free.popleft()
            async with asyncio.timeout(ANSWER):
                status, content = await connection.ask(request)
            free.append(connection)
        finally:
            under_way.release()
        seen.seconds.append(time.monotonic() - due)
        seen.statuses[status] += 1
        if content != right[name]:
            seen.wrong.append(content)

    try:
        async with asyncio.TaskGroup() as group:
            for number, (name, request) in enumerate(requests):
                await under_way.acquire()
                due = begun + number / rate
                if (ahead := due - time.monotonic()) > 0:
                    await asyncio.sleep(ahead)
                elif time.monotonic() > begun + SENDING:
                    under_way.release()
                    break
                group.create_task(one(due, name, request))
    finally:
        for connection in opened:
            connection.transport.abort()
    return seen
