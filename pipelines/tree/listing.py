"""The files and folders of a whole tree."""

import os
import stat
from dataclasses import dataclass, field

from pipelines.errors import ConfigError, TreeUnavailable, Vanished
from pipelines.tree.tree import Snapshot

DEEPEST = 100  # folders in one another; a link to a folder above ends somewhere
ENDINGS = (".yaml", ".yml")


@dataclass
class Listing:
    """The paths in a tree."""

    files: list[str] = field(default_factory=list)  # paths from the root of the tree, in order; links to files too
    folders: list[str] = field(default_factory=list)
    unreadable: list[tuple[str, str]] = field(default_factory=list)  # a path, and why its folder could not be listed


def listing(snapshot: Snapshot) -> Listing:
    """Return all paths of the tree. Links to folders inside it are followed, as they are when a build is looked up."""
    result = Listing()
    walk(snapshot, "", result, ())
    if result.unreadable and not result.unreadable[0][0]:
        raise TreeUnavailable(f"The tree {snapshot.root} (setting EDRONE_PROJECTS) {result.unreadable[0][1]}.")
    return result


def walk(snapshot: Snapshot, folder: str, result: Listing, above: tuple[os.stat_result, ...]) -> None:
    """Add one folder and what is below it to a listing; `above` are the states of the folders on the way to it."""
    try:
        descriptor = os.open(folder or ".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=snapshot.folder)
    except OSError as error:
        result.unreadable.append((folder, f"cannot be read: {error.strerror}"))
        return
    try:
        here = os.fstat(descriptor)
        with os.scandir(descriptor) as entries:
            names = sorted((entry.name, entry.is_symlink(), leads_to_folder(entry)) for entry in entries)
    finally:
        os.close(descriptor)
    if len(above) >= DEEPEST or any(os.path.samestat(here, other) for other in above):
        return
    for name, is_link, is_folder in names:
        path = f"{folder}/{name}" if folder else name
        if not is_folder:
            if not name.startswith("."):
                result.files.append(path)
        elif is_used(snapshot, path, name):
            result.folders.append(path)
            if is_link and (problem := leads_astray(snapshot, path)):
                result.unreadable.append((path, problem))
            else:
                walk(snapshot, path, result, (*above, here))


def leads_to_folder(entry: os.DirEntry[str]) -> bool:
    """Return whether an entry is a folder or a link to one. A link to itself, or to where nobody may look, is neither."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def is_used(snapshot: Snapshot, path: str, name: str) -> bool:
    """Pass over folders of git, forges and editors. `.github` may also be a repository: then it has a default."""
    if not name.startswith("."):
        return True
    return name != ".git" and any(snapshot.lstat(f"{path}/default{ending}") for ending in ENDINGS)


def leads_astray(snapshot: Snapshot, path: str) -> str:
    """Return why a link to a folder is not followed; empty where it is."""
    try:
        if stat.S_ISDIR(snapshot.folder_mode(snapshot.without_links(path))):
            return ""
    except ConfigError:
        pass
    except Vanished:  # the tree was swapped
        return "goes away or changes while it is read; try again"
    return "is a link that leads nowhere or out of the tree; only links inside it are followed"


def stem_of(path: str) -> str:
    """Return a path without .yaml or .yml; empty where it ends otherwise."""
    return next((path.removesuffix(ending) for ending in ENDINGS if path.endswith(ending)), "")
