"""Which files may serve a build, in which order. Pure: no file is touched here.

The nearest default wins, from the branch's own file up: `release/1.2.yaml`, `release/default.yaml`, `default.yaml` of the
repository, then the defaults of its namespace and of the whole tree.
"""

import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from pipelines.build_request import BuildRequest

PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}", re.ASCII)
LONGEST_NAME = 255  # bytes of one name in a file system
LONGEST_PATH = 1000  # bytes of a branch; Drone itself stores 500 characters


@dataclass(frozen=True)
class Candidates:
    """Where to look, and what was left out of it."""

    paths: tuple[str, ...]  # from the root of the tree, the first that is there serves; each ends in .yaml
    remarks: tuple[str, ...]  # why a branch or folder has no place in the list


def candidates(request: BuildRequest, namespaces: Collection[str] = ()) -> Candidates:
    """Return the paths that may serve a build.

    Args:
        request: what Drone asks for.
        namespaces: those whose repositories may use a plain `<name>/` folder; empty: all.
    """
    remarks: list[str] = []
    branch = branch_of(request)
    if branch and (problem := not_a_path(branch)):
        remarks.append(f"branch {branch!r} {problem}: only defaults are looked for")
        branch = ""
    nearest = homes(request, namespaces)
    paths = [path for home in nearest.repository for path in files_in(home, branch)]
    paths += [f"{home}/default.yaml" for home in nearest.owner]
    return Candidates((*paths, "default.yaml"), (*remarks, *nearest.remarks))


@dataclass(frozen=True)
class Homes:
    """The folders of a repository, the nearest first; the root of the tree comes after them."""

    repository: tuple[str, ...]
    owner: tuple[str, ...]  # that of its namespace, or none
    remarks: tuple[str, ...]  # why one is left out


def homes(request: BuildRequest, namespaces: Collection[str] = ()) -> Homes:
    """Return the folders of a repository; arguments as of `candidates`."""
    remarks: list[str] = []
    owner = "" if (problem := not_a_path(request.namespace)) else f"@{request.namespace}"
    if problem:
        remarks.append(f"namespace {request.namespace!r} {problem}: it has no folder")
    name = request.name
    if problem := "contains a slash" if "/" in name else "begins with @" if name.startswith("@") else not_a_path(name):
        remarks.append(f"repository {name!r} {problem}: it has no folder")
        name = ""
    folders = [f"{owner}/{name}"] if owner and name else []
    if name and namespaces and request.namespace not in namespaces:
        remarks.append(f"namespace {request.namespace!r} is not in EDRONE_NAMESPACES: {name}/ is not for it")
    elif name:
        folders.append(name)
    return Homes(tuple(folders), (owner,) if owner else (), tuple(remarks))


def branch_of(request: BuildRequest) -> str:
    """Return the branch that selects the file: the base branch for a pull request, none for a tag.

    The head branch of a pull request is named by whoever opens it, and never selects anything.
    """
    target = request.target
    if request.event == "tag" or request.ref.startswith("refs/tags/") or target.startswith("refs/tags/"):
        return ""
    return target.removeprefix("refs/heads/")


def files_in(folder: str, branch: str) -> Iterator[str]:
    """Yield the candidates in one folder of a repository, the nearest first."""
    above = branch.split("/") if branch else []
    if above and above[-1] != "default":
        yield f"{folder}/{branch}.yaml"
    for depth in range(len(above) - 1, 0, -1):
        yield f"{folder}/{'/'.join(above[:depth])}/default.yaml"
    yield f"{folder}/default.yaml"


def not_a_path(name: str) -> str:
    """Return why a name cannot be a path in the tree; empty where it can."""
    if PLAIN_NAME.fullmatch(name):
        return ""  # nearly every name, without looking closer
    try:
        segments = [segment.encode() for segment in name.split("/")]
    except UnicodeEncodeError:
        return "is not Unicode text"
    problems = {
        "is empty or has an empty part": b"" in segments,
        "contains . or ..": b"." in segments or b".." in segments,
        "contains a backslash": "\\" in name,
        "contains a control character": any(unicodedata.category(character) == "Cc" for character in name),
        "is reserved (names beginning with _ are)": any(segment.startswith(b"_") for segment in segments),
        f"is longer than {LONGEST_PATH} bytes": sum(map(len, segments)) + len(segments) > LONGEST_PATH,
        f"has a part longer than {LONGEST_NAME} bytes": any(len(segment) > LONGEST_NAME for segment in segments),
    }
    return next((problem for problem, applies in problems.items() if applies), "")
