"""A git revision → a folder with the tree as it was. Nothing of the repository is changed: no checkout, index or stash."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from pipelines.errors import ConfigError
from pipelines.git import GitError, git, write_files


class NoTreeInRevision(ConfigError):
    """The revision is there, and has no folder of the tree."""


@contextmanager
def tree_before(name: str, root: Path) -> Iterator[tuple[Path, str]]:
    """Yield the tree to compare with, as `tree_at`, and a remark: where the revision has no tree yet, an empty one is used."""
    with ExitStack() as stack:
        try:
            yield stack.enter_context(tree_at(name, root)), ""
        except NoTreeInRevision as error:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="edrone-"))
            yield Path(folder), f"{error} It is compared with an empty tree."


@contextmanager
def tree_at(name: str, root: Path) -> Iterator[Path]:
    """Yield a tree by its folder, or by a revision of the repository that holds `root`.

    Raises:
        GitError: `name` is neither a folder nor a revision.
        NoTreeInRevision: the revision has no such folder.
    """
    if os.path.isdir(name):
        yield Path(name)
        return
    repository, inside = repository_of(root, name)
    verify = partial(git, repository, "rev-parse", "--verify", "--quiet", "--end-of-options")
    problem = f"{name} is neither a folder nor a revision of {repository}"
    shallow = git(repository, "rev-parse", "--is-shallow-repository", problem=problem) == "true"
    problem += ", of which only the newest commits were cloned; fetch more." if shallow else "."
    # In two steps: what stands behind `:/text` is part of the text.
    commit = verify(f"{verify(name, problem=problem)}^{{commit}}", problem=problem)
    try:
        verify(f"{commit}:{inside}")
    except GitError:
        raise NoTreeInRevision(f"{name} has no folder {inside or '.'}.") from None
    with tempfile.TemporaryDirectory(prefix="edrone-") as folder:
        write_files(repository, inside, commit, Path(folder), f"{name} cannot be read.")
        yield Path(folder)


def repository_of(root: Path, name: str) -> tuple[Path, str]:
    """Return the work tree around a tree, and where in it the tree lies; empty for its root."""
    real = Path(os.path.realpath(root))
    problem = f"{name} is not a folder, and {root} is in no git repository whose revision it could be."
    repository = Path(git(real, "rev-parse", "--show-toplevel", problem=problem))
    inside = os.path.relpath(real, repository)
    return repository, "" if inside == "." else inside
