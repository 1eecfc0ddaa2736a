"""Which file of a clone is its pipeline; and where there is none, what is there instead."""

import os
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from pipelines.git import GitError, git

# The first is what Drone reads where nobody set another.
OWN_FILES = (".drone.yml", ".drone.yaml", ".drone/drone.yml", ".drone/drone.yaml", "drone.yml", "drone.yaml")
PROGRAMS = {  # what may make the YAML instead, and the command of Drone's command line that writes it
    ".jsonnet": "drone jsonnet --stream",
    ".star": "drone starlark",
    ".starlark": "drone starlark",
    ".script": "drone starlark",
}
FOUND_BY_THEMSELVES = frozenset({".drone.jsonnet", ".drone.star"})
OTHERS = (  # what other services read, as patterns of git
    ".woodpecker.y*ml", ".woodpecker/*", ".gitlab-ci.yml", ".github/workflows/*", ".gitea/workflows/*", ".forgejo/workflows/*",
    "Jenkinsfile", ".travis.yml", ".circleci/config.yml", "azure-pipelines.yml", "bitbucket-pipelines.yml", ".cirrus.yml",
)  # fmt: skip
MOST_NAMED = 4


def program_of(file: str) -> str:
    """Return the command that makes the YAML of a program; empty for any other file."""
    ending = os.path.splitext(file)[1]
    command = PROGRAMS.get(ending, "")
    return f"{command} --source {file}" if command and file not in FOUND_BY_THEMSELVES else command


def no_file(clone: Path, slug: str, looked_for: Sequence[str], *, drone_reads: str) -> str:
    """Return that the pipeline is not there, and what is.

    Args:
        clone: a folder.
        slug: of the repository.
        looked_for: paths.
        drone_reads: the only path that counts, by Drone's database; empty where it is not known.
    """
    program = next((f".drone{ending}" for ending in PROGRAMS if os.path.lexists(clone / f".drone{ending}")), "")
    if program and not drone_reads:
        return is_program(program, slug)
    missing = f"Drone reads its {drone_reads}, which is not there" if drone_reads else f"it has no {' or '.join(looked_for[:2])}"
    there = [path for path in OWN_FILES if path not in looked_for and (clone / path).is_file()]
    if there:
        return f"{missing}; it has {there[0]}: if that is meant, import it with --path {there[0]}"
    others = [path for path in likely(clone) if path not in looked_for]
    return f"{missing}; it has {', '.join(others)}" if others else missing


def is_program(file: str, slug: str) -> str:
    own = OWN_FILES[0]
    return (
        f"its {file} is a program that makes the YAML, which edrone never runs: let `{program_of(file)}` write {own} there, "
        f"import it again with --path {own}, and `drone repo update --config {own} {slug}`, since Drone would run edrone's YAML "
        "as a program; or leave it to the repository (`kind: repository`)"
    )


def likely(clone: Path) -> list[str]:
    """Return some files of a clone that may be pipelines: those that speak of Drone, then those of other services."""
    try:
        # Also what nobody has added yet, since the work tree is what is imported.
        listed = ("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--")
        listings = [git(clone, *listed, pattern).split("\0") for pattern in (":(icase)*drone*.y*ml*", ":(icase)*drone*.j*sonnet")]
        listings += [git(clone, *listed, *OTHERS).split("\0")]
    except GitError:
        return []
    return list(islice(dict.fromkeys(path for paths in listings for path in paths if path), MOST_NAMED))
