"""What browsing builds costs through REST: `python -m benchmarks.rest [REPOSITORIES BUILDS]`.

As in life: PostgreSQL over TCP, with passwords, by the role of dronegrants; edrone's production server, asked over one connection
as an administrator. Beside each answer stands a plain SELECT of the same rows, all columns, over a connection that is kept. With
DRONE_DATABASE_URL set that database is read, which must have been filled alike; with DRONE_SERVER and DRONE_TOKEN set too, that
Drone's own answers to the same addresses stand beside them.
"""

import http.client
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2

from benchmarks.builds import run, timed
from benchmarks.database import over_tcp
from benchmarks.load import program
from tests.server import Server, running

PAGE = 25
BUILDS = "SELECT * FROM builds WHERE build_repo_id = 1"
NEWEST = f"ORDER BY build_number DESC LIMIT {PAGE}"
AT_ONCE, SECONDS = 16, 10


@dataclass(frozen=True)
class ApiRequest:
    name: str
    path: str  # of edrone
    sql: str = ""  # the same rows; empty: no single statement has them
    at_drone: bool = False  # Drone has this address too


@dataclass(frozen=True)
class ApiServer:
    """A server of Drone's API."""

    url: str
    token: str

    def get(self, path: str) -> Callable[[], http.client.HTTPResponse]:
        """Return a call that asks for a path, each time over the same connection."""
        parts, headers = urlsplit(self.url), {"Authorization": f"Bearer {self.token}"}
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(parts.netloc)

        def ask() -> http.client.HTTPResponse:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != http.client.OK:
                raise RuntimeError(f"{path}: {answer.status} {body!r}")
            return answer

        return ask

    def rate(self, path: str) -> float:
        """Return the answers a second over several connections at once."""
        headers = ("-H", f"Authorization: Bearer {self.token}")
        words = [program("wrk"), "-t1", f"-c{AT_ONCE}", f"-d{SECONDS}s", "--timeout", "10s", *headers, self.url + path]
        printed = subprocess.run(words, check=True, capture_output=True, text=True).stdout
        if "Non-2xx" in printed or "Socket errors" in printed:
            raise RuntimeError(printed)
        return float(printed.partition("Requests/sec:")[2].split()[0])


def main() -> None:
    repos, builds = (int(word) for word in (sys.argv[1:] or ("200", "10000")))
    with (
        databases(repos, builds) as (own, drones, plain),
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder), DATABASE_URL=own, DRONE_DATABASE_URL=drones) as edrone,
    ):
        report(edrone, plain, repos, builds)


@contextmanager
def databases(repos: int, builds: int) -> Iterator[tuple[str, str, str]]:
    """Give the addresses of edrone's own database, of Drone's, and of Drone's for a role that may read whole rows."""
    if "DRONE_DATABASE_URL" in os.environ:
        drones = os.environ["DRONE_DATABASE_URL"]
        yield os.environ["DATABASE_URL"], drones, os.environ.get("OWNER_DATABASE_URL", drones)
    else:
        with over_tcp(repos, builds) as database:
            yield database.own, database.drone, database.owner


def report(edrone: Server, plain: str, repos: int, builds: int) -> None:
    ours = ApiServer(edrone.url, token(edrone))
    drone = ApiServer(os.environ["DRONE_SERVER"], os.environ["DRONE_TOKEN"]) if "DRONE_SERVER" in os.environ else None
    connection = psycopg2.connect(plain)
    connection.autocommit = True
    print(f"{repos * builds:,} builds in {repos} repositories; through REST, one connection, ms\n")
    print("| answer | p50 | p95 | SELECT p50 | Drone p50 |\n|---|---|---|---|---|")
    for case in cases(ours, repos, builds):
        p50, p95 = timed(ours.get(case.path))
        select = f"{timed(lambda sql=case.sql: run(connection, sql))[0]:.2f}" if case.sql else ""  # type: ignore[misc]  # a default binds early
        drones = f"{timed(drone.get(case.path))[0]:.2f}" if drone and case.at_drone else ""
        print(f"| {case.name} | {p50:.2f} | {p95:.2f} | {select} | {drones} |", flush=True)
    path = "/api/repos/org1/repo1/builds"
    print(f"\n| first page, {AT_ONCE} connections | answers a second |\n|---|---|")
    for name, server in (("edrone", ours), ("Drone", drone)):
        if server:
            print(f"| {name} | {statistics.median(server.rate(path) for _ in range(3)):.0f} |", flush=True)


def cases(edrone: ApiServer, repos: int, builds: int) -> list[ApiRequest]:
    """Name what is asked for."""
    deep, last = max(builds - 9_975, builds // 50), max(builds // PAGE - 1, 1)
    repo, everything = "/api/repos/org1/repo1", "/api/builds"
    return [
        ApiRequest("a repository, first page", f"{repo}/builds", f"{BUILDS} {NEWEST}", at_drone=True),
        ApiRequest("a repository, 400th page by number", f"{repo}/builds?page={last}", f"{BUILDS} {NEWEST} OFFSET {PAGE * (last - 1)}", at_drone=True),
        ApiRequest("a repository, deep by cursor", following(edrone, f"{repo}/builds?page={max(deep // PAGE, 1)}"), f"{BUILDS} AND build_number < {deep} {NEWEST}"),
        ApiRequest("a branch, first page", f"{repo}/builds?branch=master", f"{BUILDS} AND build_ref = 'refs/heads/master' {NEWEST}", at_drone=True),
        ApiRequest("a build, stages and steps", f"{repo}/builds/{builds}", f"{BUILDS} AND build_number = {builds}", at_drone=True),
        ApiRequest("a repository", repo, "SELECT * FROM repos WHERE repo_slug = 'org1/repo1'", at_drone=True),
        ApiRequest("pending or running", f"{everything}?status=pending,running"),
        ApiRequest("all repositories, first page", everything, f"SELECT * FROM builds ORDER BY build_id DESC LIMIT {PAGE}"),
        ApiRequest("all repositories, next page by cursor", following(edrone, f"{everything}?per_page={PAGE}")),
        ApiRequest("an author", f"{everything}?author=author5"),
        ApiRequest("no index: events that are not there", f"{everything}?event=cron"),
        ApiRequest("all repositories with their last build", f"/api/repos?latest=true&per_page={repos}"),
    ]  # fmt: skip


def token(edrone: Server) -> str:
    """Make a token of the administrator."""
    return edrone.manage("createtoken", "admin").stdout.strip()


def following(edrone: ApiServer, path: str) -> str:
    """Return the path of the page after a page."""
    link = edrone.get(path)().headers.get("Link", f"<{edrone.url}{path}>")
    return str(link.partition(">")[0].removeprefix(f"<{edrone.url}"))


if __name__ == "__main__":
    main()
