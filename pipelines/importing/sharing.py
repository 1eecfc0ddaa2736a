"""The door of `shareprojects`: a tree → the shared files that it could have, proven to change no pipeline."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from collections.abc import Sequence as Many
from dataclasses import dataclass, field, replace

from pipelines.check.examine import is_within
from pipelines.compare.serving import served_text
from pipelines.compare.touched import extended
from pipelines.compare.universe import Owners
from pipelines.errors import ConfigError, Unusable, Vanished
from pipelines.importing.alike import FEWEST, ShareableStep, StepUse, owners, shareable_steps
from pipelines.importing.editing import edit_proven
from pipelines.language.compose import MAY_EXTEND
from pipelines.language.errors import ComposeError
from pipelines.language.limits import Budget
from pipelines.language.nodes import Mapping, Node, value_of
from pipelines.language.reader import documents
from pipelines.language.references import extends
from pipelines.language.remembered_documents import RememberedDocuments
from pipelines.reached import reached
from pipelines.resolve.from_file import ExtendedFiles
from pipelines.tree.files import SourceFile
from pipelines.tree.listing import listing, stem_of
from pipelines.tree.tree import Snapshot, Tree

SHARED = "_shared/"
Progress = Callable[[int, int], None]  # is told how many files are done, and of how many


class TreeChanged(ConfigError):
    """Somebody else writes to the tree."""


@dataclass(frozen=True)
class Sharing:
    """What is to be written."""

    steps: list[ShareableStep]  # with their uses that are edited
    before: dict[str, str]  # path → text of the files that are edited
    after: dict[str, str]  # path → text, also of the new files, which come first
    left: list[tuple[StepUse, str]]  # steps that stay as they are, and why


def share(tree: Tree, within: Collection[str] = (), progress: Progress = lambda _, __: None) -> Sharing:
    """Find what files can share, and prove for each that its pipelines mean the same afterwards.

    Args:
        tree: to look at.
        within: paths of files and folders whose steps are looked at; empty: all.
        progress: is told how far it is.

    Raises:
        TreeUnavailable: there is no tree.
        TreeChanged: it changes meanwhile.
    """
    try:
        with tree.snapshot() as snapshot:
            return sharing_of(snapshot, within, progress)
    except Vanished as error:
        raise TreeChanged(f"projects/{error} goes away or changes while it is read; run the command again.") from None


def sharing_of(snapshot: Snapshot, within: Collection[str], progress: Progress) -> Sharing:
    contents = listing(snapshot)
    sources = dict(read(snapshot, contents.files))
    wanted = {path: source for path, source in sources.items() if is_wanted(path, within)}
    folders = Owners([stem_of(path) for path in sources], ())

    def owner(path: str) -> str:
        return folders.folder(stem_of(path)) or path.partition("/")[0]

    steps = shareable_steps(
        [(path, source.text) for path, source in wanted.items()],
        [*contents.files, *contents.folders],
        list(shared_steps(sources)),
        owner,
    )
    work = Work(snapshot, sources, {step.path: step for step in steps}, owner)
    work.edit_all({use: step.path for step in steps for use in step.uses}, progress)
    while work.undo_what_changes_dependents():
        work.leave_rare()
    return work.sharing()


def is_wanted(path: str, within: Collection[str]) -> bool:
    return not path.startswith(SHARED) and is_within(path, within)


def read(snapshot: Snapshot, paths: Iterable[str]) -> Iterator[tuple[str, SourceFile]]:
    """Yield the files that can be read, and are no links: those are written where they lead."""
    for path in paths:
        try:
            file = snapshot.file_at(path) if stem_of(path) else None
            if file and file.real == path:
                yield path, snapshot.read(file)
        except Unusable:
            continue


def shared_steps(sources: dict[str, SourceFile]) -> Iterator[tuple[str, Mapping]]:
    """Yield the steps that are shared already: files of one map that is no pipeline, and extends nothing itself."""
    for path, source in sources.items():
        if path.startswith(SHARED):
            try:
                parsed = documents(path, source.text, Budget())
            except ComposeError:
                continue
            step = step_of([document.root for document in parsed])
            if step and not extends(step):
                yield path, step


def step_of(roots: Many[Node]) -> Mapping | None:
    """Return the step that a file shares; None where it holds anything else."""
    root = roots[0] if len(roots) == 1 else None
    return root if isinstance(root, Mapping) and value_of(root, "image") and not value_of(root, "kind") else None


@dataclass
class Overlaid:
    """The tree with other texts for some of its files."""

    texts: dict[str, str]
    tree: ExtendedFiles

    def text(self, path: str) -> str | None:
        return self.texts.get(path) or self.tree.text(path)

    def paths_near(self, path: str) -> list[str]:
        return self.tree.paths_near(path)


@dataclass
class Work:
    snapshot: Snapshot
    sources: dict[str, SourceFile]
    steps: dict[str, ShareableStep]  # by path of the shared file
    owner: Callable[[str], str]  # the repository that a path belongs to
    chosen: dict[str, dict[StepUse, str]] = field(default_factory=dict)  # file → its edited steps, and what they extend
    texts: dict[str, str] = field(default_factory=dict)  # path → as edited
    left: dict[StepUse, str] = field(default_factory=dict)  # why

    def __post_init__(self) -> None:
        self.memory = RememberedDocuments()
        self.shared = {path: step.text for path, step in self.steps.items() if step.text}

    def edit_all(self, wanted: dict[StepUse, str], progress: Progress) -> None:
        """Edit files, as far as each new shared file has enough steps then."""
        by_file: dict[str, dict[StepUse, str]] = defaultdict(dict)
        for use, path in wanted.items():
            by_file[use.place.path][use] = path
        for done, (file, uses) in enumerate(by_file.items(), start=1):
            self.edit(file, uses)
            progress(done, len(by_file))
        self.leave_rare()

    def leave_rare(self) -> None:
        """Leave steps as they are that too few pipelines would share."""
        while rare := self.rare():
            for file, uses in list(self.chosen.items()):
                if not rare.isdisjoint(uses.values()):
                    for use in [use for use, path in uses.items() if path in rare]:
                        self.left[use] = f"fewer than {FEWEST} pipelines are left that could share it"
                    self.edit(file, {use: path for use, path in uses.items() if path not in rare})

    def rare(self) -> set[str]:
        """Return the new shared files that too few pipelines would extend."""
        pipelines: dict[str, set[tuple[str, int]]] = defaultdict(set)
        for uses in self.chosen.values():
            for use, path in uses.items():
                pipelines[path].add(use.pipeline)
        return {path for path in self.shared if 0 < len(pipelines[path]) < FEWEST}

    def edit(self, file: str, uses: dict[StepUse, str]) -> None:
        self.chosen.pop(file, None)
        self.texts.pop(file, None)
        if not uses:
            return
        shared = {path: step.shared for path, step in self.steps.items()}
        edit = edit_proven(self.sources[file].text, uses, shared, lambda text: self.means_the_same(file, {file: text}))
        self.left |= edit.left
        if edit.uses:
            self.chosen[file], self.texts[file] = edit.uses, edit.text

    def means_the_same(self, file: str, texts: dict[str, str]) -> bool:
        """Return whether a file serves what it did, where some files have other texts; also what fails serves nothing else."""
        source, tree = self.sources[file], ExtendedFiles(self.snapshot)
        before = served_text(source, tree, self.memory.read)
        edited_source = replace(source, text=texts.get(file, source.text))
        after = served_text(edited_source, Overlaid(self.shared | texts, tree), self.memory.read)
        return bool(before.error and after.error) or before.means_the_same(after)

    def undo_what_changes_dependents(self) -> bool:
        """Undo what changes a file that extends an edited one; return whether there was such a file."""
        before = len(self.texts)
        above: dict[str, list[str]] = {}
        for path, source in self.sources.items():
            if MAY_EXTEND.search(source.text):
                above[path] = extended(path, source.text, self.memory.read)
        for path, targets in above.items():
            below = [file for file in reached(targets, lambda name: above.get(name, ())) if file in self.texts]
            if below and not self.means_the_same(path, {file: self.texts[file] for file in {path, *below} & set(self.texts)}):
                for file in below:
                    self.left |= dict.fromkeys(self.chosen.pop(file), f"projects/{path}, which extends it, would change")
                    del self.texts[file]
        return len(self.texts) < before

    def sharing(self) -> Sharing:
        uses_of: dict[str, list[StepUse]] = defaultdict(list)
        for uses in self.chosen.values():
            for use, path in uses.items():
                uses_of[path].append(use)
        steps = [
            replace(step, uses=tuple(sorted(uses_of[path], key=place)), repositories=owners(uses_of[path], self.owner))
            for path, step in self.steps.items()
            if path in uses_of
        ]
        new = {step.path: step.text for step in steps if step.text}
        before = {path: self.sources[path].text for path in sorted(self.texts)}
        after = new | {path: self.texts[path] for path in before}
        return Sharing(steps, before, after, sorted(self.left.items(), key=lambda item: item[0].place))


def place(use: StepUse) -> tuple[str, int, int]:
    return use.place
