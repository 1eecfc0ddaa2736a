"""The tree of files: a path in it → its text. Nothing outside the tree is ever read.

Nothing is watched and nothing kept: each answer looks anew, through one `Snapshot`, so that an edit counts from the next
request on, and a tree that is swapped whole (as git-sync does it) is never seen half old, half new.
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from configs.errors import TreeUnavailable, Unusable, Vanished

LARGEST_FILE = 1024 * 1024  # bytes
NOT_THERE = {errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG}


@dataclass(frozen=True)
class Source:
    """A file of the tree as it was read."""

    path: str  # from the root of the tree, with slashes
    text: str


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
        try:
            folder = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise TreeUnavailable(self.describe(error)) from None
        try:
            yield Snapshot(self.root, folder)
        finally:
            os.close(folder)

    def problem(self) -> str:
        """Say why the tree as a whole cannot be read; empty where it can."""
        try:
            with os.scandir(self.root):
                return ""
        except OSError as error:
            return self.describe(error)

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

    def is_current(self) -> bool:
        """Does the root still lead to this folder?"""
        try:
            return os.path.samestat(os.stat(self.root), os.fstat(self.folder))
        except OSError:
            return False

    def find(self, path: str) -> Source | None:
        """Read the file at a path that ends in .yaml, or its twin that ends in .yml.

        Returns:
            None where neither is there.

        Raises:
            Unusable: something is there, but cannot serve.
            Vanished: it went away, or changed, while it was read.
        """
        twin = f"{path.removesuffix('.yaml')}.yml"
        mode, twin_mode = self.mode(path), self.mode(twin)
        if mode and twin_mode:
            raise Unusable(f"projects/{path}: {os.path.basename(twin)} is there too, and only one may be: delete one of them.")
        if mode:
            return self.read(path, mode)
        return self.read(twin, twin_mode) if twin_mode else None

    def mode(self, path: str) -> int:
        """Give the kind and permissions of what is at a path, links not followed; 0 where nothing is there."""
        try:
            return os.lstat(path, dir_fd=self.folder).st_mode
        except OSError as error:
            if error.errno in NOT_THERE:
                return 0
            raise cannot_read(path, error) from None

    def read(self, path: str, mode: int) -> Source:
        """Read one file of the tree, whole or not at all.

        Args:
            path: from the root of the tree.
            mode: as `mode` gave it.

        Raises:
            Unusable: it cannot serve; the message says why.
            Vanished: it went away, or changed, while it was read.
        """
        try:
            real = path
            if stat.S_ISLNK(mode) or any(stat.S_ISLNK(self.mode(folder)) for folder in parents(path)):
                real = self.without_links(path)
                mode = self.mode(real)
            # Looked at before it is opened, since opening a device can have effects.
            refuse_irregular(path, mode)
            data = self.read_bytes(path, real)
        except OSError as error:
            if error.errno in NOT_THERE:
                raise Vanished(path) from None
            raise cannot_read(path, error) from None
        try:
            text = data.decode()
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise Unusable(f"projects/{path}:{line}: is not UTF-8 text (byte {data[error.start]:#04x}).") from None
        if not text.strip("\ufeff \t\r\n"):
            raise Unusable(f"projects/{path}: is empty. Delete it, or write a pipeline or `kind: repository` into it.")
        return Source(path, text)

    def without_links(self, path: str) -> str:
        """Follow the links in a path, as far as they stay inside the tree."""
        root = os.path.realpath(self.root)
        if not self.is_current():
            raise Vanished(path)
        real = os.path.realpath(os.path.join(root, path))
        if os.path.commonpath([root, real]) != root:
            raise Unusable(f"projects/{path}: is or lies behind a link that leaves the tree; only links inside it are followed.")
        inside = os.path.relpath(real, root)
        if stat.S_IFMT(self.mode(inside)) in {0, stat.S_IFLNK}:
            raise Unusable(f"projects/{path}: is or lies behind a link that leads nowhere.")
        return inside

    def read_bytes(self, path: str, real: str) -> bytes:
        """Read a regular file; `path` is its name in messages, `real` the same without links."""
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
        return data


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
