"""What the pages of deployments cost: `python -m benchmarks.deployments [REPOSITORIES BUILDS]`.

As benchmarks/pages.py, but every 50th build is a promotion, and every 20th runs an operation that deploys.
"""

import os
import sys
from pathlib import Path

from benchmarks.builds import filled, socket_of
from benchmarks.pages import ONE, REPOS, report
from tests.server import running

OPERATION = """\
kind: operation
level: deploy
target: TARGET
inputs:
  TARGET: {type: choice, options: [staging, production]}
---
kind: pipeline
name: deploy
steps: [{name: deploy, image: alpine, commands: [./deploy]}]
"""
DEPLOYING = {  # parts of big_drone_db.sql
    "CASE WHEN pr THEN 'pull_request' ELSE 'push' END, CASE WHEN pr THEN 'opened' ELSE '' END": (
        "CASE WHEN promotes THEN 'promote' WHEN operates THEN 'custom' WHEN pr THEN 'pull_request' ELSE 'push' END, "
        "CASE WHEN operates THEN 'deploy' ELSE '' END"
    ),
    "'author' || u, '', 'null', t": (
        "'author' || u, CASE WHEN promotes THEN (ARRAY['staging','production'])[1 + n / 50 % 2] ELSE '' END, "
        """CASE WHEN operates THEN '{"TARGET":"staging"}' ELSE 'null' END, t"""
    ),
    "n % 5 = 0 AS pr": "n % 50 = 7 AS promotes, n % 20 = 11 AS operates, n % 5 = 0 AS pr",
}
BOARD = "/admin/builds/deployments/"
CASES = (
    ("deployments of all repositories", BOARD),
    ("the same, one target, only drift", f"{BOARD}?target=production&drift=true"),
    ("deployments of one repository", f"{REPOS}{ONE}/-/deployments/"),
    ("the list of repositories", REPOS),
    ("a repository", f"{REPOS}{ONE}/"),
)


def main() -> None:
    repos, builds = (int(word) for word in (sys.argv[1:] or ("200", "10000")))
    with filled(repos, builds, DEPLOYING) as (folder, server):
        variables = {
            "DRONE_DATABASE_URL": f"postgres://postgres@/postgres?host={socket_of(server)}",
            "SECRET_KEY": "k" * 40,
            "EDRONE_PROJECTS": str(tree(folder)),
        }
        with running(folder, **variables) as edrone:
            os.environ |= edrone.environment | {"DJANGO_SETTINGS_MODULE": "edrone_site.settings"}
            report(edrone, CASES, f"{repos * builds:,} builds in {repos} repositories")


def tree(folder: Path) -> Path:
    operation = folder / "projects" / "_operations" / "deploy.yaml"
    operation.parent.mkdir(parents=True)
    operation.write_text(OPERATION)
    return folder / "projects"


if __name__ == "__main__":
    main()
