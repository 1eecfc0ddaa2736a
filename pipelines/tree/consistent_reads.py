"""Reads of the tree that see one state of it, even while it is changed in place.

`git pull` in place, a copy, an editor: each has moments in which a file is missing, empty or half. Whatever changed a minute ago
or longer is believed at once, and so is what git, whose work is over once it has renamed `index.lock` to `index`, had finished
before the read. Of the rest, a file of the branch itself is believed when nothing has changed for QUIET. An error, a default or
«no file» may only mean that the writer has to wait for its turn: it is believed when nothing (for a default: none of the folders
that were searched) has changed for REST, or when every quiet read for so long found the same.
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
from pipelines.tree.tree import LastChange, Snapshot, Tree

LONG_AGO = 60_000_000_000  # nanoseconds: no checkout takes longer
QUIET = 100_000_000  # nanoseconds: more than a tick of the clock
REST = 1_500_000_000  # nanoseconds: more than a busy machine lets a writer wait for its turn
PATIENCE = 2.5  # seconds for one answer
PAUSE = 0.002  # seconds between two reads while git is at work

DEFAULT = re.compile(r"(?:^|/)default\.ya?ml$")

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
        since, vanished, failure, result = now(), "", None, None
        with tree.snapshot() as snapshot:
            try:
                result = read(snapshot)
            except Vanished as error:
                vanished = str(error)
            except ConfigError as error:
                failure = error
            changed = None if vanished else snapshot.last_change()
        if changed is None:  # nothing that this read found counts
            retries.is_certain = False
        outcome = outcome_of(result, failure)
        if changed is not None and retries.was_consistent(since, changed, outcome):
            if failure:
                raise failure
            return result  # type: ignore[return-value]
        if retries.are_over():  # asked once: a busy machine lets time pass between two looks at the clock
            if retries.is_certain and not retries.locked:
                return result  # type: ignore[return-value]  # it was there, and was read whole
            raise retries.error(vanished)
        if vanished:
            retries.pause(PAUSE)


class ReadOutcome(NamedTuple):
    """What one read came to."""

    what: str  # the path of the file, or the error; empty for nothing, and for lists
    is_doubtful: bool  # an error, a default, nothing: so a moment of a tree that changes may look, too
    is_file: bool  # and neither an error nor nothing
    at_root: bool  # nothing, or a file of the root: the folder of the repository may be missing for a moment


def outcome_of(result: object, failure: ConfigError | None) -> ReadOutcome:
    if failure:
        return ReadOutcome(str(failure), is_doubtful=True, is_file=False, at_root=False)
    path = getattr(result, "path", "")
    nothing = result is None
    at_root = nothing or (bool(path) and "/" not in path)
    return ReadOutcome(path, is_doubtful=nothing or bool(DEFAULT.search(path)), is_file=bool(path), at_root=at_root)


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
        self.is_certain = False  # that the last read found the right file: no moment of a tree that changes could give another
        self.outcome: ReadOutcome | None = None  # by the last quiet read
        self.outcome_since = 0  # nanoseconds: when the first of the quiet reads in a row that found it began

    def was_consistent(self, since: int, changed: LastChange, outcome: ReadOutcome) -> bool:
        """Return whether a read can be believed. Pauses where it cannot, and another read now would be no better.

        Args:
            since: when the read began, in nanoseconds of the clock.
            changed: when what was looked at last changed.
            outcome: what it came to.
        """
        newest = max(changed)
        if since - newest >= LONG_AGO:
            return True
        # A default in folders at rest is one, whenever its own text was changed.
        rested = since - max(changed.folders, changed.root) >= REST
        self.is_certain = not outcome.is_doubtful or (outcome.is_file and rested)
        before, after = self.state, state_of(self.root)
        self.state = after
        self.locked = after.git_lock is not None and newest >= after.git_lock.mtime_ns
        if self.locked:  # all that is older than the lock is as it was before git began
            return self.pause(PAUSE)
        if before != after and (after.git_lock or after.git_index):
            return False
        # The root has often been searched for nothing but a nearer folder of this repository, and changes with those of others.
        nearest = newest if outcome.at_root else max(changed.files, changed.folders)
        clock_is_off = nearest >= now() + QUIET
        if clock_is_off or any(file and newest <= file.mtime_ns for file in (after.git_index, after.link)):
            return True
        if since - nearest < QUIET:
            return self.pause((nearest + QUIET - since) / 1_000_000_000)
        if self.outcome != outcome:
            self.outcome, self.outcome_since = outcome, since
        same_for = since - self.outcome_since
        unchanged = min(since - nearest, max(since - newest, same_for))
        left = (QUIET if self.is_certain else REST) - unchanged
        return left <= 0 or same_for >= REST or self.pause(min(left, QUIET) / 1_000_000_000)

    def pause(self, seconds: float) -> bool:
        """Wait; return False, since the read that went before cannot be believed."""
        time.sleep(seconds)
        self.state = state_of(self.root)
        return False

    def are_over(self) -> bool:
        """Return whether no other read follows one that could not be believed; the first such one begins the time for them."""
        self.began = self.began or time.monotonic()
        return time.monotonic() - self.began >= PATIENCE

    def error(self, vanished: str) -> Unusable:
        """Return the error that the tree does not come to rest.

        Args:
            vanished: path of a file that went away or changed during the last read, or empty.
        """
        if vanished:
            return Unusable(f"projects/{vanished}: goes away or changes whenever it is read; try again.")
        lock = f" (git is at work there, or {git_folder(self.root)}/index.lock was left behind)" if self.locked else ""
        return Unusable(f"The tree {self.root} (setting EDRONE_PROJECTS) changes whenever it is read{lock}; try again.")


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
