"""A branch of a git repository → the tree: written whole into a folder of its own, then swapped in by a link, as git-sync does.

Beside the link EDRONE_PROJECTS lies a folder `.NAME.synced` with git's objects and one folder a commit. The link changes last and
in one step, so each answer comes from one commit, and whatever fails before leaves the tree as it was.
"""

import fcntl
import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from pipelines.errors import ConfigError
from pipelines.git import GitError, git, without_credentials, write_files

FETCHED = "refs/synced"
KEPT = 3600  # seconds that a folder is kept after it was replaced, for commands that still read it
BRANCH = re.compile(r"[^\s:+^~?*\[\\-][^\s:^~?*\[\\]*")


class NotSynced(ConfigError):
    """The tree stays as it was, for the reason in the message."""


@dataclass(frozen=True)
class Synced:
    commit: str
    before: str  # name of the folder that the link pointed to; empty where there was no link
    changed: bool  # False: the tree was at this commit already


def sync(link: Path, remote: str, branch: str = "HEAD", folder: str = "") -> Synced:
    """Update the tree to the newest commit of a branch.

    Args:
        link: the tree (EDRONE_PROJECTS); created if it does not exist.
        remote: an address, or the folder of a clone.
        branch: or a tag; HEAD is the default branch.
        folder: of the repository, which becomes the tree; empty for all of it.

    Raises:
        NotSynced: nothing was changed.
    """
    if os.path.lexists(link) and not link.is_symlink():
        raise NotSynced(f"{link} (setting EDRONE_PROJECTS) is no link, so it cannot be swapped: move it away and run this again.")
    if not BRANCH.fullmatch(branch):
        raise NotSynced(f"--branch {branch!r} is not the name of a branch or tag.")
    folder = os.path.normpath(f"/{folder}").strip("/")
    store = link.parent / f".{link.name}.synced"
    try:
        store.mkdir(parents=True, exist_ok=True)
        with locked(store), cleared_after_failure(store):
            commit = fetch(store, remote, branch)
            # Another folder of the same commit is another tree.
            tree, before = store / quote(f"root/{folder}".rstrip("/"), safe="") / commit, target_of(link)
            if missing := not tree.exists():
                write(store, commit, folder, tree)
            if before != tree:
                swap(link, tree, before)
            remove_replaced(store, tree)
    except OSError as error:
        raise NotSynced(f"{error.filename or store}: {error.strerror}.") from None
    return Synced(commit, before.name if before else "", missing or before != tree)


@contextmanager
def locked(store: Path) -> Iterator[None]:
    """Refuse a second run; the system releases the lock when the process ends, however it does."""
    with (store / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise NotSynced(f"Another synctree is at work in {store}.") from None
        yield


@contextmanager
def cleared_after_failure(store: Path) -> Iterator[None]:
    """Leave nothing that could make the next run fail too: git's locks, broken objects, files that fill the disk."""
    try:
        yield
    except (OSError, NotSynced):
        for name in ("git", "partial"):
            shutil.rmtree(store / name, ignore_errors=True)
        raise


def fetch(store: Path, remote: str, branch: str) -> str:
    """Fetch the newest commit of a branch, without its history, and return its name."""
    repository = store / "git"
    address = os.path.abspath(remote) if os.path.isdir(remote) else remote  # git runs in another folder
    shown = without_credentials(address)
    try:
        if not (repository / "HEAD").exists():
            git(store, "init", "--quiet", "--bare", "git", problem=f"{repository} cannot be made.")
        git(
            repository, "-c", "gc.autoDetach=false", "fetch", "--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules",
            "--end-of-options", address, f"+{branch}:{FETCHED}", problem=f"{branch} of {shown} cannot be fetched.",
        )  # fmt: skip
        return git(repository, "rev-parse", "--verify", f"{FETCHED}^{{commit}}", problem=f"{branch} of {shown} is no commit.")
    except GitError as error:
        raise NotSynced(str(error).replace(address, shown)) from None  # me:secret@host:path, which looks like no address


def write(store: Path, commit: str, folder: str, tree: Path) -> None:
    """Write the files of a commit into a folder that gets its name only once they are all on the disk."""
    partial = store / "partial"
    with suppress(FileNotFoundError):  # of a run that was killed
        shutil.rmtree(partial)
    partial.mkdir()
    inside, repository = folder or "its root", store / "git"
    try:
        entries = git(repository, "ls-tree", "-r", f"{commit}:{folder}", problem=f"{commit} has no folder {inside}.")
        if not entries:
            raise NotSynced(f"{commit} has no files in {inside}.")
        if re.search("^160000 ", entries, re.MULTILINE):
            raise NotSynced(f"{commit} has submodules in {inside}, which synctree does not fetch: use git-sync.")
        write_files(repository, folder, commit, partial, f"{commit} cannot be written.")
    except GitError as error:
        raise NotSynced(str(error)) from None
    os.sync()
    tree.parent.mkdir(exist_ok=True)
    partial.rename(tree)


def target_of(link: Path) -> Path | None:
    try:
        return link.parent / os.readlink(link)
    except FileNotFoundError:
        return None


def swap(link: Path, tree: Path, before: Path | None) -> None:
    """Point the link to another folder, in one step."""
    store = link.parent / f".{link.name}.synced"
    new = store / "link"
    new.unlink(missing_ok=True)
    new.symlink_to(tree.relative_to(link.parent))
    new.replace(link)
    if before and before.is_relative_to(store):
        with suppress(FileNotFoundError):
            os.utime(before)  # the hour for which it is kept begins now


def remove_replaced(store: Path, current: Path) -> None:
    """Delete the folders that were replaced more than KEPT seconds ago."""
    for tree in store.glob("*/" + "[0-9a-f]" * 40 + "*"):
        if tree != current and tree.stat().st_mtime < time.time() - KEPT:
            shutil.rmtree(tree)
