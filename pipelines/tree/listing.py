"""All files of a tree."""

import os
import stat
from dataclasses import dataclass, field

from pipelines.errors import ConfigError, TreeUnavailable
from pipelines.tree.tree import Snapshot

DEEPEST = 100  # folders in one another; a link to a folder above ends somewhere
ENDINGS = (".yaml", ".yml")


@dataclass
class Listing:
    """What is in a tree."""

    files: list[str] = field(default_factory=list)  # paths from the root of the tree, in order; links to files too
    folders: list[str] = field(default_factory=list)
    unreadable: list[tuple[str, str]] = field(default_factory=list)  # a path, and why its folder could not be listed


def listing(snapshot: Snapshot) -> Listing:
    """List the tree. Links to folders inside it are followed, as they are when a build is looked up."""
    found = Listing()
    walk(snapshot, "", found, (os.fstat(snapshot.folder),))
    if found.unreadable and not found.unreadable[0][0]:
        raise TreeUnavailable(f"The tree {snapshot.root} (setting EDRONE_PROJECTS) {found.unreadable[0][1]}.")
    return found


def walk(snapshot: Snapshot, folder: str, found: Listing, above: tuple[os.stat_result, ...]) -> None:
    """List one folder and what is below it."""
    try:
        descriptor = os.open(folder or ".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=snapshot.folder)
    except OSError as error:
        found.unreadable.append((folder, f"cannot be read: {error.strerror}"))
        return
    try:
        here = os.fstat(descriptor)
        with os.scandir(descriptor) as entries:
            names = sorted((entry.name, entry.is_symlink(), leads_to_folder(entry)) for entry in entries)
    finally:
        os.close(descriptor)
    circle = len(above) > 1 and any(os.path.samestat(here, other) for other in above[:-1])
    if circle or len(above) > DEEPEST:
        return
    for name, is_link, is_folder in names:
        path = f"{folder}/{name}" if folder else name
        if not is_folder:
            if not name.startswith("."):
                found.files.append(path)
        elif is_used(snapshot, path, name):
            found.folders.append(path)
            if is_link and leads_astray(snapshot, path):
                found.unreadable.append(
                    (path, "is a link that leads nowhere or out of the tree; only links inside it are followed")
                )
            else:
                state = os.stat(path, dir_fd=snapshot.folder)
                walk(snapshot, path, found, (*above, state))


def leads_to_folder(entry: os.DirEntry[str]) -> bool:
    """Is this a folder, or a link to one? A link that leads to itself, or to where nobody may look, is neither."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def is_used(snapshot: Snapshot, path: str, name: str) -> bool:
    """Is this more than the workings of git, a forge or an editor? `.github` may also be a repository: then it has a default."""
    if not name.startswith("."):
        return True
    return name != ".git" and any(snapshot.lstat(f"{path}/default{ending}") for ending in ENDINGS)


def leads_astray(snapshot: Snapshot, path: str) -> bool:
    """Does a link to a folder leave the tree?"""
    try:
        return not stat.S_ISDIR(snapshot.folder_mode(snapshot.without_links(path)))
    except ConfigError:
        return True


def stem_of(path: str) -> str:
    """Give a path without .yaml or .yml; empty where it ends otherwise."""
    return next((path.removesuffix(ending) for ending in ENDINGS if path.endswith(ending)), "")
