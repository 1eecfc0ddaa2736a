"""What statistics cost, and whether they are right: `python -m benchmarks.statistics [REPOSITORIES BUILDS]`.

The database is that of benchmarks/builds.py, moved to end now, with varied times, events and commits, in PostgreSQL and, copied,
in SQLite. All days are summed up; then each answer is compared with the SQL of docs/statistics.md over the same rows, and pages
are timed within one process. Prints the tables for docs/performance.md.
"""

import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any

from benchmarks import builds as big

ROUNDS = 7
PERIODS = ("7", "30", "90", "365")
TABLES = ("repos", "builds", "stages", "steps")
SPAN = 150_000_000  # seconds that the builds are spread over
DAYS_SUMMED = 762  # what the longest period and the one before it need
VARIED = {  # parts of big_drone_db.sql: other times, events and commits, so that there is something to count
    "t + 5, t + 65, t, t + 65, 4": "t + id % 97, t + id % 97 + id * 7919::bigint % 3600, t, t + 3700, 4",
    "md5((n - 1) * :repos + r || 'c') || '00000000' AS c": "md5(r || '-' || n / 2) || '00000000' AS c",
    "CASE WHEN pr THEN 'pull_request' ELSE 'push' END, CASE": "CASE WHEN n % 22 IN (3, 14) THEN 'promote' WHEN n % 22 = 15 "
    "THEN 'rollback' WHEN pr THEN 'pull_request' ELSE 'push' END, CASE",
    "'author' || u, '', 'null', t": "'author' || u, CASE WHEN n % 22 IN (3, 14, 15) THEN 'production' ELSE '' END, 'null', t",
    "stage_started + 15 * (k - 1), stage_started + 15 * k": "stage_started + 15 * (k - 1), stage_started + 15 * k + stage_id % 61",
}


def main() -> None:
    """Make both databases; measure each in a process of its own."""
    if name := os.environ.get("STATISTICS_OF"):
        measure(name)
        return
    repos, builds = (int(word) for word in (sys.argv[1:] or ("200", "10000")))
    print(f"{repos * builds:,} builds in {repos} repositories; the median of {ROUNDS} calls in ms\n", flush=True)
    varied = VARIED | {"1600000000 + ((n - 1)": f"{int(time.time()) - SPAN} + ((n - 1)"}
    with big.filled(repos, builds, varied) as (folder, server):
        host = big.socket_of(server)
        make_own_database(host)
        run("PostgreSQL", f"postgres://postgres@/postgres?host={host}", f"postgres://postgres@/edrone?host={host}")
        file = folder / "drone.sqlite"
        copy(host, file)
        run("SQLite", f"sqlite:///{file}")


def run(name: str, drone: str, own: str = "") -> None:
    with tempfile.TemporaryDirectory() as state:
        variables = {"EDRONE_STATE": state, "DRONE_DATABASE_URL": drone, "STATISTICS_OF": name, "SECRET_KEY": "k" * 40}
        variables |= {"EDRONE_ALLOW_UNSIGNED": "true", "DJANGO_SETTINGS_MODULE": "edrone_site.settings", "DATABASE_URL": own}
        subprocess.run([sys.executable, "-m", "benchmarks.statistics"], env=os.environ | variables, check=True)


def make_own_database(host: str) -> None:
    import psycopg2

    connection = psycopg2.connect(dbname="postgres", user="postgres", host=host)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("CREATE DATABASE edrone")
    connection.close()


def copy(host: str, file: Path) -> None:
    """Copy the tables that statistics read to SQLite, with Drone's indexes."""
    import psycopg2

    source = psycopg2.connect(dbname="postgres", user="postgres", host=host)
    with sqlite3.connect(file) as target:
        target.executescript((big.ROOT / "demo" / "sample_data" / "sample_builds.sql").read_text())
        target.execute("PRAGMA synchronous = OFF")
        for table in TABLES:
            names = [row[1] for row in target.execute(f"PRAGMA table_info({table})")]
            with source.cursor("copy") as cursor:
                cursor.itersize = 10_000
                cursor.execute(f"SELECT {', '.join(names)} FROM {table}")
                target.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(names))})", cursor)
        target.execute("ANALYZE")
    target.close()
    source.close()


