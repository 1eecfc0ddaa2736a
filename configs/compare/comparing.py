"""Two trees → what changes between them."""

import difflib
import os
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NamedTuple

from configs.check.listing import Listing, listing, stem_of
from configs.check.processes import spread
from configs.compare.serving import Served, served
from configs.compare.universe import Case, universe
from configs.compose.composing import MAY_EXTEND
from configs.tree import Tree

CHANGES, BREAKS, MENDED, STAYS_BROKEN = "changes", "breaks", "mended", "stays broken"


class Pair(NamedTuple):
    """The files that serve a build in both trees; empty where there is none."""

    base: str
    head: str
    operation: bool


class Change(NamedTuple):
    """What changes for the builds that a pair serves."""

    kind: str  # CHANGES, BREAKS, MENDED or STAYS_BROKEN
    diff: str  # unified; empty where there is nothing to compare
    error: str  # why it breaks, or was broken


@dataclass
class Group:
    """Builds that change alike."""

    change: Change  # of the first of them
    cases: list[Case] = field(default_factory=list)


@dataclass(frozen=True)
class Compared:
    """The difference between two trees."""

    count: int  # builds that were compared
    groups: list[Group]  # those with the most builds first

    def of(self, *kinds: str) -> list[Case]:
        """List the builds to which something happens."""
        return [case for group in self.groups if group.change.kind in kinds for case in group.cases]


def compare(
    base: Tree,
    head: Tree,
    namespaces: Collection[str] = (),
    slugs: Iterable[str] = (),
    progress: Callable[[int, int], None] = lambda _, __: None,
) -> Compared:
    """Compare what two trees serve.

    Args:
        base: as it was.
        head: as it will be.
        namespaces: those whose repositories may use a plain `<name>/` folder; empty: all.
        slugs: repositories to compare beside those that have a file.
        progress: is told how far it is.

    Raises:
        TreeUnavailable: one of them is not there.
    """
    there = {stem for tree in (base, head) for stem in stems_of(tree)}
    cases = universe(there, namespaces, slugs)
    before, after = frozenset(stems_of(base)), frozenset(stems_of(head))
    pairs: dict[Pair, list[Case]] = {}
    for case in cases:
        pair = Pair(first(case.paths, before), first(case.paths, after), bool(case.operation))
        pairs.setdefault(pair, []).append(case)
    groups: dict[tuple[str, str], Group] = {}
    done = 0
    for batch in spread(partial(changes, base.root, head.root), list(pairs)):
        done += len(batch)
        progress(done, len(pairs))
        for pair, change in batch:
            if change:
                group = groups.setdefault(alike(change), Group(change))
                group.cases += pairs[pair]
    return Compared(len(cases), sorted(groups.values(), key=lambda group: (-len(group.cases), group.cases)))


def stems_of(tree: Tree) -> list[str]:
    """List what may serve in a tree, without endings; folders of such names too, which make those builds fail."""
    with tree.snapshot() as snapshot:
        found: Listing = listing(snapshot)
    return [stem for path in (*found.files, *found.folders) if (stem := stem_of(path))]


def first(paths: Iterable[str], stems: Collection[str]) -> str:
    """Give the first path that is there."""
    return next((path for path in paths if stem_of(path) in stems), "")


def alike(change: Change) -> tuple[str, str]:
    """Give what changes have in common that people would call the same."""
    if change.kind != CHANGES:
        return change.kind, change.error
    lines = change.diff.split("\n")[2:]
    return change.kind, "\n".join(line for line in lines if line[:1] in {"+", "-"})


def changes(base_root: str, head_root: str, pairs: list[Pair]) -> list[tuple[Pair, Change | None]]:
    """Compare some pairs."""
    base, head = Tree(Path(base_root)), Tree(Path(head_root))
    same: dict[str, bool] = {}

    def unchanged(path: str) -> bool:
        if path not in same:
            same[path] = content(base_root, path) == content(head_root, path) is not None
        return same[path]

    return [(pair, changed(base, head, pair, unchanged)) for pair in pairs]


def content(root: str, path: str) -> bytes | None:
    """Read a file only to see whether it is another one; None where it cannot be."""
    try:
        return Path(root, path).read_bytes() if os.path.isfile(os.path.join(root, path)) else None
    except OSError:
        return None


def changed(base: Tree, head: Tree, pair: Pair, unchanged: Callable[[str], bool]) -> Change | None:
    """Say what changes for the builds of one pair; None where nothing does."""
    if pair.base == pair.head and unchanged(pair.head):
        text = content(head.root, pair.head)
        if text and not MAY_EXTEND.search(text.decode(errors="replace")):
            return None
    after = served(head, pair.head, operation=pair.operation)
    if pair.base == pair.head and after.sources and all(map(unchanged, after.sources)):
        return None
    before = served(base, pair.base, operation=pair.operation)
    if before == after or (not before.error and not after.error and before.text == after.text):
        return None
    was, is_now = before.broken(), after.broken()
    kind = MENDED if was and not is_now else BREAKS if is_now and not was else STAYS_BROKEN if was and is_now else CHANGES
    return Change(kind, diff(pair, before, after), is_now or was)


def diff(pair: Pair, before: Served, after: Served) -> str:
    """Write the unified diff of what is served."""
    names = (f"projects/{pair.base}" if pair.base else "/dev/null", f"projects/{pair.head}" if pair.head else "/dev/null")
    if before.error and after.error:
        return ""
    was, is_now = (found.text.splitlines(keepends=True) for found in (before, after))
    lines = difflib.unified_diff(was, is_now, *names)
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def names(cases: Iterable[Case]) -> Iterator[str]:
    """Name builds, those of one repository together."""
    together: dict[str, list[str]] = {}
    for case in cases:
        together.setdefault(case.repository, []).append(case.branch or f"operation {case.operation}")
    for repository, branches in together.items():
        yield f"{repository} ({', '.join(branches)})"
