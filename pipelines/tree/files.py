"""One regular file of the tree, read whole or not at all."""

import os
import stat
from dataclasses import dataclass
from errno import ENAMETOOLONG, ENOENT, ENOTDIR
from typing import NamedTuple

from pipelines.errors import Unusable, Vanished

LARGEST_FILE = 1024 * 1024  # bytes
NOT_THERE = {ENOENT, ENOTDIR, ENAMETOOLONG}


class Stamp(NamedTuple):
    """What changes whenever a file does: an equal stamp means an equal text."""

    path: str  # from the root of the tree, with slashes
    mtime_ns: int
    size: int  # bytes
    inode: int
    device: int
    ctime_ns: int  # set by the system alone, so neither `touch` nor moving a file out of the tree and linking it hides a change


@dataclass(frozen=True)
class TreeFile:
    """A regular file of the tree that was not read yet."""

    path: str  # from the root of the tree, with slashes
    real: str  # the same without links
    stamp: Stamp


@dataclass(frozen=True)
class SourceFile:
    """A file of the tree as it was read."""

    path: str  # from the root of the tree, with slashes
    text: str
    stamp: Stamp  # of what was read


def stamp_of(path: str, state: os.stat_result) -> Stamp:
    return Stamp(path, state.st_mtime_ns, state.st_size, state.st_ino, state.st_dev, state.st_ctime_ns)


def read_bytes(folder: int, file: TreeFile) -> tuple[bytes, os.stat_result]:
    """Return the content of a file below an open folder, and its state when it was read.

    Raises:
        Unusable: it cannot be read, or is too large.
        Vanished: it went away, or changed, while it was read.
    """
    try:
        # Not blocking: a pipe may have taken the file's place meanwhile.
        descriptor = os.open(file.real, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
        try:
            before = os.fstat(descriptor)
            refuse_irregular(file.path, before.st_mode)
            data = os.read(descriptor, min(before.st_size, LARGEST_FILE) + 1)
            after = os.fstat(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        if error.errno in NOT_THERE:
            raise Vanished(file.path) from None
        raise cannot_read(file.path, error) from None
    if len(data) > LARGEST_FILE:
        raise Unusable(f"projects/{file.path}: is larger than {LARGEST_FILE} bytes, which no pipeline needs.")
    if (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, after.st_size) or len(data) != after.st_size:
        raise Vanished(file.path)
    return data, after


def text_of(path: str, data: bytes) -> str:
    """Decode the content of a file.

    Raises:
        Unusable: it is not UTF-8, or empty.
    """
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Unusable(f"projects/{path}:{line}: is not UTF-8 text (byte {data[error.start]:#04x}).") from None
    if not text.strip("\ufeff \t\r\n"):
        raise Unusable(f"projects/{path}: is empty. Delete it, or write a pipeline or `kind: repository` into it.")
    return text


def refuse_irregular(path: str, mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise Unusable(f"projects/{path}: is a folder, and a file is needed.")
    if not stat.S_ISREG(mode):
        raise Unusable(f"projects/{path}: is a device, socket or pipe, and a regular file is needed.")


def cannot_read(path: str, error: OSError) -> Unusable:
    return Unusable(f"projects/{path}: cannot be read: {error.strerror}.")
