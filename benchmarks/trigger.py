"""Builds started through edrone, and straight at the stand-in Drone: `python -m benchmarks.trigger`. Prints milliseconds.

The stand-in (demo/standin) asks edrone for the configuration, writes the build and answers, in both cases; only the way to
it differs. Through edrone means: token, grant, audit record before and after, and Drone's answer read and checked. edrone's own
database is in PostgreSQL, over TCP and with a password, as in life.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import requests

from benchmarks.database import over_tcp
from demo.standin.drone import TOKEN
from tests.e2e.test_starting import BUILDS, Site, site

BUILDS_A_RUN, ROUNDS = 50, 4
SETTLING = 10  # seconds in which what `serve` starts beside the workers is loaded
AT_ONCE = (1, 8)
Way = Callable[[Site], tuple[str, str]]
WAYS: dict[str, Way] = {
    "straight at the stand-in": lambda started: (started.drone_url, TOKEN),
    "through edrone": lambda started: (started.edrone.url, started.token),
}


def main() -> None:
    """Measure both ways in turn; the first round warms up and does not count."""
    print("| way | at once | p50 ms | p99 ms | failed |\n|---|---|---|---|---|")
    with (
        tempfile.TemporaryDirectory() as folder,
        over_tcp(1, 100) as database,
        site(Path(folder), seconds=0.0, DATABASE_URL=database.own) as started,
    ):
        time.sleep(SETTLING)
        for at_once in AT_ONCE:
            results: dict[str, list[float | None]] = {name: [] for name in WAYS}
            for turn in range(ROUNDS):
                for name, way in WAYS.items():
                    seconds = run(*way(started), at_once, f"{turn}-{at_once}-{len(name)}")
                    results[name] += seconds if turn else []
            for name, seconds in results.items():
                times = sorted(taken * 1000 for taken in seconds if taken is not None)
                late = times[int(len(times) * 0.99)]
                print(f"| {name} | {at_once} | {statistics.median(times):.1f} | {late:.1f} | {seconds.count(None)} |")


def run(server: str, token: str, at_once: int, name: str) -> list[float | None]:
    """Start builds, each of another branch, and give the seconds that each took; None for one that was not made."""
    with requests.Session() as session, ThreadPoolExecutor(at_once) as pool:
        session.headers["Authorization"] = f"Bearer {token}"

        def start(number: int) -> float | None:
            begun = time.perf_counter()
            answer = session.post(f"{server}{BUILDS}", params={"branch": f"bench-{name}-{number}"}, timeout=30)
            return time.perf_counter() - begun if answer.ok and answer.json() else None

        return list(pool.map(start, range(BUILDS_A_RUN)))


if __name__ == "__main__":
    main()
