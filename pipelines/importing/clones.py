"""A clone → which repository it is, and its own file."""

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

OWN_FILES = (".drone.yml", ".drone.yaml")  # the first is what Drone reads where nobody set another
PROGRAMS = {  # what may make the YAML instead, and the command of Drone's command line that writes it
    ".drone.jsonnet": "drone jsonnet --stream",
    ".drone.star": "drone starlark",
    ".drone.starlark": "drone starlark --source .drone.starlark",
    ".drone.script": "drone starlark --source .drone.script",
}
URL = re.compile(r"[a-z][a-z0-9+.-]*://(?:[^/]*@)?(?:\[[^\]]*\]|[^/:@]*)(?::[0-9]*)?/+(?P<path>.*)", re.IGNORECASE | re.DOTALL)
# Neither an address with a password that tears it apart, nor `ext::` and its like, where a program follows.
SCP_LIKE = re.compile(r"(?:[^/@]*@)?(?:\[[^\]]*\]|[^/:\[]+):(?!:|//)/*(?P<path>.*)", re.DOTALL)


class NoClone(Exception):
    """Why a folder cannot be imported."""


@dataclass(frozen=True)
class Clone:
    """A repository with its own file."""

    folder: str  # as it was named
    namespace: str  # GitLab's may have slashes
    name: str
    file: str  # .drone.yml
    content: bytes

    @property
    def slug(self) -> str:
        """The repository's full name."""
        return f"{self.namespace}/{self.name}"


def slug_of(remote: str) -> tuple[str, str]:
    """Give namespace and name of a repository from the address of a remote.

    Raises:
        NoClone: it names no repository of a forge.
    """
    found = URL.fullmatch(remote) or SCP_LIKE.fullmatch(remote)
    if not found or remote.lower().startswith("file:"):
        raise NoClone(f"its remote {without_password(remote)} is not an address of a forge")
    path = re.split(r"[?#]", found["path"])[0].strip("/").removesuffix(".git").strip("/")
    namespace, _, name = path.rpartition("/")
    if not namespace or not name:
        raise NoClone(f"its remote {without_password(remote)} does not read namespace/name")
    return namespace.removeprefix("scm/"), name  # Bitbucket Server's https addresses begin with scm/


def without_password(remote: str) -> str:
    """Write an address without what stands before its host or in its query, which may be a token."""
    return re.sub(r"\A(\w[\w+.-]*://)?.*@", r"\1", re.split(r"[?#]", remote)[0], flags=re.DOTALL)


def clone_of(folder: str) -> Clone:
    """Look at a clone.

    Raises:
        NoClone: it cannot be imported.
    """
    path = Path(folder)
    if not path.is_dir():
        raise NoClone("there is no such folder")
    namespace, name = slug_of(remote_of(path))
    file = next((name for name in OWN_FILES if os.path.lexists(path / name)), "")
    if not file:
        raise NoClone(no_file(path, f"{namespace}/{name}"))
    try:
        if not (path / file).resolve().is_relative_to(path.resolve()):
            raise NoClone(f"its {file} is a link that leaves the clone")
        if not (path / file).is_file():
            raise NoClone(f"its {file} is not a file")
        return Clone(folder, namespace, name, file, (path / file).read_bytes())
    except OSError as error:
        raise NoClone(f"its {file} cannot be read: {error.strerror}") from None


def no_file(path: Path, slug: str) -> str:
    """Say that there is no YAML, and what to do where a program makes it."""
    program = next((name for name in PROGRAMS if os.path.lexists(path / name)), "")
    if not program:
        return f"it has no {OWN_FILES[0]}"
    own, command = OWN_FILES[0], PROGRAMS[program]
    return (
        f"its {program} is a program that makes the YAML, which edrone never runs: let `{command}` write {own} there, "
        f"import it again, and `drone repo update --config {own} {slug}`, since Drone would run edrone's YAML as a program; "
        "or leave it to the repository (`kind: repository`)"
    )


def remote_of(path: Path) -> str:
    """Ask git for the address of a clone: of `origin`, or of the only remote.

    Raises:
        NoClone: it is no clone, or has no remote.
    """
    top = git(path, "rev-parse", "--show-cdup")
    if git(path, "rev-parse", "--is-inside-work-tree") != "true":
        raise NoClone("it is a repository without a work tree; clone it")
    if top:
        raise NoClone("it is a folder within a clone, not a clone")
    remotes = git(path, "remote").split()
    if not remotes:
        raise NoClone("it has no git remote, so nobody knows which repository it is")
    if "origin" not in remotes and len(remotes) > 1:
        raise NoClone(f"it has several git remotes ({', '.join(remotes)}) and none is called origin")
    # As it is written in the clone's configuration, whatever `insteadOf` makes of it on this machine.
    name = "origin" if "origin" in remotes else remotes[0]
    try:
        return git(path, "config", "--get-all", f"remote.{name}.url").split("\n")[0]  # git fetches from the first
    except NoClone:
        raise NoClone(f"its git remote {name} has no address") from None


def git(path: Path, *arguments: str) -> str:
    """Run git in a clone.

    Raises:
        NoClone: with what git says, such as that the folder belongs to somebody else.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(  # noqa: S603 - no shell, and no argument is anybody's input
            ["git", "-C", str(path), *arguments],  # noqa: S607 - the git of the path
            env={**kept, "LC_ALL": "C"}, capture_output=True, text=True, check=False,
        )  # fmt: skip
    except OSError as error:
        raise NoClone(f"git cannot be run: {error.strerror}") from None
    if done.returncode == 0:
        return done.stdout.strip()
    said = done.stderr.strip().removeprefix("fatal: ").split("\n")[0]
    raise NoClone("it is not a git clone" + ("" if said.startswith("not a git repository") else f" that git can read: {said}"))
