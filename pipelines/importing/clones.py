"""A clone → which repository it is, and its own file."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.git import GitError, GitMissing, git, without_credentials
from pipelines.importing.drone_repos import DroneRepo, DroneRepos
from pipelines.importing.own_files import OWN_FILES, is_program, no_file, program_of

URL = re.compile(r"[a-z][a-z0-9+.-]*://(?:[^/]*@)?(?:\[[^\]]*\]|[^/:@]*)(?::[0-9]*)?/+(?P<path>.*)", re.IGNORECASE | re.DOTALL)
# Neither an address with a password that tears it apart, nor `ext::` and its like, where a program follows.
SCP_LIKE = re.compile(r"(?:[^/@]*@)?(?:\[[^\]]*\]|[^/:\[]+):(?!:|//)/*(?P<path>.*)", re.DOTALL)


class NoClone(Exception):
    """The reason why a folder cannot be imported."""


@dataclass(frozen=True)
class Clone:
    """A repository with its own file."""

    folder: str  # as it was named
    namespace: str  # GitLab's may have slashes
    name: str
    file: str  # .drone.yml
    content: bytes
    drone: DroneRepo | None = None  # what Drone's database says of it; None where it was not asked, or does not know it
    remote: str = ""  # namespace/name as the remote writes it

    @property
    def slug(self) -> str:
        return f"{self.namespace}/{self.name}"


def slug_of(remote: str) -> tuple[str, str]:
    """Return the namespace and name of a repository from the address of a remote; raise NoClone if it names no repository."""
    match = URL.fullmatch(remote) or SCP_LIKE.fullmatch(remote)
    if not match or remote.lower().startswith("file:"):
        raise NoClone(f"its remote {without_credentials(remote)} is not an address of a forge")
    path = re.split(r"[?#]", match["path"])[0].strip("/").removesuffix(".git").strip("/")
    namespace, _, name = path.rpartition("/")
    if not namespace or not name:
        raise NoClone(f"its remote {without_credentials(remote)} does not read namespace/name")
    return namespace.removeprefix("scm/"), name  # Bitbucket Server's https addresses begin with scm/


def clone_of(folder: str, paths: Sequence[str] = (), repos: DroneRepos | None = None) -> Clone:
    """Return the clone in a folder.

    Args:
        folder: the clone.
        paths: of the file in it, the first that is there counts; empty: the one that Drone reads, else the usual ones.
        repos: what Drone's database says; None where it was not asked.

    Raises:
        NoClone: it cannot be imported.
    """
    path = Path(folder)
    if not path.is_dir():
        raise NoClone("there is no such folder")
    slug = "/".join(slug_of(remote_of(path)))
    drone = repos.find(slug) if repos else None
    named = "" if paths or not drone else drone.config_path
    looked_for = paths or ([named] if named else OWN_FILES)
    file = next((name for name in looked_for if name and os.path.lexists(path / name)), "")
    own_slug = drone.slug if drone else slug
    if not file:
        raise NoClone(no_file(path, own_slug, looked_for, drone_reads=named))
    if program_of(file):
        raise NoClone(is_program(file, own_slug))
    namespace, _, name = own_slug.rpartition("/")
    return Clone(folder, namespace, name, file, content_of(path, file), drone, slug)


def content_of(clone: Path, file: str) -> bytes:
    try:
        if not (clone / file).resolve().is_relative_to(clone.resolve()):
            raise NoClone(f"its {file} is a link that leaves the clone")
        if not (clone / file).is_file():
            raise NoClone(f"its {file} is not a file")
        return (clone / file).read_bytes()
    except (OSError, ValueError) as error:
        raise NoClone(f"its {file} cannot be read: {getattr(error, 'strerror', None) or error}") from None


def remote_of(path: Path) -> str:
    """Return the address of `origin`, or of the only remote, of a clone.

    Raises:
        NoClone: it is no clone, or has no remote.
    """
    try:
        inside_work_tree = git(path, "rev-parse", "--is-inside-work-tree") == "true"
        prefix, remotes = git(path, "rev-parse", "--show-cdup"), git(path, "remote").split()
    except GitMissing as error:
        raise NoClone(str(error)) from None
    except GitError as error:
        reason = "" if str(error).startswith("not a git repository") else f" that git can read: {error}"
        raise NoClone(f"it is not a git clone{reason}") from None
    if not inside_work_tree:
        raise NoClone("it is a repository without a work tree; clone it")
    if prefix:
        raise NoClone("it is a folder within a clone, not a clone")
    if not remotes:
        raise NoClone("it has no git remote, so nobody knows which repository it is")
    if "origin" not in remotes and len(remotes) > 1:
        raise NoClone(f"it has several git remotes ({', '.join(remotes)}) and none is called origin")
    name = "origin" if "origin" in remotes else remotes[0]
    try:
        # As it is written in the clone's configuration, whatever `insteadOf` makes of it on this machine.
        return git(path, "config", "--get-all", f"remote.{name}.url").split("\n")[0]  # git fetches from the first
    except GitError:
        raise NoClone(f"its git remote {name} has no address") from None
