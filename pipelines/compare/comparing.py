"""Two trees → what changes between them."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

from pipelines.check.processes import spread
from pipelines.compare.serving import Served, served
from pipelines.compare.touched import Touched
from pipelines.compare.universe import Case, universe
from pipelines.language.remembered_documents import RememberedDocuments
from pipelines.language.splice import Read
from pipelines.operations.operation import LEVELS, is_operation
from pipelines.tree.listing import Listing, listing, stem_of
from pipelines.tree.tree import Tree
from texts.differences import TooDifferent, ended, lines_of, unified

CHANGES, BREAKS, FIXED, STAYS_BROKEN = "changes", "breaks", "fixed", "stays broken"
REWRITTEN = "rewritten"  # written otherwise, and means the same

CHAIN = " (extended from projects/"  # begins what ends an error with a bracket


class Pair(NamedTuple):
    """The files that serve a build in both trees; empty if none does."""

    base: str
    head: str


class Change(NamedTuple):
    """What changes for the builds that a pair serves."""

    kind: str  # CHANGES, BREAKS, FIXED, STAYS_BROKEN or REWRITTEN
    diff: str  # unified; empty where there is nothing to compare
    error: str  # why it breaks, or was broken
    remark: str = ""  # what is easily overlooked in the diff
    opens: bool = False  # an operation needs less than before


@dataclass
class Group:
    """Builds that the second tree changes in the same way."""

    change: Change  # of the first of them
    cases: list[Case] = field(default_factory=list)


@dataclass(frozen=True)
class Compared:
    count: int  # builds that were compared
    groups: list[Group]  # those with the most builds first
    remark: str = ""  # on what was compared

    def of(self, *kinds: str) -> list[Case]:
        """Return the builds whose change is of one of these kinds."""
        return [case for group in self.groups if group.change.kind in kinds for case in group.cases]

    def by_text(self) -> "Compared":
        """Return the same, where what is only written otherwise is a change, too."""
        groups = [
            replace(group, change=group.change._replace(kind=CHANGES)) if group.change.kind == REWRITTEN else group
            for group in self.groups
        ]
        return replace(self, groups=groups)


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
    before, after = stems_of(base), stems_of(head)
    cases = universe(before | after, namespaces, slugs)
    pairs: dict[Pair, list[Case]] = {}
    for case in cases:
        pair = Pair(first(case.paths, before), first(case.paths, after))
        pairs.setdefault(pair, []).append(case)
    groups: dict[tuple[str, str], Group] = {}
    done = 0
    for batch in spread(partial(changes, base.root, head.root), list(pairs)):
        done += len(batch)
        progress(done, len(pairs))
        for pair, change in batch:
            if change:
                group = groups.setdefault(alike(change, pair), Group(change))
                group.cases += pairs[pair]
    return Compared(len(cases), sorted(groups.values(), key=lambda group: (-len(group.cases), group.cases)))


def stems_of(tree: Tree) -> frozenset[str]:
    """Return what may serve in a tree, without endings; folders of such names too, which make those builds fail."""
    with tree.snapshot() as snapshot:
        contents: Listing = listing(snapshot)
    return frozenset(stem for path in (*contents.files, *contents.folders) if (stem := stem_of(path)))


def first(paths: Iterable[str], stems: Collection[str]) -> str:
    """Return the first path that exists."""
    return next((path for path in paths if stem_of(path) in stems), "")


def alike(change: Change, pair: Pair) -> tuple[str, str]:
    """Return what makes two changes the same to people: of errors what is wrong, not in whose file."""
    if change.kind not in {CHANGES, REWRITTEN}:
        own = "|".join(re.escape(stem_of(path)) for path in pair if path)
        error = change.error.partition(CHAIN)[0] if change.error.endswith(")") else change.error
        return change.kind, re.sub(rf"projects/(?:(?:{own})\.ya?ml)?(?::\d+)+", "", error)
    lines = change.diff.split("\n")[2:]
    return change.kind, "\n".join(line for line in lines if line[:1] in {"+", "-"})


def changes(base_root: str, head_root: str, pairs: list[Pair]) -> list[tuple[Pair, Change | None]]:
    """Compare some pairs, in a process of its own."""
    base, head = Tree(Path(base_root)), Tree(Path(head_root))
    with base.snapshot() as before, head.snapshot() as after:
        read = RememberedDocuments().read
        touched = Touched(before, after, read)
        return [(pair, None if is_untouched(pair, touched) else changed(base, head, pair, read)) for pair in pairs]


def is_untouched(pair: Pair, touched: Touched) -> bool:
    """Return whether the same file serves in both trees, from the same files."""
    return pair.base == pair.head and touched.serves_the_same(pair.head)


def changed(base: Tree, head: Tree, pair: Pair, read: Read) -> Change | None:
    """Return what changes for the builds of a pair; None if nothing does."""
    before, after = served(base, pair.base, read), served(head, pair.head, read)
    if before == after:
        return None
    was, is_now = broken(before, pair.base or pair.head, pair.base), broken(after, pair.head or pair.base, pair.head)
    kind = FIXED if was and not is_now else BREAKS if is_now and not was else STAYS_BROKEN if was and is_now else CHANGES
    if kind == CHANGES and before.means_the_same(after):
        kind = REWRITTEN
    # That nothing is served any more is no diff worth reading.
    shown = "" if kind == BREAKS and after.error else diff(pair, before, after)
    return Change(kind, shown, is_now or was, remark(before, after), opens(before, after))


def broken(result: Served, path: str, served_by: str) -> str:
    """Return why builds fail; builds of an operation that does not exist do not."""
    return "" if is_operation(path) and not served_by else result.broken()


def remark(before: Served, after: Served) -> str:
    """Return who may start an operation from now on, if that changes."""
    if not (before.level and after.level) or before.level == after.level:
        return ""
    who = "more" if opens(before, after) else "fewer"
    return f"the level is {after.level} and was {before.level}: {who} people may start it"


def opens(before: Served, after: Served) -> bool:
    """Return whether more people may start an operation than before."""
    return bool(before.level and after.level) and LEVELS.index(after.level) < LEVELS.index(before.level)


def diff(pair: Pair, before: Served, after: Served) -> str:
    names = (f"projects/{pair.base}" if pair.base else "/dev/null", f"projects/{pair.head}" if pair.head else "/dev/null")
    if before.error and after.error:
        return ""
    try:
        return "".join(map(ended, unified(lines_of(before.shown), lines_of(after.shown), *names)))
    except TooDifferent:
        return "The texts differ too much to be compared line by line.\n"


def names(cases: Iterable[Case]) -> Iterator[str]:
    """Yield the names of builds, those of one repository together."""
    together: dict[str, list[str]] = {}
    for case in cases:
        together.setdefault(case.repository, []).append(case.branch or f"operation {case.operation}")
    for repository, branches in together.items():
        yield f"{repository} ({', '.join(branches)})"
