"""Events of Drone, and clients that wait for builds: `python -m benchmarks.events [EVENTS A MINUTE] [SECONDS] [CLIENTS]`.

Without arguments: 60,000 a minute for a minute, then 500 clients that wait. Each build has four events, as one with a single step
has. Meanwhile Drone asks for configurations at a constant rate: no later than without events and clients is what is wanted.
"""

import http.client
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from urllib.parse import urlsplit

import requests

from benchmarks.rest import token
from configs.client import drone_request
from pipelines.build_request import BuildRequest
from tests import drones
from tests.builds.notices.rows import START, Rows
from tests.server import Server, children, running

YAML_SECRET, EVENTS_SECRET = "s" * 32, "e" * 32
EVENTS_OF_A_BUILD = 4
EVENT = b'{"event":"build","action":"updated","repo":{"slug":"shop/cart"},"build":{"id":%d,"number":%d}}'
TABLE = "| Drone's requests for configurations | p50 ms | p95 ms | p99 ms | slowest ms | refused |\n|---|---|---|---|---|---|"
SENDERS, ASKED_A_SECOND = 8, 20
LONGEST = 60  # seconds that a client waits, and until binding is given up


def main() -> None:
    """Start edrone, measure, print the tables."""
    rate, seconds, clients = (int(word) for word in (sys.argv[1:] + ["60000", "60", "500"][len(sys.argv) - 1 :]))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = Rows(drones.recorded_sqlite(folder / "drone.sqlite"))
        builds = rate * seconds // 60 // EVENTS_OF_A_BUILD
        variables = {
            "DRONE_DATABASE_URL": f"sqlite:///{rows.path}", "SECRET_KEY": "k" * 40,
            "DRONE_YAML_SECRET": YAML_SECRET, "EDRONE_EVENTS_SECRET": EVENTS_SECRET,
        }  # fmt: skip
        with running(folder, **variables) as edrone:
            serve(edrone, rows, builds)
            print(TABLE)
            with asking(edrone, "alone"):
                time.sleep(min(seconds, 20))
            before = memory(edrone)
            with asking(edrone, f"beside {rate} events a minute"):
                result = measure_events(edrone, folder / "var" / "edrone.sqlite3", builds, seconds)
            print_waiting(edrone, rows, clients)
            print(
                f"\n{result}\nmemory of all processes: {before} MB before the events, {result.most_memory} MB at most during them"
            )


def serve(edrone: Server, rows: Rows, builds: int) -> None:
    """Let Drone ask for the configuration of each build, which edrone records, and write the builds."""
    values = [
        (number, 3, number, "pending", "push", "refs/heads/master", "master", f"{number:040x}", START + number)
        for number in range(1, builds + 1)
    ]
    with sqlite3.connect(rows.path) as connection:
        connection.executemany(
            "INSERT INTO builds (build_id, build_repo_id, build_number, build_status, build_event, build_ref, build_target, "
            "build_after, build_trigger, build_author, build_sender, build_created, build_updated) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, '@hook', 'ann', 'ann', ?, 0)",
            values,
        )
    connection.close()

    def ask(part: list[tuple[int, ...]]) -> None:
        with closing(edrone.url) as to:
            for _, _, number, *_rest, created in part:
                request = BuildRequest(
                    "shop",
                    "cart",
                    "push",
                    "refs/heads/master",
                    "master",
                    repo_id=3,
                    after=f"{number:040x}",
                    author="ann",
                    sender="ann",
                )
                assert configuration(to, request, created) == 200  # noqa: PLR2004, S101

    with ThreadPoolExecutor(SENDERS) as pool:
        list(pool.map(ask, [values[start::SENDERS] for start in range(SENDERS)]))


@contextmanager
def closing(url: str) -> Iterator[http.client.HTTPConnection]:
    address = urlsplit(url)
    to = http.client.HTTPConnection(str(address.hostname), address.port, timeout=LONGEST)
    try:
        yield to
    finally:
        to.close()


def configuration(to: http.client.HTTPConnection, request: BuildRequest, created: int) -> int:
    body = drone_request.body(request, created)
    to.request("POST", "/edrone", body, drone_request.signed_headers(body, YAML_SECRET, datetime.now(UTC)))
    answer = to.getresponse()
    answer.read()
    return answer.status


@contextmanager
def asking(edrone: Server, name: str) -> Iterator[None]:
    """Ask for configurations at a constant rate, each over a connection of its own as Drone does; print how long they took."""
    over, taken, refused = threading.Event(), list[float](), list[int]()

    def ask(number: int) -> None:
        request = BuildRequest("ismewen", "edrone", "push", "refs/heads/master", "master", repo_id=1, after=f"{number:040x}")
        begun = time.perf_counter()
        with closing(edrone.url) as to:
            status = configuration(to, request, int(time.time()))
        taken.append((time.perf_counter() - begun) * 1000)
        if status != 200:  # noqa: PLR2004
            refused.append(status)

    def keep_asking() -> None:
        with ThreadPoolExecutor(64) as pool:
            begun, number = time.monotonic(), 0
            while not over.is_set():
                number += 1
                pool.submit(ask, number + int(begun) * 1000)
                time.sleep(max(begun + number / ASKED_A_SECOND - time.monotonic(), 0))

    thread = threading.Thread(target=keep_asking)
    thread.start()
    yield
    over.set()
    thread.join()
    ordered = sorted(taken)
    percentiles = [f"{ordered[int(len(ordered) * share)]:.1f}" for share in (0.5, 0.95, 0.99)]
    print(f"| {name} | {' | '.join(percentiles)} | {ordered[-1]:.0f} | {len(refused)} |", flush=True)


