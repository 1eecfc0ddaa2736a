"""Reads of the tree that see one state of it, even while it is changed in place.

`git pull` in place, a copy, an editor: each has moments in which a file is missing, empty or half. Whatever changed a minute ago
or longer is believed at once. What changed since then is believed if git, whose work is over once it has renamed `index.lock` to
`index`, did nothing during the read, or if nothing changed for longer than clocks of file systems are coarse.
A swap of a link, as git-sync and `manage.py synctree` make it, needs none of this: the tree is whole before it is the tree.
"""

import os
import re
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, TypeVar

from pipelines.errors import ConfigError, Unusable, Vanished
from pipelines.tree.cache import now
from pipelines.tree.revision import git_of, swapped
from pipelines.tree.tree import Snapshot, Tree

LONG_AGO = 60_000_000_000  # nanoseconds: no checkout takes longer
QUIET = 100_000_000  # nanoseconds: more than a tick of the clock, and than a busy machine lets a writer wait for its turn
PATIENCE = 2.0  # seconds
PAUSE = 0.002  # seconds between two reads while git is at work

OWN_FILE = re.compile(r"(?:^|/)(?!default\.ya?ml$)[^/]+$")  # a branch's or an operation's, and no default

Result = TypeVar("Result")


def read_consistently(tree: Tree, read: Callable[[Snapshot], Result]) -> Result:
    """Return what `read` finds in one state of the tree.

    While the tree is changed in place, what is missing, empty or wrong proves nothing, nor does it in a tree that was swapped
    meanwhile, whose files are being deleted: then everything is read again.

    Raises:
        ConfigError: as `read` does; Unusable where the tree does not come to rest.
    """
    retries = Retries(tree.root)
    while True:
        since, vanished, failure = now(), "", None
        with tree.snapshot() as snapshot:
            try:
                result = read(snapshot)
            except Vanished as error:
                vanished = str(error)
            except ConfigError as error:
                failure = error
            changed = None if vanished else snapshot.last_change()
        if changed is not None and retries.was_consistent(since, changed):
            if failure:
                raise failure
            return result
        if not (vanished or failure or retries.locked) and retries.are_over() and is_own_file(result):
            return result  # it was there, and was read whole; a default would only prove that something else was not
        retries.allow_another(vanished)


def is_own_file(result: object) -> bool:
    return bool(OWN_FILE.search(getattr(result, "path", "")))


class FileState(NamedTuple):
    """One state of a file of git, or of the link by which the tree is swapped."""

    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int


class TreeState(NamedTuple):
    """The files that change whenever the tree does; None for what is not there."""

    git_lock: FileState | None  # there while git changes the files; made before the first is
    git_index: FileState | None  # another one after each change that git made; written after the last file is
    link: FileState | None  # made after the tree that it leads to


class Retries:
    """Judges each read of the tree for one answer, and limits their number."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.state: TreeState | None = None  # from before the read that is under way; None before anything was in doubt
        self.began = 0.0
        self.locked = False

    def was_consistent(self, since: int, changed: int) -> bool:
        """Return whether a read can be believed. Pauses where it cannot, and another read now would be no better.

        Args:
            since: when the read began, in nanoseconds of the clock.
            changed: when what it found last changed, in nanoseconds as files tell it.
        """
        if since - changed >= LONG_AGO:
            return True
        before, after = self.state, state_of(self.root)
        self.state = after
        self.locked = after.git_lock is not None and changed >= after.git_lock.mtime_ns
        if self.locked:  # all that is older than the lock is as it was before git began
            return self.pause(PAUSE)
        if before != after and (after.git_lock or after.git_index):
            return False
        if any(file and changed <= file.mtime_ns for file in (after.git_index, after.link)):
            return True
        # A tree that is edited all the time, by renames of whole files, is never QUIET. Since a file is missing or half for far
        # less than that, a third of it is enough after half of the patience.
        waited = time.monotonic() - self.began if self.began else 0.0
        quiet = QUIET if waited < PATIENCE / 2 else QUIET // 3
        left = changed + quiet - since
        clock_is_off = changed >= now() + QUIET
        return left <= 0 or clock_is_off or self.pause(min(left, quiet) / 1_000_000_000)

    def pause(self, seconds: float) -> bool:
        """Wait; return False, since the read that went before cannot be believed."""
        time.sleep(seconds)
        self.state = state_of(self.root)
        return False

    def are_over(self) -> bool:
        return bool(self.began) and time.monotonic() - self.began >= PATIENCE

    def allow_another(self, vanished: str) -> None:
        """Allow another read, but not for ever.

        Args:
            vanished: path of a file that went away or changed during the last read, or empty.

        Raises:
            Unusable: the tree does not come to rest.
        """
        self.began = self.began or time.monotonic()
        if not self.are_over():
            if vanished:
                self.pause(PAUSE)
            return
        if vanished:
            raise Unusable(f"projects/{vanished}: goes away or changes whenever it is read; try again.")
        lock = f" (git is at work there, or {git_folder(self.root)}/index.lock was left behind)" if self.locked else ""
        raise Unusable(f"The tree {self.root} (setting EDRONE_PROJECTS) changes whenever it is read{lock}; try again.")


def state_of(root: str) -> TreeState:
    git, link = git_folder(root), swapped(Path(root))
    return TreeState(
        file_state(git / "index.lock") if git else None,
        file_state(git / "index") if git else None,
        file_state(link) if link else None,
    )


def git_folder(root: str) -> Path | None:
    """Find git's own folder of the work tree that the tree really lies in."""
    return git_of(Path(os.path.realpath(root)))


def file_state(path: Path) -> FileState | None:
    with suppress(OSError):
        stat = os.lstat(path)
        return FileState(stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)
    return None
