"""A git revision → a folder with the tree as it was. Nothing of the repository is changed: no checkout, index or stash."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from pipelines.errors import ConfigError


class NoRevision(ConfigError):
    """Neither a folder nor a git revision."""


class NoFolder(NoRevision):
    """A revision without the folder of the tree."""


@contextmanager
def tree_before(name: str, root: Path) -> Iterator[tuple[Path, str]]:
    """Give the tree to compare with, as `tree_at`; an empty one where the revision has none yet.

    Returns:
        The folder, and a word that says so where it is empty for that reason.
    """
    with ExitStack() as stack:
        try:
            yield stack.enter_context(tree_at(name, root)), ""
        except NoFolder as error:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="edrone-"))
            yield Path(folder), f"{error} It is compared with an empty tree."


@contextmanager
def tree_at(name: str, root: Path) -> Iterator[Path]:
    """Give a tree by its folder, or by a revision of the repository that holds `root`.

    Raises:
        NoRevision: with what git says; NoFolder where the revision has no such folder.
    """
    if os.path.isdir(name):
        yield Path(name)
        return
    top, inside = repository_of(root, name)
    verify = partial(git, top, "rev-parse", "--verify", "--quiet", "--end-of-options")
    problem = f"{name} is neither a folder nor a revision of {top}"
    shallow = git(top, "rev-parse", "--is-shallow-repository", problem=problem) == "true"
    problem += ", of which only the newest commits were cloned; fetch more." if shallow else "."
    # In two steps: what stands behind `:/text` is part of the text.
    commit = verify(f"{verify(name, problem=problem)}^{{commit}}", problem=problem)
    with tempfile.TemporaryDirectory(prefix="edrone-") as folder:
        place = Path(folder, "tree")
        place.mkdir()
        try:
            verify(f"{commit}:{inside}", problem="")
        except NoRevision:
            raise NoFolder(f"{name} has no folder {inside or '.'}.") from None
        write_files(top, inside, commit, place, f"{name} cannot be read.")
        yield place


def write_files(top: Path, inside: str, commit: str, place: Path, problem: str) -> None:
    """Write the files of a commit, and those of its submodules that are there.

    Args:
        top: the work tree.
        inside: the folder of it whose files are written; empty: all.
        commit: to read.
        place: an empty folder for the files.
        problem: what to say where git fails.
    """
    with tempfile.TemporaryDirectory(prefix="edrone-") as folder:
        # With an index of its own, git writes the files as a checkout would, and the repository's index stays as it is.
        run = partial(git, top, problem=problem, GIT_INDEX_FILE=os.path.join(folder, "index"))
        run("read-tree", f"{commit}:{inside}")
        run(f"--work-tree={place}", "checkout-index", "--all")
        for entry in run("ls-files", "--stage", "-z").split("\0"):
            about, _, path = entry.partition("\t")
            module = top / inside / path
            if about.startswith("160000 ") and (module / ".git").exists():
                wanted = about.split(" ")[1]
                missing = f"{problem.removesuffix('.')}: its submodule {path} is at {wanted}, which is not here; fetch it."
                write_files(module, "", wanted, place / path, missing)


def repository_of(root: Path, name: str) -> tuple[Path, str]:
    """Find the work tree around a tree, and where in it the tree lies."""
    real = Path(os.path.realpath(root))
    problem = f"{name} is not a folder, and {root} is in no git repository whose revision it could be."
    top = Path(git(real, "rev-parse", "--show-toplevel", problem=problem))
    inside = os.path.relpath(real, top)
    return top, "" if inside == "." else inside


def git(folder: Path, *arguments: str, problem: str, limit: float | None = None, **environment: str) -> str:
    """Run git, for `limit` seconds at most, and say in words what failed.

    The repository that a hook of git names is not that of the tree.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_") or name.startswith("GIT_CONFIG_")}
    try:
        done = subprocess.run(  # noqa: S603 - no shell; what people name stands after --end-of-options, or is a commit
            ["git", "-C", str(folder), *arguments],  # noqa: S607 - the git of the path
            env={**kept, **environment}, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=limit,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise NoRevision(f"{problem} (git: took longer than {limit} s)") from None
    except OSError as error:
        raise NoRevision(f"{problem} (git: {error.strerror})") from None
    if done.returncode:
        said = done.stderr.strip().removeprefix("fatal: ").split("\n")[0]
        raise NoRevision(f"{problem} (git: {said})" if said else problem)
    return done.stdout.strip()
