"""What browsing builds costs through REST: `python -m benchmarks.rest [REPOSITORIES BUILDS]`.

The database is that of benchmarks/builds.py. edrone's production server answers one request after another over one connection,
as an administrator.
"""

import http.client
import sys
from collections.abc import Callable

from benchmarks.builds import filled, timed
from tests.server import Server, running

PAGE = 25


def main() -> None:
    """Make the database, start edrone, measure."""
    repos, builds = (int(word) for word in (sys.argv[1:] or ("200", "10000")))
    with (
        filled(repos, builds) as (folder, host),
        running(folder, DRONE_DATABASE_URL=f"postgres://postgres@/postgres?host={host}") as edrone,
    ):
        report(edrone, repos, builds)


def report(edrone: Server, repos: int, builds: int) -> None:
    """Print the table."""
    deep = max(builds - 9_975, builds // 50)
    repo, everything = "/api/repos/org1/repo1", "/api/builds"
    cases = [
        ("a repository, first page", f"{repo}/builds"),
        ("a repository, 400th page by number", f"{repo}/builds?page={max(builds // PAGE - 1, 1)}"),
        ("a repository, deep by cursor", walk(edrone, f"{repo}/builds?page={max(deep // PAGE, 1)}")),
        ("a branch, first page", f"{repo}/builds?branch=master"),
        ("pending or running", f"{everything}?status=pending,running"),
        ("all repositories, first page", everything),
        ("all repositories, next page by cursor", walk(edrone, f"{everything}?per_page=25")),
        ("an author", f"{everything}?author=author5"),
        ("no index: events that are not there", f"{everything}?event=cron"),
        ("a build, stages and steps", f"{repo}/builds/{builds}"),
        ("all repositories with their last build", f"/api/repos?latest=true&per_page={repos}"),
    ]
    print(f"{repos * builds:,} builds in {repos} repositories; through REST, one connection, ms\n")
    print("| answer | p50 | p95 |\n|---|---|---|")
    for name, path in cases:
        p50, p95 = timed(asking(edrone, path))
        print(f"| {name} | {p50:.2f} | {p95:.2f} |", flush=True)


def asking(edrone: Server, path: str) -> Callable[[], http.client.HTTPResponse]:
    """Give a call that asks for a path, over one connection."""
    host = edrone.url.removeprefix("http://")
    connection, headers = http.client.HTTPConnection(host), {"Authorization": f"Bearer {token(edrone)}"}

    def ask() -> http.client.HTTPResponse:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != http.client.OK:
            raise RuntimeError(f"{path}: {answer.status} {body!r}")
        return answer

    return ask


def token(edrone: Server) -> str:
    """Make a token of the administrator."""
    return edrone.manage("createtoken", "admin").stdout.strip()


def walk(edrone: Server, path: str) -> str:
    """Give the path of the page after a page."""
    link = asking(edrone, path)().headers.get("Link", f"<{edrone.url}{path}>")
    return str(link.partition(">")[0].removeprefix(f"<{edrone.url}"))


if __name__ == "__main__":
    main()
