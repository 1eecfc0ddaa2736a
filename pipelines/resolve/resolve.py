"""The one door from a request to the YAML that is served: `resolve`."""

from collections.abc import Collection

from pipelines.build_request import BuildRequest
from pipelines.errors import NoFileServes
from pipelines.lookup.candidates import Candidates, branch_of, candidates, homes
from pipelines.lookup.operation_files import named, names_there, operation_candidates, unknown
from pipelines.resolve.from_file import Resolved, from_file
from pipelines.tree.consistent_reads import read_consistently
from pipelines.tree.tree import Snapshot, Tree

__all__ = ["Resolved", "resolve"]

MOST_PATHS = 20  # named in a message


def resolve(request: BuildRequest, tree: Tree, namespaces: Collection[str] = ()) -> Resolved:
    """Find what serves a build.

    Args:
        request: what Drone asks for.
        tree: where to look.
        namespaces: those whose repositories may use a plain `<name>/` folder; empty: all.

    Raises:
        ConfigError: NoFileServes with the paths tried; Unusable with the file; TreeUnavailable.
    """
    if name := named(request):
        return read_consistently(tree, lambda snapshot: operation(snapshot, request, name, namespaces))
    tried = candidates(request, namespaces)
    resolved = read_consistently(tree, lambda snapshot: first(snapshot, tried))
    if resolved is None:
        raise NoFileServes(no_file_serves(request, tried))
    return resolved


def operation(snapshot: Snapshot, request: BuildRequest, name: str, namespaces: Collection[str]) -> Resolved:
    """Resolve the operation that a build names, and nothing else."""
    tried = operation_candidates(request, name, namespaces)
    resolved = first(snapshot, tried)
    if resolved is None:
        raise unknown(request, name, names_there(snapshot, homes(request, namespaces)), tried)
    return resolved


def first(snapshot: Snapshot, tried: Candidates) -> Resolved | None:
    """Resolve the first candidate that is there."""
    for path in tried.paths:
        folder = path[: path.find("/")] if "/" in path else ""
        # A missing folder saves looking into it.
        if (not folder or snapshot.folder_mode(folder)) and (file := snapshot.either(path)):
            return from_file(snapshot, file)
    return None


def no_file_serves(request: BuildRequest, tried: Candidates) -> str:
    """Write what was looked for, in one sentence."""
    branch = branch_of(request)
    what = f"branch {branch}" if branch else f"{request.event or 'a build'} without a branch"
    remarks = "".join(f"; {remark}" for remark in tried.remarks)
    paths = tried.paths
    if len(paths) > MOST_PATHS:
        paths = (*paths[: MOST_PATHS // 2], "…", *paths[-MOST_PATHS // 2 :])
    return (
        f"no file serves {request.slug}, {what}. Tried in projects/: {', '.join(paths)} "
        f"(each also as .yml){remarks}. Add one of them, or a projects/default.yaml with `kind: repository`."
    )
