"""Why a file serves a build: each candidate, and what became of it."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from pipelines.build_request import BuildRequest
from pipelines.errors import ConfigError, TreeUnavailable, Vanished
from pipelines.lookup.candidates import Candidates, candidates
from pipelines.lookup.operation_files import named, operation_candidates
from pipelines.resolve.resolve import Resolved, resolve
from pipelines.tree.tree import Snapshot, Tree


class CandidateState(StrEnum):
    TAKEN = "taken"
    MISSING = "not there"
    BROKEN = "cannot serve"  # it is there, so nothing behind it is taken
    BEHIND = "not looked at"  # a nearer one is there


@dataclass(frozen=True)
class Candidate:
    path: str  # from the root of the tree; ends in .yml where such a file is there
    state: CandidateState


@dataclass(frozen=True)
class Explanation:
    """What serves a build, or the error that it gets, and why."""

    candidates: tuple[Candidate, ...]  # the nearest first
    remarks: tuple[str, ...]  # why a branch or folder has no candidates
    found: Resolved | ConfigError


def explain(request: BuildRequest, tree: Tree, namespaces: Collection[str] = ()) -> Explanation:
    """Resolve a build and say why; arguments as of `resolve`.

    Raises:
        TreeUnavailable: there is no tree.
    """
    result: Resolved | ConfigError
    try:
        result = resolve(request, tree, namespaces)
    except TreeUnavailable:
        raise
    except ConfigError as error:
        result = error
    name = named(request)
    tried = operation_candidates(request, name, namespaces) if name else candidates(request, namespaces)
    with tree.snapshot() as snapshot:
        return Explanation(tuple(states(snapshot, tried, result)), tried.remarks, result)


def states(snapshot: Snapshot, tried: Candidates, result: Resolved | ConfigError) -> list[Candidate]:
    """Return each candidate with its state; the first that is there serves, or is why the build gets an error."""
    explained: list[Candidate] = []
    there = CandidateState.TAKEN if isinstance(result, Resolved) else CandidateState.BROKEN
    for path in tried.paths:
        if explained and explained[-1].state != CandidateState.MISSING:
            explained.append(Candidate(path, CandidateState.BEHIND))
            continue
        try:
            file = snapshot.either(path)
        except (ConfigError, Vanished):
            explained.append(Candidate(path, CandidateState.BROKEN))
        else:
            explained.append(Candidate(file.path, there) if file else Candidate(path, CandidateState.MISSING))
    return explained