def measure(name: str) -> None:
    """Sum everything up, compare, measure; in a process of its own, whose environment names the databases."""
    import django

    django.setup()
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.db import connections
    from django.test import Client

    from builds.access.models import Grant, Level
    from builds.statistics.models import BuildSummary, SummedDay
    from builds.statistics.periods import months, today
    from builds.statistics.summing import days_to_sum, sum_days

    connections["drone"].settings_dict["OPTIONS"].pop("options", None)  # plain SQL may take longer than a page
    call_command("migrate", verbosity=0)
    clients = {"admin": Client(), "ann": Client()}
    for login, client in clients.items():
        user = User.objects.create_user(login, is_staff=True, is_superuser=login == "admin")
        client.force_login(user)
    Grant.objects.bulk_create(Grant(user=user, pattern=f"org{number}/*", level=Level.VIEW) for number in range(10))
    began = time.perf_counter()
    ((first, _),) = timed(lambda: clients["admin"].get("/admin/builds/statistics/?period=365"), 1)
    now = time.time()
    last = today(now)
    list(sum_days(days_to_sum(range(last - DAYS_SUMMED, last), now), now, float("inf")))
    seconds = time.perf_counter() - began
    print(f"{name}: {SummedDay.objects.count():,} days summed up in {seconds:.0f} s, {BuildSummary.objects.count():,} rows;")
    print(f"before that, the page of a year took {first:.0f} ms\n")
    print("| statistics | page p50 | slowest | equal to plain SQL, which took (s) |\n|---|---|---|---|")
    repo, month = "repo/org1/repo1/-/statistics/", months(time.time())[1]
    for title, login, path, word, condition in (
        *((f"all, {period}", "admin", "statistics/", period, "") for period in (*PERIODS, month)),
        ("all, a year, one event", "admin", "statistics/?event=push", "365", "AND build_event = 'push'"),
        ("all, 90 days, a branch", "admin", "statistics/?branch=master", "90", "AND build_ref = 'refs/heads/master'"),
        ("half of the repositories, a year", "ann", "statistics/", "365", "AND build_repo_id % 20 < 10"),
        ("one repository, 30 days", "admin", repo, "30", "AND build_repo_id = 1"),
        ("one repository, a year", "admin", repo, "365", "AND build_repo_id = 1"),
    ):
        address = f"/admin/builds/{path}{'&' if '?' in path else '?'}period={word}"
        middle, slowest = timed(lambda client=clients[login], address=address: client.get(address), ROUNDS)[0]  # type: ignore[misc]
        equal, took = compared(path, login, word, condition)
        print(f"| {title} | {middle:.0f} | {slowest:.0f} | {equal}, {took:.1f} |", flush=True)
    print(flush=True)


def timed(call: Callable[[], Any], rounds: int) -> list[tuple[float, float]]:
    """Return the median and the longest in milliseconds."""
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        answer = call()
        times.append((time.perf_counter() - began) * 1000)
        if answer.status_code != HTTPStatus.OK:
            sys.exit(f"The page answers {answer.status_code}.")
    return [(statistics.median(times), max(times))]


def compared(path: str, login: str, word: str, condition: str) -> tuple[str, float]:
    """Compare with plain SQL; return yes, or what differs, and the seconds of the SQL."""
    from django.contrib.auth.models import User
    from django.http import QueryDict

    from builds.access.rules import visible_ids
    from builds.statistics import statistics as subject
    from builds.statistics.periods import SECONDS
    from builds.statistics.query import query_of
    from tests.builds.statistics import brute_force

    parameters = QueryDict(f"{path.partition('?')[2]}&period={word}")
    query = query_of(parameters, time.time())
    visible = frozenset({1}) if path.startswith("repo") else visible_ids(User.objects.get(username=login))
    ours = brute_force.ours(subject.statistics_of(visible, query.period, query.selection).figures)
    began = time.perf_counter()
    plain = brute_force.numbers(query.period.first * SECONDS, query.period.end, condition)
    took = time.perf_counter() - began
    return ", ".join(name for name, value in plain.items() if ours[name] != value) or "yes", took


if __name__ == "__main__":
    main()
