"""The tree of files: a path in it → its text. Nothing outside the tree is ever read.

Nothing is watched and nothing kept here: each answer looks anew, through one `Snapshot`, so that an edit counts from the next
request on, and a tree that is swapped whole (as git-sync does it) is never seen half old, half new.
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from pipelines.errors import TreeUnavailable, Unusable, Vanished
from pipelines.tree.files import (
    NOT_THERE,
    SourceFile,
    Stamp,
    TreeFile,
    cannot_read,
    read_bytes,
    refuse_irregular,
    stamp_of,
    text_of,
)

NAMED_NEAR = 2000  # files looked at to find what a wrong path may have meant


class Tree:
    """The folder `projects/`, or the link to it."""

    def __init__(self, root: Path) -> None:
        self.root = str(root)

    @contextmanager
    def snapshot(self) -> Iterator["Snapshot"]:
        """Hold on to the folder that the root stands for at this moment.

        Raises:
            TreeUnavailable: there is none, or it may not be read.
        """
        folder = self.open_root()
        try:
            yield Snapshot(self.root, folder)
        finally:
            os.close(folder)

    def open_root(self, attempts: int = 3) -> int:
        """Open the root; try again where a link was swapped, and the folder it led to deleted, while the system followed it."""
        try:
            return os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            if error.errno == errno.ENOENT and attempts > 1:
                return self.open_root(attempts - 1)
            reasons = {errno.ENOENT: "does not exist", errno.ENOTDIR: "is not a folder"}
            reason = reasons.get(error.errno or 0, f"cannot be read: {error.strerror}")
            raise TreeUnavailable(f"The tree {self.root} (setting EDRONE_PROJECTS) {reason}.") from None

    def problem(self) -> str:
        """Return why the tree as a whole cannot be read; empty where it can."""
        try:
            with self.snapshot():
                return ""
        except TreeUnavailable as error:
            return str(error)


class LastChange(NamedTuple):
    """When what an answer was found in last changed, in nanoseconds as files tell it."""

    files: int
    folders: int  # below the root, in which something was missing; 0 where nothing was
    root: int  # of the root itself, where something was missing there; 0 where nothing was


class Snapshot:
    """The tree during one answer: one folder, held open, whatever happens to the link that led to it."""

    def __init__(self, root: str, folder: int) -> None:
        self.root, self.folder = root, folder  # path, and descriptor of the folder that it led to
        self.folders: dict[str, int] = {}  # path → mode of those that were looked at
        self.linked: dict[str, bool] = {}  # path of a folder → is it, or one above it, a link?
        self.searched: set[str] = set()  # folders where something was not found, or whose names were read
        self.newest = 0  # nanoseconds: the last change of a file or link that was looked at

    def last_change(self) -> LastChange | None:
        """Return when what was looked at last changed; None where the root leads to another folder by now.

        A folder changes when a file in it goes away or comes. It is looked at after the file was missed, so that there is no
        moment between the two in which the file could have come back unseen.
        """
        folders = max(map(self.folder_change, self.searched - {""}), default=0)
        root = self.folder_change("") if "" in self.searched else 0
        return LastChange(self.newest, folders, root) if self.is_current() else None

    def folder_change(self, folder: str) -> int:
        """Return the last change of a folder, or of the nearest above it that is there, or of a link on the way; nanoseconds."""
        links = 0
        if self.linked.get(folder):
            for above in parents(f"{folder}/"):
                with suppress(OSError):
                    links = max(links, os.lstat(above, dir_fd=self.folder).st_ctime_ns)
        while folder:
            try:
                return max(links, os.stat(folder, dir_fd=self.folder).st_ctime_ns)
            except OSError:
                folder = os.path.dirname(folder)
        return max(links, os.fstat(self.folder).st_ctime_ns)

    def note_missing(self, path: str) -> None:
        """Note in which folder something was not found; one that is not there itself was noted already."""
        folder = os.path.dirname(path)
        if self.folders.get(folder) != 0:
            self.searched.add(folder)

    def is_current(self) -> bool:
        """Return whether the root still leads to this folder."""
        try:
            return os.path.samestat(os.stat(self.root), os.fstat(self.folder))
        except OSError:
            return False

    def find(self, path: str) -> SourceFile | None:
        """Read the file at a path that ends in .yaml, or its twin that ends in .yml; None where neither is there.

        Raises:
            Unusable: something is there, but cannot serve.
            Vanished: it went away, or changed, while it was read.
        """
        file = self.either(path)
        return self.read(file) if file else None

    def either(self, path: str) -> TreeFile | None:
        """Find the file at a path that ends in .yaml, or its twin that ends in .yml."""
        twin = f"{path.removesuffix('.yaml')}.yml"
        state, twin_state = self.lstat(path), self.lstat(twin)
        if state and twin_state:
            raise Unusable(f"projects/{path}: {os.path.basename(twin)} is there too, and only one may be: delete one of them.")
        if state:
            return self.regular(path, state)
        if twin_state:
            return self.regular(twin, twin_state)
        if self.behind_link(path):  # one that leads astray must not look like a folder without this file
            self.without_links(os.path.dirname(path))
        self.note_missing(path)
        return None

    def file_at(self, path: str) -> TreeFile | None:
        """Find the file at a path; None where nothing is there."""
        if state := self.lstat(path):
            return self.regular(path, state)
        self.note_missing(path)
        return None

    def regular(self, path: str, state: os.stat_result) -> TreeFile:
        """Follow links as far as they stay inside the tree, and refuse what is not a regular file."""
        real = path
        if stat.S_ISLNK(state.st_mode) or self.behind_link(path):
            real = self.without_links(path)
            target = self.lstat(real)
            if not target:
                raise Vanished(path)
            state = target
        # Looked at before it is opened, since opening a device can have effects.
        refuse_irregular(path, state.st_mode)
        return TreeFile(path, real, stamp_of(path, state))

    def behind_link(self, path: str) -> bool:
        """Return whether one of the folders on the way to a path is a link."""
        folder = os.path.dirname(path)
        if folder not in self.linked:
            self.linked[folder] = any(stat.S_ISLNK(self.folder_mode(above)) for above in parents(path))
        return self.linked[folder]

    def unchanged(self, stamp: Stamp) -> bool:
        """Return whether a file is still as it was."""
        path = stamp.path
        try:
            state = self.lstat(path)
            if not state:
                return False
            if stat.S_ISREG(state.st_mode) and not self.behind_link(path):
                return stamp_of(path, state) == stamp
            return self.regular(path, state).stamp == stamp
        except Unusable:
            return False

    def lstat(self, path: str) -> os.stat_result | None:
        """Look at what is at a path, links not followed; None where nothing is there."""
        try:
            state = os.lstat(path, dir_fd=self.folder)
        except OSError as error:
            if error.errno in NOT_THERE:
                return None
            raise cannot_read(path, error) from None
        if state.st_ctime_ns > self.newest and not stat.S_ISDIR(state.st_mode):
            self.newest = state.st_ctime_ns
        return state

    def folder_mode(self, path: str) -> int:
        """Return the mode of what is at a path to a folder, links not followed; 0 where nothing is there."""
        if path not in self.folders:
            state = self.lstat(path)
            self.folders[path] = state.st_mode if state else 0
            if not state:
                self.note_missing(path)
        return self.folders[path]

    def read(self, file: TreeFile) -> SourceFile:
        """Read a file; errors as of `find`."""
        data, state = read_bytes(self.folder, file)
        self.newest = max(self.newest, state.st_ctime_ns)
        return SourceFile(file.path, text_of(file.path, data), stamp_of(file.path, state))

    def paths_near(self, path: str) -> list[str]:
        """Return some files of the tree: those in the folder that a path names, or the nearest above it, and the shared ones."""
        folder = os.path.dirname(path)
        while folder and not stat.S_ISDIR(self.folder_mode(folder)):
            folder = os.path.dirname(folder)
        return [*self.paths_in("_shared"), *self.paths_in(folder)]

    def paths_in(self, folder: str) -> list[str]:
        """Return the files in and below a folder, not more than some."""
        paths: list[str] = []
        with suppress(OSError):  # it went away meanwhile
            for parent, folders, names, _ in os.fwalk(folder or ".", dir_fd=self.folder):
                folders[:] = sorted(name for name in folders if not name.startswith("."))
                paths += [os.path.normpath(os.path.join(parent, name)) for name in sorted(names)]
                if len(paths) > NAMED_NEAR:
                    break
        return paths

    def names_in(self, folder: str) -> list[str]:
        """Return the names in a folder; none where it is not there. Errors as of `find`."""
        if not self.folder_mode(folder):
            return []
        self.searched.add(folder)
        real = self.without_links(folder) if self.behind_link(f"{folder}/") else folder
        try:
            descriptor = os.open(real, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=self.folder)
        except OSError as error:
            if error.errno == errno.ENOENT:
                raise Vanished(folder) from None
            raise cannot_read(folder, error) from None
        try:
            return os.listdir(descriptor)
        finally:
            os.close(descriptor)

    def without_links(self, path: str) -> str:
        """Follow the links in a path, as far as they stay inside the tree; return the path without them."""
        root = os.path.realpath(self.root)
        if not self.is_current():
            raise Vanished(path)
        real = os.path.realpath(os.path.join(root, path))
        if os.path.commonpath([root, real]) != root:
            raise Unusable(f"projects/{path}: is or lies behind a link that leaves the tree; only links inside it are followed.")
        inside = os.path.relpath(real, root)
        self.searched.add(os.path.dirname(inside))
        if not (state := self.lstat(inside)) or stat.S_ISLNK(state.st_mode):
            raise Unusable(f"projects/{path}: is or lies behind a link that leads nowhere.")
        return inside


def parents(path: str) -> Iterator[str]:
    """Yield every folder on the way to a path."""
    end = path.find("/")
    while end >= 0:
        yield path[:end]
        end = path.find("/", end + 1)
