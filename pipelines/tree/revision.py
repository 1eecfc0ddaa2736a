"""The revision of the tree: which commit is served, and since when.

A tree that git-sync keeps is a link, whose target is named after the commit, or lies below one; any other may lie in a git work
tree. Links elsewhere above it (/srv -> /data/srv) say nothing.
Git's own files are read as they are: the image needs no git.
"""

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
SYNCED = re.compile(r"(rev-)?[0-9a-f]{7,64}")  # how git-sync names what its link leads to
LINKED_HEAD = "ref: "


@dataclass(frozen=True)
class Revision:
    """The commit or folder that the tree is at, and when it changed."""

    name: str  # a commit, or the name of the folder that the link leads to; empty where neither is known
    changed: float  # Unix seconds of the last change; 0 where there is no tree


def revision_of(root: Path) -> Revision:
    """Return the revision of a tree. Never raises: what is not there is unknown."""
    try:
        if link := swapped(root) if root.exists() else None:
            return Revision(os.path.basename(os.readlink(link)), os.lstat(link).st_mtime)
        return Revision(commit_of(root), newest(str(root)))
    except OSError:
        return Revision("", 0.0)


def name_of(root: Path) -> str:
    """Return the name of the revision alone: cheap enough for every answer, since no file is read twice."""
    if link := swapped(root):
        with suppress(OSError):  # swapped at this moment
            return os.path.basename(os.readlink(link))
    return commit_of(root)


@lru_cache(maxsize=8)
def upwards(root: Path) -> tuple[tuple[Path, Path], ...]:
    """Return a folder and all above it, each with where git would have its own: for every answer, so made once."""
    return tuple((folder, folder / ".git") for folder in (root, *root.parents))


def git_of(root: Path) -> Path | None:
    """Return git's own folder of the work tree that a folder lies in."""
    try:
        git = next((git for _, git in upwards(root) if os.path.exists(git)), None)
        if git and git.is_file():  # of a linked work tree
            git = git.parent / git.read_text().strip().removeprefix("gitdir: ")
    except (OSError, ValueError):
        return None
    return git


def stamps(git: Path) -> tuple[tuple[int, int, int], ...]:
    """Return what changes with every commit, checkout and pull: inode, size and mtime of git's own files."""
    states = []
    for name in ("logs/HEAD", "HEAD", "packed-refs", "index"):  # without the first, as some configure git, the last one tells
        with suppress(OSError):
            stat = os.stat(git / name)
            states.append((stat.st_ino, stat.st_size, stat.st_mtime_ns))
    return tuple(states)


@lru_cache(maxsize=8)
def known_head(git: Path, _: tuple[tuple[int, int, int], ...]) -> str:
    """Read the commit, once for each state of git's files."""
    try:
        return head(git)
    except (OSError, ValueError):
        return ""


def swapped(root: Path) -> Path | None:
    """Find the link by which the tree is swapped whole: the root itself, or a folder above it that leads to a commit."""
    for folder, git in upwards(root):
        with suppress(OSError):  # no link
            target = Path(os.readlink(folder))
            if SYNCED.fullmatch(target.name) or target.parent.name == ".worktrees":
                return folder
            if folder == root and not os.path.exists(git):
                return folder
        if os.path.exists(git):  # nearer than any link above
            return None
    return None


def commit_of(root: Path) -> str:
    """Return the commit that is checked out around a folder; empty where it is in no git work tree."""
    git = git_of(root)
    return known_head(git, stamps(git)) if git else ""


def head(git: Path) -> str:
    """Read the commit that HEAD stands for, through one named reference."""
    text = (git / "HEAD").read_text().strip()
    if text.startswith(LINKED_HEAD):
        name = text.removeprefix(LINKED_HEAD)
        shared = git / (git / "commondir").read_text().strip() if (git / "commondir").is_file() else git
        text = loose_or_packed(shared, name)
    return text if COMMIT.fullmatch(text) else ""


def loose_or_packed(git: Path, name: str) -> str:
    """Return the commit of a reference; empty where it has none."""
    if (git / name).is_file():
        return (git / name).read_text().strip()
    if (git / "packed-refs").is_file():
        for line in (git / "packed-refs").read_text().splitlines():
            commit, _, packed = line.partition(" ")
            if packed == name:
                return commit
    return ""


def newest(folder: str) -> float:
    """Return the latest time, in Unix seconds, at which a file or folder of the tree was changed.

    Looks at every file: some 0.3 s for 30,000 of them. A tree that git-sync keeps is not walked. What goes away meanwhile, or
    cannot be read, is passed over.
    """
    latest = os.stat(folder).st_mtime
    with os.scandir(folder) as entries:
        for entry in entries:
            with suppress(OSError):
                if entry.is_dir(follow_symlinks=False):
                    if entry.name != ".git":
                        latest = max(latest, newest(entry.path))
                elif not entry.is_symlink():
                    latest = max(latest, entry.stat(follow_symlinks=False).st_mtime)
    return latest
