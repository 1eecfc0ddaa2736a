"""The door: a tree → everything that is wrong with it."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path

from pipelines.check import files, switches
from pipelines.check.extended_files import RememberedFiles
from pipelines.check.findings import Finding, top
from pipelines.check.never_matches import NEVER
from pipelines.check.one_file import Examined, examine_file
from pipelines.check.processes import spread
from pipelines.check.reach import reach, selects
from pipelines.check.switches import Switches
from pipelines.check.trusted import Trusted, by_trust
from pipelines.operations.operation import is_operation
from pipelines.tree.listing import Listing, listing, stem_of
from pipelines.tree.tree import Tree

Results = dict[Finding, list[str]]  # with the paths of the files that serve them
Progress = Callable[[int, int], None]  # is told how many files are done, and of how many


@dataclass(frozen=True)
class Found:
    findings: list[Finding]
    once: list[Finding]  # what is true of many files, so that one finding of each check is told for all


def examine(
    tree: Tree,
    namespaces: Collection[str] = (),
    within: Sequence[str] = (),
    progress: Progress = lambda _, __: None,
    trusted: Trusted | None = None,
) -> list[Finding]:
    """Find everything that is wrong with a tree; arguments and errors as of `look_into`."""
    found = look_into(tree, namespaces, within, progress, trusted)
    return sorted([*found.findings, *told_once(found.once)])


def look_into(
    tree: Tree,
    namespaces: Collection[str] = (),
    within: Sequence[str] = (),
    progress: Progress = lambda _, __: None,
    trusted: Trusted | None = None,
) -> Found:
    """Find everything that is wrong with a tree, at all places.

    Args:
        tree: to look at.
        namespaces: those whose repositories may use a plain `<name>/` folder; empty: all.
        within: paths of files and folders to which findings are restricted; empty: the whole tree.
        progress: is told how far it is.
        trusted: which repositories Drone trusts; None: not known.

    Raises:
        TreeUnavailable: there is none.
    """
    with tree.snapshot() as snapshot:
        contents = listing(snapshot)
        off, mistakes = switches.of_the_tree(snapshot)
    stems = frozenset(filter(None, map(stem_of, contents.files)))
    examinations = list(all_files(tree, contents, stems, namespaces, progress))
    extended = set(chain.from_iterable(examined.extended for examined in examinations))
    has_kind = {examined.path for examined in examinations if examined.has_kind}
    wanted = frozenset(within)
    results: Results = {}
    once: Results = {}
    for examined in examinations:
        part = examined.path in extended and not examined.has_kind and stem_of(examined.path).rsplit("/", 1)[-1] != "default"
        for finding in dict.fromkeys([*examined.findings, *(() if part else examined.content)]):
            results.setdefault(finding, []).append(examined.path)
        for finding in dict.fromkeys(() if part else examined.once):
            once.setdefault(finding, []).append(examined.path)
    for finding in [finding for finding in results if finding.id == NEVER.id]:
        if runs_elsewhere(finding, results[finding], examinations):
            del results[finding]
    by_name = [
        *files.names(contents),
        *(files.UNUSABLE.at(top(path or "."), f"{why}.") for path, why in contents.unreadable),
        *chain.from_iterable(
            reach(path, stems, extended, namespaces, says_pipeline=path in has_kind)
            for path in contents.files
            if path != switches.FILE
        ),
    ]
    for finding in by_name:
        results.setdefault(finding, []).append(finding.path)
    silenced = Switches([*off, *chain.from_iterable(examined.allowed for examined in examinations)])
    results, once = (
        {finding: paths for finding, paths in some.items() if not silenced.silence(finding)} for some in (results, once)
    )
    if trusted is not None:
        refused, once = by_trust(once, trusted, stems, namespaces)
        results |= refused
    for finding in (*mistakes, *silenced.idle()):
        results.setdefault(finding, []).append(finding.path)
    return Found(
        [counted(finding, paths) for finding, paths in results.items() if concerns(finding, paths, wanted)],
        [finding for finding, paths in once.items() if concerns(finding, paths, wanted)],
    )


def runs_elsewhere(finding: Finding, served_by: Collection[str], examinations: Iterable[Examined]) -> bool:
    """Return whether what never runs in some files that extend a shared one does in others, which have another trigger."""
    if finding.path in served_by:
        return False
    users = (examined.path for examined in examinations if examined.is_served and finding.path in examined.extended)
    return not set(served_by).issuperset(users)


def told_once(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Yield of each check the first finding, with the number of the others."""
    by_check: dict[str, list[Finding]] = {}
    for finding in sorted(findings):
        by_check.setdefault(finding.id, []).append(finding)
    for first, *others in by_check.values():
        places = len({finding.path for finding in (first, *others)})
        where = f"{places} files" if places > 1 else "this file"
        more = f" (and {len(others)} more in {where})" if others else ""
        yield first._replace(message=f"{first.message}{more}")


def concerns(finding: Finding, served_by: Iterable[str], wanted: Collection[str]) -> bool:
    """Return whether a finding is in one of the wanted files, is served by one, or is about the twin of one."""
    paths = [finding.path, *served_by, *([f"{stem_of(finding.path)}.yaml"] if finding.id == files.BOTH.id else [])]
    return any(is_within(path, wanted) for path in paths)


def is_within(path: str, wanted: Collection[str]) -> bool:
    """Return whether a file, or a folder above it, is wanted."""
    return not wanted or path in wanted or any(str(folder) in wanted for folder in Path(path).parents)


def counted(finding: Finding, served_by: list[str]) -> Finding:
    """Add to a finding in an extended file which files serve it."""
    others = [path for path in served_by if path != finding.path]
    if not others:
        return finding
    who = f"projects/{others[0]}" + (f" and {len(others) - 1} more" if len(others) > 1 else "")
    return finding._replace(message=f"{finding.message} (extended by {who})")


def all_files(
    tree: Tree, contents: Listing, stems: Collection[str], namespaces: Collection[str], progress: Progress
) -> Iterator[Examined]:
    """Examine every YAML file, in several processes if there are many."""
    jobs = [(path, role_of(path, stems, namespaces)) for path in contents.files if stem_of(path) and path != switches.FILE]
    done = 0
    for results in spread(partial(examine_batch, tree.root), jobs):
        done += len(results)
        progress(done, len(jobs))
        yield from results


def role_of(path: str, stems: Collection[str], namespaces: Collection[str]) -> str:
    """Return what a file is for: "operation", "build", or "" (a part, or nothing)."""
    stem = stem_of(path)
    if not selects(stem, stems, namespaces):
        return ""
    return "operation" if is_operation(stem) else "build"


def examine_batch(root: str, jobs: list[tuple[str, str]]) -> list[Examined]:
    with Tree(Path(root)).snapshot() as snapshot:
        extended = RememberedFiles(snapshot)
        return [examine_file(snapshot, path, extended, serves=bool(role), operation=role == "operation") for path, role in jobs]
