"""Which files can ever serve a build: asked of `pipelines.lookup.candidates` itself, with builds made up for the purpose."""

import re
from collections.abc import Collection, Iterator

from pipelines.build_request import BuildRequest
from pipelines.check.findings import ERROR, WARNING, Finding, check, top
from pipelines.lookup.candidates import Candidates, candidates
from pipelines.lookup.operation_files import operation_candidates
from pipelines.operations.operation import is_name, is_operation
from pipelines.tree.listing import stem_of

UNREACHABLE = check("unreachable", ERROR, "a pipeline in a file that no build can select and nobody extends")
STRAY = check("stray-file", WARNING, "another file that no build can select and nobody extends")
RESERVED = check("reserved-name", ERROR, "a name that begins with `_` and is neither `_shared` nor an operation in its place")
NOT_EXTENDED = check("not-extended", WARNING, "a file in `_shared/` that nobody extends")

FRESH = "0any"  # a branch, repository or namespace that has no file of its own
# What git allows in no part of a branch's name (git-check-ref-format).
NOT_IN_A_BRANCH = re.compile(r"(^|/)\.|\.lock(/|$)|\.\.|[\x00-\x20\x7f~^:?*\[\\]|@\{|\.$|^@$|^-")
DOCUMENTS = re.compile(r".*\.(?:md|txt|rst|adoc|asc)|[A-Z][A-Za-z]*|.*\.example", re.DOTALL)


def requests_for(stem: str, namespaces: Collection[str]) -> Iterator[BuildRequest]:
    """Yield made-up builds that a file, named without its ending, may serve."""
    parts = stem.split("/")
    if parts[0].startswith("@"):
        for end in range(1, len(parts)):
            namespace, rest = "/".join(parts[:end])[1:], parts[end:]
            yield build(namespace, rest[0], "/".join(rest[1:]))
            yield build(namespace, FRESH, "")
    else:
        for namespace in sorted(namespaces) or [FRESH]:
            yield build(namespace, parts[0], "/".join(parts[1:]))
        yield build(FRESH, FRESH, "")


def build(namespace: str, name: str, branch: str) -> BuildRequest:
    """Return a made-up build; a default file is asked for by a branch that has no file."""
    if branch == "default" or branch.endswith("/default"):
        branch = f"{branch.removesuffix('default')}{FRESH}"
    ref = f"refs/heads/{branch}" if branch else "refs/tags/v1"
    return BuildRequest(namespace, name, "push" if branch else "tag", ref, branch)


def wanted_by(request: BuildRequest, stem: str, namespaces: Collection[str]) -> Candidates:
    """Return the paths that a build looks for: those of the operation that a file may be, or of its own pipeline."""
    if is_operation(stem):
        return operation_candidates(request, stem.rsplit("/", 1)[-1], namespaces)
    return candidates(request, namespaces)


def selects(stem: str, stems: Collection[str], namespaces: Collection[str]) -> BuildRequest | None:
    """Return a build that a file serves; None if its name or a nearer file rules that out."""
    for request in requests_for(stem, namespaces):
        paths = [stem_of(path) for path in wanted_by(request, stem, namespaces).paths]
        if next((path for path in paths if path in stems), "") == stem and is_branch(request.target):
            return request
    return None


def is_branch(name: str) -> bool:
    """Return whether git allows this name for a branch."""
    return not NOT_IN_A_BRANCH.search(name)


def why_not(stem: str, stems: Collection[str], namespaces: Collection[str]) -> str:
    """Return why no build selects a file."""
    if "/" not in stem:
        return f"at the root only default.yaml is ever looked for; a repository's file is {stem}/default.yaml"
    for request in requests_for(stem, namespaces):
        lookup = wanted_by(request, stem, namespaces)
        paths = [stem_of(path) for path in lookup.paths]
        if stem in paths:
            if not is_branch(request.target):
                return f'git allows no branch called "{request.target}"'
            nearer = next(path for path in paths if path in stems)
            return f"projects/{nearer} is nearer for every build that it could serve"
        if lookup.remarks and not request.name.startswith(FRESH):
            return lookup.remarks[0]
    return "its folder is no repository's"


def reach(
    path: str, stems: Collection[str], extended: Collection[str], namespaces: Collection[str], *, says_pipeline: bool
) -> Iterator[Finding]:
    """Find out that a file is of no use.

    Args:
        path: of the file.
        stems: paths of all files of the tree that end in .yaml or .yml, without that.
        extended: paths of all files that another one extends.
        namespaces: as for `candidates`.
        says_pipeline: it holds something that is meant to serve a build.
    """
    stem, folders = stem_of(path), path.split("/")[:-1]
    if path in extended or (stem and selects(stem, stems, namespaces)):
        return
    if "_shared" in folders:
        if stem:
            yield NOT_EXTENDED.at(top(path), "no file of the tree extends it; delete it, unless repositories' own files do.")
    elif (reserved := next((name for name in path.split("/") if name.startswith("_")), "")) and not is_place(stem, namespaces):
        yield RESERVED.at(top(path), misuse(reserved, stem))
    elif not stem:
        if not DOCUMENTS.fullmatch(path.rsplit("/", 1)[-1]):
            yield STRAY.at(top(path), "only files that end in .yaml or .yml can serve a build, and nobody extends this one.")
    else:
        kind = UNREACHABLE if says_pipeline else STRAY
        yield kind.at(top(path), f"no build can select this file: {why_not(stem, stems, namespaces)}; move or delete it.")


def is_place(stem: str, namespaces: Collection[str]) -> bool:
    """Return whether any build looks for an operation here."""
    return is_operation(stem) and any(
        stem == stem_of(path) for request in requests_for(stem, namespaces) for path in wanted_by(request, stem, namespaces).paths
    )


def misuse(name: str, stem: str) -> str:
    """Return what a reserved name is for."""
    if is_operation(stem) and not is_name(operation := stem.rsplit("/", 1)[-1]):
        return f'no operation can be called "{operation}": its name has small letters, digits and -; rename the file.'
    if name == "_operations":
        return (
            "no operation is looked for here: it is _operations/NAME.yaml at the root, or in a folder of a repository or of a "
            "namespace; NAME has small letters, digits and -."
        )
    if name.startswith("_checks."):
        return "findings are switched off in the file _checks.yaml at the root of the tree only; move it there."
    return f'names that begin with _ are reserved, and "{name}" has no meaning: shared files go to _shared/, others elsewhere.'
