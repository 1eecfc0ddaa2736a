"""What the administration's pages cost: `python -m benchmarks.pages [REPOSITORIES BUILDS]`.

The database is that of benchmarks/builds.py, with a log of 5 MiB. edrone's production server answers one request after another
over one connection, as an administrator and as somebody whose grant names a few repositories; then six people open the long log
at the same time. Queries are those of both databases, counted in a process of their own.
"""

import http.client
import os
import statistics
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec

from benchmarks.builds import filled, socket_of
from tests.server import Server, running

ROUNDS, LOG_LINES, PEOPLE = 100, 56_000, 6
LIST, REPOS, ONE = "/admin/builds/build/", "/admin/builds/repo/", "org1/repo1"


def main() -> None:
    repos, builds = (int(word) for word in (sys.argv[1:] or ("200", "10000")))
    with filled(repos, builds) as (folder, server):
        host = socket_of(server)
        add_log(host, builds)
        variables = {"DRONE_DATABASE_URL": f"postgres://postgres@/postgres?host={host}", "SECRET_KEY": "k" * 40}
        with running(folder, **variables) as edrone:
            os.environ |= edrone.environment | {"DJANGO_SETTINGS_MODULE": "edrone_site.settings"}
            headers = report(edrone, cases(repos, builds), f"{repos * builds:,} builds in {repos} repositories")
            together(edrone, f"{LIST}{ONE}/{builds}/-/step/1/2/", headers)


def add_log(host: str, builds: int) -> None:
    """Give the second step of the last build of a repository a log of 5 MiB, with colours."""
    import psycopg2

    lines = [
        {"pos": place, "out": f"\x1b[{31 + place % 7}mstep {place}\x1b[0m compiling <module> & linking\n", "time": place // 100}
        for place in range(LOG_LINES)
    ]
    with psycopg2.connect(dbname="postgres", user="postgres", host=host) as connection, connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO logs (log_id, log_data) SELECT step_id, %s FROM steps JOIN stages ON stage_id = step_stage_id "
            "JOIN builds ON build_id = stage_build_id WHERE build_repo_id = 1 AND build_number = %s AND stage_number = 1 AND step_number = 2",
            [msgspec.json.encode(lines), builds],
        )
    connection.close()


