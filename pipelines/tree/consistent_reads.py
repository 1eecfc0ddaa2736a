"""Was the tree being changed while an answer was looked up?

`git pull` in place, a copy, an editor: each has moments in which a file is missing, empty or half. Whatever changed a minute ago
or longer is believed at once. What changed since then is believed if git, whose work is over once it has renamed `index.lock` to
`index`, did nothing during the look, or if nothing changed for longer than clocks of file systems are coarse.
A swap of a link, as git-sync and `manage.py synctree` make it, needs none of this: the tree is whole before it is the tree.
"""

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from pipelines.errors import Unusable
from pipelines.tree.cache import now
from pipelines.tree.revision import git_of, swapped

LONG_AGO = 60_000_000_000  # nanoseconds: no checkout takes longer
QUIET = 100_000_000  # nanoseconds: more than a tick of the clock, and than a busy machine lets a writer wait for its turn
PATIENCE = 2.0  # seconds
PAUSE = 0.002  # seconds between two looks while git is at work


class Mark(NamedTuple):
    """One state of a file of git, or of the link by which the tree is swapped."""

    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int


class Marks(NamedTuple):
    """What tells that the tree was changed; None for what is not there."""

    git_lock: Mark | None  # there while git changes the files; made before the first is
    git_index: Mark | None  # another one after each change that git made; written after the last file is
    link: Mark | None  # made after the tree that it leads to


class Watch:
    """Judges each look for one answer, and ends them."""

    def __init__(self, root: str) -> None:
        """Nothing is looked at before something is in doubt."""
        self.root = root
        self.marks: Marks | None = None  # from before the look that is under way
        self.began = 0.0
        self.locked = False

    def held_still(self, since: int, changed: int) -> bool:
        """Can what a look found be believed? Pauses where it cannot, and another look now would be no better.

        Args:
            since: when the look began, in nanoseconds of the clock.
            changed: when what it found last changed, in nanoseconds as files tell it.
        """
        if since - changed >= LONG_AGO:
            return True
        before, after = self.marks, marks_of(self.root)
        self.marks = after
        self.locked = after.git_lock is not None and changed >= after.git_lock.mtime_ns
        if self.locked:  # all that is older than the lock is as it was before git began
            return self.pause(PAUSE)
        if before != after and (after.git_lock or after.git_index):
            return False
        if any(mark and changed <= mark.mtime_ns for mark in (after.git_index, after.link)):
            return True
        left = changed + QUIET - since
        clock_is_off = changed >= now() + QUIET
        return left <= 0 or clock_is_off or self.pause(min(left, QUIET) / 1_000_000_000)

    def pause(self, seconds: float) -> bool:
        """Wait; false, since the look that went before cannot be believed."""
        time.sleep(seconds)
        self.marks = marks_of(self.root)
        return False

    def go_on(self, vanished: str) -> None:
        """Allow another look, but not for ever.

        Args:
            vanished: path of a file that went away or changed during the last look, or empty.

        Raises:
            Unusable: the tree does not come to rest.
        """
        self.began = self.began or time.monotonic()
        if time.monotonic() - self.began < PATIENCE:
            if vanished:
                self.pause(PAUSE)
            return
        if vanished:
            raise Unusable(f"projects/{vanished}: goes away or changes whenever it is read; try again.")
        lock = f" (git is at work there, or {git_folder(self.root)}/index.lock was left behind)" if self.locked else ""
        raise Unusable(f"The tree {self.root} (setting EDRONE_PROJECTS) changes whenever it is read{lock}; try again.")


def marks_of(root: str) -> Marks:
    """Look at what tells of changes."""
    git, link = git_folder(root), swapped(Path(root))
    return Marks(
        mark_of(git / "index.lock") if git else None,
        mark_of(git / "index") if git else None,
        mark_of(link) if link else None,
    )


def git_folder(root: str) -> Path | None:
    """Find git's own folder of the work tree that the tree really lies in."""
    return git_of(Path(os.path.realpath(root)))


def mark_of(path: Path) -> Mark | None:
    """Look at one of them."""
    with suppress(OSError):
        found = os.lstat(path)
        return Mark(found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
    return None
