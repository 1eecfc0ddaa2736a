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

from pipelines.compare.revision import NoRevision, git, write_files
from pipelines.errors import ConfigError
from pipelines.importing.clones import without_password

FETCHED = "refs/synced"
KEPT = 3600  # seconds that a folder is kept after it was replaced, for commands that still read it
LIMIT = 600  # seconds for git to fetch
BRANCH = re.compile(r"[^\s:+^~?*\[\\-][^\s:^~?*\[\\]*")
ADDRESS = re.compile(r"\w[\w+.-]*://[^\s']+")
# How git signs in is for the caller to say. It never asks: nobody sits before a timer.
PASSED_ON = ("GIT_SSH", "GIT_SSH_COMMAND", "GIT_SSL_CAINFO")
NEVER_ASK = {"GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "", "LC_ALL": "C"}


class NotSynced(ConfigError):
    """The tree stays as it was."""


@dataclass(frozen=True)
class Synced:
    """What the tree is now, and was before."""

    commit: str
    before: str  # name of the folder that the link led to; empty where there was no link
    swapped: bool


def sync(link: Path, remote: str, branch: str = "HEAD", folder: str = "") -> Synced:
    """Bring the tree to the newest commit of a branch.

    Args:
        link: the tree (EDRONE_PROJECTS); made where it is not there.
        remote: an address, or the folder of a clone.
        branch: or a tag; HEAD is the default branch.
        folder: of the repository, which becomes the tree; empty: all of it.

    Raises:
        NotSynced: the tree is as it was; the message says why.
    """
    if os.path.lexists(link) and not link.is_symlink():
        raise NotSynced(f"{link} (setting EDRONE_PROJECTS) is no link, so it cannot be swapped: move it away and run this again.")
    if not BRANCH.fullmatch(branch):
        raise NotSynced(f"--branch {branch!r} is not the name of a branch or tag.")
    folder = os.path.normpath(f"/{folder}").strip("/")
    store = link.parent / f".{link.name}.synced"
    try:
        store.mkdir(parents=True, exist_ok=True)
        with alone(store):
            commit = fetched(store, remote, branch)
            # Another folder of the same commit is another tree.
            place, before = store / quote(f"root/{folder}".rstrip("/"), safe="") / commit, led_to(link)
            if before != place:
                if not place.exists():
                    write(store, commit, folder, place)
                swap(link, place, before)
            remove_replaced(store, place)
    except OSError as error:
        raise NotSynced(f"{error.filename or store}: {error.strerror}.") from None
    return Synced(commit, before.name if before else "", before != place)


@contextmanager
def alone(store: Path) -> Iterator[None]:
    """Keep others out; the system lets go when the process ends, however it does."""
    with (store / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise NotSynced(f"Another synctree is at work in {store}.") from None
        yield


def fetched(store: Path, remote: str, branch: str) -> str:
    """Fetch the newest commit of a branch, and nothing older; give its name."""
    repository = store / "git"
    address = os.path.abspath(remote) if os.path.isdir(remote) else remote  # git runs in another folder
    shown = without_password(address)
    passed_on = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    try:
        if not (repository / "HEAD").exists():
            git(store, "init", "--quiet", "--bare", "git", problem=f"{repository} cannot be made.")
        git(
            repository, "-c", "gc.autoDetach=false", "fetch", "--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules",
            "--end-of-options", address, f"+{branch}:{FETCHED}",
            problem=f"{branch} of {shown} cannot be fetched.", limit=LIMIT, **NEVER_ASK, **passed_on,
        )  # fmt: skip
        return git(repository, "rev-parse", "--verify", f"{FETCHED}^{{commit}}", problem=f"{branch} of {shown} is no commit.")
    except NoRevision as error:
        said = str(error).replace(address, shown)
        raise NotSynced(ADDRESS.sub(lambda found: without_password(found[0]), said)) from None  # git writes it in other ways too


def write(store: Path, commit: str, folder: str, place: Path) -> None:
    """Write the files of a commit into a folder that has its name only once they all are on the disk."""
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
    except NoRevision as error:
        raise NotSynced(str(error)) from None
    os.sync()
    place.parent.mkdir(exist_ok=True)
    partial.rename(place)


def led_to(link: Path) -> Path | None:
    """Give the folder that the link leads to, if there is a link."""
    try:
        return link.parent / os.readlink(link)
    except FileNotFoundError:
        return None


def swap(link: Path, place: Path, before: Path | None) -> None:
    """Let the link lead to a folder, in one step."""
    store = link.parent / f".{link.name}.synced"
    new = store / "link"
    new.unlink(missing_ok=True)
    new.symlink_to(place.relative_to(link.parent))
    new.replace(link)
    if before and before.is_relative_to(store):
        with suppress(FileNotFoundError):
            os.utime(before)  # from now on it is kept for a while


def remove_replaced(store: Path, current: Path) -> None:
    """Delete the folders that were replaced long enough ago."""
    for place in store.glob("*/" + "[0-9a-f]" * 40 + "*"):
        if place != current and place.stat().st_mtime < time.time() - KEPT:
            shutil.rmtree(place)