@dataclass
class Sent:
    """Events, as their sender sees them."""

    begun: dict[int, float] = field(default_factory=dict)  # by build, when the first was sent; the clock is time.monotonic
    answered: list[float] = field(default_factory=list)  # ms
    failed: int = 0


@dataclass
class EventResults:
    """What came of the events."""

    builds: int
    sent: Sent = field(default_factory=Sent)
    bound: dict[int, float] = field(default_factory=dict)  # by build, when
    most_memory: int = 0  # MB

    def __str__(self) -> str:
        begun, times = self.sent.begun, sorted(self.sent.answered)
        lags = sorted(max(self.bound[number] - begun[number], 0) for number in self.bound.keys() & begun.keys())
        lags += [float("inf")] * (self.builds - len(lags))
        p50, p99 = statistics.median(times), times[int(len(times) * 0.99)]
        middle, late, last = (lags[int((len(lags) - 1) * share)] for share in (0.5, 0.95, 1))
        return (
            f"{len(times)} events of {self.builds} builds, {self.sent.failed} failed; "
            f"answered in {p50:.1f} ms (p50), {p99:.0f} ms (p99)\n"
            f"bound after {middle:.1f} s (p50), {late:.1f} s (p95), {last:.1f} s (all); {len(self.bound)} of {self.builds} bound"
        )


def measure_events(edrone: Server, own: Path, builds: int, seconds: int) -> EventResults:
    """Send the events of all builds, and note when each build is bound."""
    result, over = EventResults(builds), threading.Event()

    def watch() -> None:
        last = 0
        while not over.wait(0.25):
            with sqlite3.connect(f"file:{own}?mode=ro", uri=True, timeout=LONGEST) as connection:
                rows = connection.execute(
                    "SELECT number FROM configs_servedconfig WHERE repo_id = 3 AND build_id IS NOT NULL"
                ).fetchall()
            connection.close()
            if len(rows) != last:
                now, last = time.monotonic(), len(rows)
                for (number,) in rows:
                    result.bound.setdefault(number, now)
            result.most_memory = max(result.most_memory, memory(edrone))

    watcher = threading.Thread(target=watch)
    watcher.start()
    with apart() as process:
        result.sent = process.submit(send_events, edrone.url, builds, seconds).result()
    wait(lambda: len(result.bound) >= builds)
    over.set()
    watcher.join()
    return result


def send_events(url: str, builds: int, seconds: int) -> Sent:
    """Send the events of all builds at a constant rate."""
    sent, start = Sent(), time.monotonic() + 1
    events = [
        number
        for begin in range(1, builds + 1, 50)
        for _ in range(EVENTS_OF_A_BUILD)
        for number in range(begin, min(begin + 50, builds + 1))
    ]

    def send(sender: int) -> None:
        with closing(url) as to:
            for place in range(sender, len(events), SENDERS):
                time.sleep(max(start + place * seconds / len(events) - time.monotonic(), 0))
                body = EVENT % (events[place], events[place])
                headers = drone_request.signed_headers(body, EVENTS_SECRET, datetime.now(UTC), ("date", "digest"))
                begun = time.monotonic()
                sent.begun.setdefault(events[place], begun)
                to.request("POST", "/edrone/events", body, headers)
                answer = to.getresponse()
                answer.read()
                sent.answered.append((time.monotonic() - begun) * 1000)
                sent.failed += answer.status != 204  # noqa: PLR2004

    with ThreadPoolExecutor(SENDERS) as pool:
        list(pool.map(send, range(SENDERS)))
    return sent


def apart() -> ProcessPoolExecutor:
    """Return a process of its own for what makes load, so that it delays no request of this one."""
    return ProcessPoolExecutor(1, get_context("spawn"))


def wait(condition: Callable[[], object]) -> None:
    end = time.monotonic() + LONGEST
    while not condition() and time.monotonic() < end:
        time.sleep(0.2)


def print_waiting(edrone: Server, rows: Rows, clients: int) -> None:
    """Let clients wait for a build that does not end, and come back when they are sent away."""
    build = rows.select("SELECT MAX(build_number) FROM builds WHERE build_repo_id = 3")[0][0]
    address = f"{edrone.url}/api/repos/shop/cart/builds/{build}?wait={LONGEST}"
    with asking(edrone, f"beside {clients} clients that wait"), apart() as process:
        statuses = process.submit(keep_waiting, address, token(edrone), clients).result()
    print(f"\n{clients} clients: {statuses.count(503)} answers 503, {len(statuses) - statuses.count(503)} others in 20 s")


def keep_waiting(address: str, secret: str, clients: int) -> list[int]:
    """Return the statuses of all answers in 20 seconds."""
    over, statuses = threading.Event(), list[int]()

    def ask() -> None:
        while not over.is_set():
            with suppress(requests.ConnectionError):
                answer = requests.get(address, headers={"Authorization": f"Bearer {secret}"}, timeout=2 * LONGEST)
                statuses.append(answer.status_code)
                over.wait(int(answer.headers.get("Retry-After", 0)))

    threads = [threading.Thread(target=ask, daemon=True) for _ in range(clients)]
    for thread in threads:
        thread.start()
    time.sleep(20)
    over.set()
    return statuses


def memory(edrone: Server) -> int:
    """Return what the server's processes have together, in MB; what they share counts once (PSS)."""
    total = 0
    for process in children(edrone.process):
        try:
            lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total // 1024


if __name__ == "__main__":
    main()
