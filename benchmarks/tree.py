"""How long the commands for the whole tree take: 10,000 projects, 30,000 files, half of them extending.

`python -m benchmarks.tree [PROJECTS]` prints the tables of docs/performance.md.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.trees import make_tree

PROJECTS = 10_000
SHARED = "name: go\nimage: docker.example/library/golang:1.22\ncommands:\n- go vet ./...\n- go test ./...\n"
EXTENDING = """kind: pipeline
type: docker
name: {project}-{branch}

trigger:
  event: [push, pull_request]

steps:
- extends: _shared/go.yaml
  environment:
    PROJECT: {project}
    BRANCH: {branch}
- extends: _shared/docker.yaml
  settings:
    repo: company/{project}
    +tags: [{branch}]
"""
DOCKER = (
    "name: docker\nimage: plugins/docker\nsettings:\n  tags:\n  - ${DRONE_COMMIT_SHA}\n  username:\n    from_secret: docker\n"
)


def main(projects: int) -> None:
    """Make the trees, run the commands, print the table."""
    with tempfile.TemporaryDirectory() as folder:
        base, head = (make(Path(folder) / name, projects) for name in ("base", "head"))
        shared = head / "_shared" / "go.yaml"
        shared.write_text(SHARED.replace("golang:1.22", "golang:1.23"))
        print(
            f"| {projects:,} projects, {3 * projects:,} files | seconds | of a processor | MB, largest process | what it says |"
        )
        print("|---|---|---|---|---|")
        row("checkprojects", base, "checkprojects")
        row("compareprojects, one shared step changed", head, "compareprojects", str(base))
        row("compareprojects, nothing changed", base, "compareprojects", str(base))


def make(root: Path, projects: int) -> Path:
    """Write a tree in which every second file extends two shared steps."""
    make_tree(root, projects)
    (root / "_shared").mkdir()
    (root / "_shared" / "go.yaml").write_text(SHARED)
    (root / "_shared" / "docker.yaml").write_text(DOCKER)
    for number, file in enumerate(sorted(root.glob("[!_]*/*.yaml"))):
        if number % 2:
            file.write_text(EXTENDING.format(project=file.parent.name, branch=file.stem))
    return root


def row(name: str, tree: Path, *command: str) -> None:
    """Run a command on a tree and print how it went."""
    environment = {**os.environ, "EDRONE_PROJECTS": str(tree)}
    started, before = time.monotonic(), processor_time()
    done = subprocess.run([sys.executable, "manage.py", *command], env=environment, capture_output=True, text=True, check=False)
    took = time.monotonic() - started
    megabytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    says = done.stdout.splitlines()[0].partition(":")[0] if command[0] == "compareprojects" else done.stderr.splitlines()[-1]
    spent = processor_time() - before
    print(f"| {name} | {took:.1f} | {spent:.1f} | {megabytes:.0f} | {says.partition(' in /')[0]} |", flush=True)


def processor_time() -> float:
    """Give the seconds of a processor that commands took so far, their own processes included."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else PROJECTS)
