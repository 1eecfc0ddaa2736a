"""A worker is small, and stays so, whatever log is looked at, by however many at once."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
import requests

from tests import drones
from tests.e2e.running import administrator, serving

MOST = 256  # MB: what the chart lets two workers have, halved
READERS = 8  # at once
SIZE = 15_000_000  # bytes
STEP = "ismewen/edrone/1/-/step/1/1/"
LOGS = {
    "three million lines of plain text": b"abcd\n" * (SIZE // 5),
    "short lines": json.dumps([{"pos": pos, "out": "a\n", "time": 0} for pos in range(SIZE // 40)]).encode(),
    "one line": json.dumps([{"pos": 0, "out": "\U0001f680" + "a" * SIZE + "\n", "time": 0}], ensure_ascii=False).encode(),
    "empty lists": b"[" + b"[]," * (SIZE // 3) + b"[]]",
    "empty objects": b"[" + b"{}," * (SIZE // 3) + b"{}]",
}
Store = Callable[[bytes], None]


@pytest.fixture(params=["sqlite", "postgres"])
def drone(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, Store]]:
    """Give the address of a database of Drone, and a function that stores the log of its first step."""
    if request.param == "sqlite":
        path = drones.recorded_sqlite(tmp_path / "drone.sqlite")

        def store(log: bytes) -> None:
            with closing(sqlite3.connect(path)) as connection, connection:
                connection.execute("UPDATE logs SET log_data = ? WHERE log_id = 1", [log])

        yield f"sqlite:///{path}", store
        return
    with drones.postgres_server() as server:
        database = drones.recorded_postgres(server, "2.28.2")

        def store(log: bytes) -> None:
            names = {"dbname": database["NAME"], "user": "postgres", "host": database["HOST"]}
            with closing(psycopg2.connect(**names)) as connection, connection, connection.cursor() as cursor:
                cursor.execute("UPDATE logs SET log_data = %s WHERE log_id = 1", [log])

        yield f"postgres://postgres@/{database['NAME']}?host={database['HOST']}", store


def test_the_memory_of_a_worker_has_a_bound(drone: tuple[str, Store], tmp_path: Path):
    url, store = drone
    environment = {
        "DATABASE_URL": f"sqlite:///{tmp_path}/edrone.sqlite3",
        "DRONE_DATABASE_URL": url,
        "EDRONE_WORKERS": "1",
    }
    token = administrator("anna", "correct-horse", **environment)
    with serving(tmp_path / "state", **environment) as server:
        (worker,) = server.workers()
        pages, program = logged_in(server.url), requests.Session()
        program.headers["Authorization"] = f"Bearer {token}"
        log_of_api = f"{server.url}/api/repos/ismewen/edrone/builds/1/logs/1/1"
        log_page = f"{server.url}/admin/builds/build/{STEP}"
        log = f"{server.url}/admin/builds/build/ismewen/edrone/1/-/log/1/1/"
        as_file, searches = f"{log}file/", [f"{log}find/?q=a", f"{log}find/?errors=1"]

        def read(session: requests.Session, address: str) -> int:
            """Read an answer as it comes, on a busy machine after some tries; gives its bytes."""
            while True:
                with session.get(address, stream=True, timeout=120) as answer:
                    if answer.status_code == 503 and "Retry-After" in answer.headers:
                        continue
                    assert answer.status_code == 200, answer.text
                    return sum(map(len, answer.iter_content(1024 * 1024)))

        for name, data in LOGS.items():
            store(data)
            assert read(program, log_of_api) >= len(data)
            assert read(pages, log_page) < 300_000
            read(pages, as_file)
            with ThreadPoolExecutor(READERS) as pool:
                for session, address in ((program, log_of_api), (pages, log_page), *((pages, search) for search in searches)):
                    list(pool.map(lambda _, session=session, address=address: read(session, address), range(READERS)))
            assert peak(worker) < MOST, name
        print(f"{peak(worker)} MB at most")  # noqa: T201


def test_workers_share_what_was_loaded_before_they_were_made(tmp_path: Path):
    with serving(tmp_path / "state", DATABASE_URL=f"sqlite:///{tmp_path}/edrone.sqlite3") as server:
        for worker in server.workers():
            sizes = dict(line.split()[:2] for line in Path(f"/proc/{worker}/smaps_rollup").read_text().splitlines()[1:])
            private = int(sizes["Private_Clean:"]) + int(sizes["Private_Dirty:"])
            assert private < int(sizes["Rss:"]) / 3


def logged_in(url: str) -> requests.Session:
    session = requests.Session()
    session.get(f"{url}/admin/login/", timeout=20)
    form = {"username": "anna", "password": "correct-horse", "csrfmiddlewaretoken": session.cookies["csrftoken"]}
    assert session.post(f"{url}/admin/login/?next=/admin/", form, timeout=20).ok
    assert "sessionid" in session.cookies
    return session


def peak(process: int) -> int:
    """Give the most memory that a process had since its start, in MB."""
    return int(Path(f"/proc/{process}/status").read_text().split("VmHWM:")[1].split()[0]) // 1024
