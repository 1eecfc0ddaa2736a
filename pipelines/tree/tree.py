"""The tree of files: a path in it → its text. Nothing outside the tree is ever read.

Nothing is watched and nothing kept here: each answer looks anew, through one `Snapshot`, so that an edit counts from the next
request on, and a tree that is swapped whole (as git-sync does it) is never seen half old, half new.
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from pipelines.errors import TreeUnavailable, Unusable, Vanished

LARGEST_FILE = 1024 * 1024  # bytes
NOT_THERE = {errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG}
NAMED_NEAR = 2000  # files looked at to find what a wrong path may have meant


class Stamp(NamedTuple):
    """What changes whenever a file does: an equal stamp means an equal text."""

    path: str  # from the root of the tree, with slashes
    mtime_ns: int
    size: int  # bytes
    inode: int
    device: int
    ctime_ns: int  # set by the system alone, so neither `touch` nor moving a file out of the tree and linking it hides a change


@dataclass(frozen=True)
class Spot:
    """A regular file of the tree that was not read yet."""

    path: str  # from the root of the tree, with slashes
    real: str  # the same without links
    stamp: Stamp


@dataclass(frozen=True)
class Source:
    """A file of the tree as it was read."""

    path: str  # from the root of the tree, with slashes
    text: str
    stamp: Stamp  # of what was read


class Tree:
    """The folder `projects/`, or the link to it."""

    def __init__(self, root: Path) -> None:
        """Nothing is read yet: the tree may come, go and be swapped at any time."""
        self.root = str(root)

    @contextmanager
    def snapshot(self) -> Iterator["Snapshot"]:
        """Hold on to the folder that the root stands for at this moment.

        Raises:
            TreeUnavailable: there is none, or it may not be read.
        """
        folder = self.opened()
        try:
            yield Snapshot(self.root, folder)
        finally:
            os.close(folder)

    def opened(self, attempts: int = 3) -> int:
        """Open the root: again where a link was swapped, and the folder it led to deleted, while the system followed it."""
        try:
            return os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            if error.errno == errno.ENOENT and attempts > 1:
                return self.opened(attempts - 1)
            raise TreeUnavailable(self.describe(error)) from None

    def problem(self) -> str:
        """Say why the tree as a whole cannot be read; empty where it can."""
        try:
            with self.snapshot():
                return ""
        except TreeUnavailable as error:
            return str(error)

    def describe(self, error: OSError) -> str:
        """Say what is wrong with the root."""
        reasons = {errno.ENOENT: "does not exist", errno.ENOTDIR: "is not a folder"}
        reason = reasons.get(error.errno or 0, f"cannot be read: {error.strerror}")
        return f"The tree {self.root} (setting EDRONE_PROJECTS) {reason}."


class Snapshot:
    """The tree during one answer: one folder, held open, whatever happens to the link that led to it."""

    def __init__(self, root: str, folder: int) -> None:
        """Take the path of the root and the descriptor of the folder that it led to."""
        self.root, self.folder = root, folder
        self.folders: dict[str, int] = {}  # path → mode of those that were looked at
        self.linked: dict[str, bool] = {}  # path of a folder → is it, or one above it, a link?
        self.searched: set[str] = set()  # folders where something was not found, or whose names were read
        self.newest = 0  # nanoseconds: the last change of a file or link that was looked at

    def last_change(self) -> int | None:
        """Tell when what was looked at last changed, in nanoseconds; None where the root leads to another folder by now.

        A folder changes when a file in it goes away or comes. It is looked at after the file was missed, so that there is no
        moment between the two in which the file could have come back unseen.
        """
        newest, held = self.newest, os.fstat(self.folder)
        for folder in self.searched:
            changed = self.changed(folder) if folder else held.st_ctime_ns
            newest = max(newest, changed)
        try:
            return newest if os.path.samestat(os.stat(self.root), held) else None
        except OSError:
            return None

    def changed(self, folder: str) -> int:
        """Give the time of the last change of a folder, or of the nearest above it that is there, or of a link on the way."""
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

    def not_found(self, path: str) -> None:
        """Note in which folder something was not found; one that is not there itself was noted already."""
        folder = os.path.dirname(path)
        if self.folders.get(folder) != 0:
            self.searched.add(folder)

    def is_current(self) -> bool:
        """Does the root still lead to this folder?"""
        try:
            return os.path.samestat(os.stat(self.root), os.fstat(self.folder))
        except OSError:
            return False

    def find(self, path: str) -> Source | None:
        """Read the file at a path that ends in .yaml, or its twin that ends in .yml; None where neither is there.

        Raises:
            Unusable: something is there, but cannot serve.
            Vanished: it went away, or changed, while it was read.
        """
        spot = self.either(path)
        return self.read(spot) if spot else None

    def either(self, path: str) -> Spot | None:
        """Find the file at a path that ends in .yaml, or its twin that ends in .yml."""
        twin = f"{path.removesuffix('.yaml')}.yml"
        found, found_twin = self.lstat(path), self.lstat(twin)
        if found and found_twin:
            raise Unusable(f"projects/{path}: {os.path.basename(twin)} is there too, and only one may be: delete one of them.")
        if found:
            return self.regular(path, found)
        if found_twin:
            return self.regular(twin, found_twin)
        if self.behind_link(path):  # one that leads astray must not look like a folder without this file
            self.without_links(os.path.dirname(path))
        self.not_found(path)
        return None

    def spot(self, path: str) -> Spot | None:
        """Find the file at a path; None where nothing is there."""
        if found := self.lstat(path):
            return self.regular(path, found)
        self.not_found(path)
        return None

    def regular(self, path: str, found: os.stat_result) -> Spot:
        """Follow links as far as they stay inside the tree, and refuse what is not a regular file."""
        real = path
        if stat.S_ISLNK(found.st_mode) or self.behind_link(path):
            real = self.without_links(path)
            target = self.lstat(real)
            if not target:
                raise Vanished(path)
            found = target
        # Looked at before it is opened, since opening a device can have effects.
        refuse_irregular(path, found.st_mode)
        return Spot(path, real, stamp(path, found))

    def behind_link(self, path: str) -> bool:
        """Is one of the folders on the way to a path a link?"""
        folder = os.path.dirname(path)
        if folder not in self.linked:
            self.linked[folder] = any(stat.S_ISLNK(self.folder_mode(above)) for above in parents(path))
        return self.linked[folder]

    def unchanged(self, then: Stamp) -> bool:
        """Is a file still as it was?"""
        try:
            found = self.lstat(then.path)
            if not found:
                return False
            if stat.S_ISREG(found.st_mode) and not self.behind_link(then.path):
                return stamp(then.path, found) == then
            return self.regular(then.path, found).stamp == then
        except Unusable:
            return False

    def lstat(self, path: str) -> os.stat_result | None:
        """Look at what is at a path, links not followed; None where nothing is there."""
        try:
            found = os.lstat(path, dir_fd=self.folder)
        except OSError as error:
            if error.errno in NOT_THERE:
                return None
            raise cannot_read(path, error) from None
        if found.st_ctime_ns > self.newest and not stat.S_ISDIR(found.st_mode):
            self.newest = found.st_ctime_ns
        return found

    def folder_mode(self, path: str) -> int:
        """Give the kind of what is at a path to a folder, links not followed; 0 where nothing is there."""
        if path not in self.folders:
            found = self.lstat(path)
            self.folders[path] = found.st_mode if found else 0
            if not found:
                self.not_found(path)
        return self.folders[path]

    def read(self, spot: Spot) -> Source:
        """Read one file of the tree, whole or not at all.

        Raises:
            Unusable: it cannot serve; the message says why.
            Vanished: it went away, or changed, while it was read.
        """
        path = spot.path
        try:
            data, read = self.read_bytes(path, spot.real)
        except OSError as error:
            if error.errno in NOT_THERE:
                raise Vanished(path) from None
            raise cannot_read(path, error) from None
        self.newest = max(self.newest, read.st_ctime_ns)
        try:
            text = data.decode()
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise Unusable(f"projects/{path}:{line}: is not UTF-8 text (byte {data[error.start]:#04x}).") from None
        if not text.strip("\ufeff \t\r\n"):
            raise Unusable(f"projects/{path}: is empty. Delete it, or write a pipeline or `kind: repository` into it.")
        return Source(path, text, stamp(path, read))

    def paths_near(self, path: str) -> list[str]:
        """Name some files of the tree: those in the folder that a path names, or the nearest above it, and the shared ones."""
        folder = os.path.dirname(path)
        while folder and not stat.S_ISDIR(self.folder_mode(folder)):
            folder = os.path.dirname(folder)
        return [*self.paths_in("_shared"), *self.paths_in(folder)]

    def paths_in(self, folder: str) -> list[str]:
        """Name the files in and below a folder, not more than some."""
        found: list[str] = []
        try:
            for parent, folders, names, _ in os.fwalk(folder or ".", dir_fd=self.folder):
                folders[:] = sorted(name for name in folders if not name.startswith("."))
                found += [os.path.normpath(os.path.join(parent, name)) for name in sorted(names)]
                if len(found) > NAMED_NEAR:
                    break
        except OSError:  # it went away meanwhile
            return found
        return found

    def names_in(self, folder: str) -> list[str]:
        """Name what is in a folder; nothing where there is none. Raises as `find` does."""
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
        """Follow the links in a path, as far as they stay inside the tree."""
        root = os.path.realpath(self.root)
        if not self.is_current():
            raise Vanished(path)
        real = os.path.realpath(os.path.join(root, path))
        if os.path.commonpath([root, real]) != root:
            raise Unusable(f"projects/{path}: is or lies behind a link that leaves the tree; only links inside it are followed.")
        inside = os.path.relpath(real, root)
        self.searched.add(os.path.dirname(inside))
        if not (found := self.lstat(inside)) or stat.S_ISLNK(found.st_mode):
            raise Unusable(f"projects/{path}: is or lies behind a link that leads nowhere.")
        return inside

    def read_bytes(self, path: str, real: str) -> tuple[bytes, os.stat_result]:
        """Read a regular file, and what it was then; `path` is its name in messages, `real` the same without links."""
        # Not blocking: a pipe may have taken the file's place meanwhile.
        descriptor = os.open(real, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=self.folder)
        try:
            before = os.fstat(descriptor)
            refuse_irregular(path, before.st_mode)
            data = os.read(descriptor, min(before.st_size, LARGEST_FILE) + 1)
            after = os.fstat(descriptor)
        finally:
            os.close(descriptor)
        if len(data) > LARGEST_FILE:
            raise Unusable(f"projects/{path}: is larger than {LARGEST_FILE} bytes, which no pipeline needs.")
        if (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, after.st_size) or len(data) != after.st_size:
            raise Vanished(path)
        return data, after


def stamp(path: str, found: os.stat_result) -> Stamp:
    """Take what tells one state of a file from another."""
    return Stamp(path, found.st_mtime_ns, found.st_size, found.st_ino, found.st_dev, found.st_ctime_ns)


def parents(path: str) -> Iterator[str]:
    """Give every folder on the way to a path."""
    end = path.find("/")
    while end >= 0:
        yield path[:end]
        end = path.find("/", end + 1)


def refuse_irregular(path: str, mode: int) -> None:
    """Refuse what is not a regular file."""
    if stat.S_ISDIR(mode):
        raise Unusable(f"projects/{path}: is a folder, and a file is needed.")
    if not stat.S_ISREG(mode):
        raise Unusable(f"projects/{path}: is a device, socket or pipe, and a regular file is needed.")


def cannot_read(path: str, error: OSError) -> Unusable:
    """Say that the operating system refused."""
    return Unusable(f"projects/{path}: cannot be read: {error.strerror}.")