def cases(repos: int, builds: int) -> list[tuple[str, str]]:
    """Name the pages that are measured."""
    deep, build, half = max(builds - 9_975, builds // 50), f"{LIST}{ONE}/{builds}/", repos * builds // 2
    return [
        ("first page", "/admin/"),
        ("first page, what it asks for again", f"{LIST}-/now/"),
        ("builds, newest", LIST),
        ("builds, half way", f"{LIST}?before={half}"),
        ("builds, the oldest", f"{LIST}?before=60"),
        ("builds of a repository", f"{LIST}?repo={ONE}"),
        ("builds of a repository, deep", f"{LIST}?repo={ONE}&before={deep}"),
        ("filter: running", f"{LIST}?status=running"),
        ("filter: waiting for approval", f"{LIST}?status=blocked"),
        ("filter: failure", f"{LIST}?status=failure"),
        ("filter: declined, of which there are none", f"{LIST}?status=declined"),
        ("filter: pull requests", f"{LIST}?event=pull_request"),
        ("filter: promotions, of which there are none", f"{LIST}?event=promote"),
        ("filter: the last 24 hours, in which there are none", f"{LIST}?period=day"),
        ("filter: a branch", f"{LIST}?branch=develop"),
        ("filter: a branch of a repository", f"{LIST}?repo={ONE}&branch=develop"),
        ("filter: an author's login", f"{LIST}?author=author5"),
        ("filter: an author's name", f"{LIST}?author=Author+5"),
        ("filter: an author that there is not", f"{LIST}?author=nobody"),
        ("search: #5 in all repositories", f"{LIST}?q=%235"),
        ("search: a word of many messages", f"{LIST}?q=retry"),
        ("search: a word of no message", f"{LIST}?q=nothing+like+it"),
        ("search: a commit that there is not, in full", f"{LIST}?q={'0' * 40}"),
        ("search: a commit that there is not, abbreviated", f"{LIST}?q=0000000"),
        ("repositories", REPOS),
        ("repositories, by a part of the name", f"{REPOS}?q=repo1"),
        ("a repository", f"{REPOS}{ONE}/"),
        ("a build", f"{build}-/step/1/1/"),
        ("a build while it runs, what it asks for again", f"{build}-/live/"),
        ("a log of 5 MiB, its page", f"{build}-/step/1/2/"),
        ("a log of 5 MiB, another part", f"{build}-/log/1/2/line/1/"),
        ("a log of 5 MiB, as a file", f"{build}-/log/1/2/file/"),
        ("configuration", f"{build}-/configuration/"),
    ]


def report(edrone: Server, pages: Iterable[tuple[str, str]], rows: str) -> dict[str, str]:
    """Print what pages cost; `rows` says of how many. Return the headers of the administrator's session."""
    import django

    django.setup()
    from django.contrib.auth.models import User
    from django.test import Client

    from builds.access.models import Grant, Level

    few = User.objects.create_user("few", is_staff=True)
    Grant.objects.create(user=few, pattern="org1/*", level=Level.VIEW)
    people = {"administrator": User.objects.get(username="admin"), "org1/* only": few}
    print(f"{rows}; ms of {ROUNDS} requests over one connection\n")
    print("| page | " + " | ".join(f"{name}: p50 | p99" for name in people) + " | queries | KB |")
    print("|---|" + "---|" * (2 * len(people) + 2))
    headers: dict[str, dict[str, str]] = {}
    for name, person in people.items():
        client = Client()
        client.force_login(person)
        headers[name] = {"Cookie": f"sessionid={client.cookies['sessionid'].value}"}
    for title, path in pages:
        times = [timed(edrone, path, headers[name]) for name in people]
        queries = asked(people["administrator"], path)
        row = " | ".join(f"{p50:.1f} | {p99:.1f}" for p50, p99, _ in times)
        print(f"| {title} | {row} | {queries} | {times[0][2] / 1000:.0f} |", flush=True)
    return headers["administrator"]


def timed(edrone: Server, path: str, headers: dict[str, str]) -> tuple[float, float, int]:
    """Ask for a page again and again.

    Returns:
        p50 and p99 in milliseconds, and bytes.
    """
    connection = http.client.HTTPConnection(edrone.url.removeprefix("http://"))
    for _ in range(3):
        size = ask(connection, path, headers)
    times = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        ask(connection, path, headers)
        times.append((time.perf_counter() - begin) * 1000)
    connection.close()
    return statistics.median(times), statistics.quantiles(times, n=100)[-1], size


def ask(connection: http.client.HTTPConnection, path: str, headers: dict[str, str]) -> int:
    """Ask for a page and give its bytes."""
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    if answer.status not in {http.client.OK, http.client.FOUND}:
        raise RuntimeError(f"{path}: {answer.status} {body[:500]!r}")
    return len(body)


def asked(person: Any, path: str) -> int:
    """Count the queries of a page."""
    from django.db import connection, connections
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(person)
    client.get(path)
    with CaptureQueriesContext(connections["drone"]) as of_drone, CaptureQueriesContext(connection) as own:
        client.get(path)
    return len(of_drone) + len(own)


def together(edrone: Server, path: str, headers: dict[str, str]) -> None:
    """Print how long six people wait who open the same log at once."""

    def look(_: int) -> float:
        begin = time.perf_counter()
        ask(http.client.HTTPConnection(edrone.url.removeprefix("http://")), path, headers)
        return (time.perf_counter() - begin) * 1000

    with ThreadPoolExecutor(PEOPLE) as pool:
        longest = sorted(max(pool.map(look, range(PEOPLE))) for _ in range(10))
    print(
        f"\n{PEOPLE} people open the log of 5 MiB at once, ten times: the last of them has it after {longest[5]:.0f} ms (median)"
    )


if __name__ == "__main__":
    main()
