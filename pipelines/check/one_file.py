"""One file examined: composed as it would be served, and checked as Drone and its runners would read it."""

from collections.abc import Iterator
from collections.abc import Sequence as Many
from dataclasses import dataclass, field
from itertools import chain

from pipelines.check import documents, files, keys, operations, runner, server, shape, style, volumes
from pipelines.check.escapes import read_as_drone
from pipelines.check.findings import ERROR, WARNING, Finding, check, top
from pipelines.check.salvage import left_of
from pipelines.errors import Unusable, Vanished
from pipelines.language.compose import Composed, compose
from pipelines.language.errors import ComposeError, TooDeep, TooLarge
from pipelines.language.limits import Budget
from pipelines.language.merge_keys import expanded
from pipelines.language.nodes import Mapping, Node, Place, value_of
from pipelines.language.reader import Document
from pipelines.language.reader import documents as read_documents
from pipelines.language.references import no_such_file, path_of
from pipelines.language.references import split as split_extends
from pipelines.operations.head_removal import Cut, parted
from pipelines.resolve.resolve import keeps_its_own_file
from pipelines.tree.tree import Snapshot

YAML = check("yaml", ERROR, "text that is not YAML")
EXTENDS = check("extends", ERROR, "an `extends` that cannot be resolved, or a file that cannot be composed")
REPOSITORY = check("repository-and-more", ERROR, "`kind: repository` beside other documents, or as an operation")
TOO_LARGE = check(
    "not-checked",
    WARNING,
    "a file too large or too deep to be looked into, or with an alias within itself; it is served as it is",
)

# Said by what composes already, or not to be known where something is left out.
NOT_OF_PARTS = frozenset(
    {runner.NO_STEPS.id, runner.TWICE.id, runner.STEP_DEPENDENCY.id, runner.MAYBE_DEPENDENCY.id, volumes.UNKNOWN.id}
)
UNREAD = frozenset({YAML.id, TOO_LARGE.id})  # of these a document is missing from what is checked


@dataclass
class Examined:
    """What was found in one file."""

    path: str
    findings: list[Finding] = field(default_factory=list)  # of the file by itself
    content: list[Finding] = field(default_factory=list)  # of what builds would get
    extended: set[str] = field(default_factory=set)  # paths of other files
    has_kind: bool = False  # it is a pipeline, or something else that Drone knows, and not a part


class KeptFiles:
    """The files that are extended, each read once."""

    def __init__(self, snapshot: Snapshot) -> None:
        """Nothing is read yet."""
        self.snapshot = snapshot
        self.texts: dict[str, str | Unusable | None] = {}

    def text(self, path: str) -> str | None:
        """Read a file; None where nothing is there."""
        if path not in self.texts:
            try:
                spot = self.snapshot.spot(path)
                self.texts[path] = parted(path, self.snapshot.read(spot).text).whole if spot else None
            except Unusable as error:
                self.texts[path] = error
            except Vanished:
                self.texts[path] = Unusable(f"projects/{path}: goes away or changes while it is read; check again.")
        found = self.texts[path]
        if isinstance(found, Unusable):
            raise found
        return found

    def paths_near(self, path: str) -> list[str]:
        """Name files that may have been meant."""
        return self.snapshot.paths_near(path)


def examine_file(snapshot: Snapshot, path: str, kept: KeptFiles, *, serves: bool, operation: bool = False) -> Examined:
    """Examine one file.

    Args:
        snapshot: the tree.
        path: of the file.
        kept: what it may extend.
        serves: builds get it; otherwise it is a part for others.
        operation: it is one, which only custom builds run.
    """
    found = Examined(path)
    source = files.read(snapshot, path)
    if isinstance(source, Finding):
        found.findings.append(source)
        return found
    examine_text(found, source.text, kept, serves=serves, operation=operation)
    return found


def examine_text(found: Examined, text: str, kept: KeptFiles, *, serves: bool, operation: bool) -> None:
    """Examine what a file says; arguments as of `examine_file`."""
    path = found.path
    parts = operations.head_taken_off(path, text, found.findings)
    if any(finding.id == operations.NO_PIPELINE.id for finding in found.findings):
        found.has_kind = True
        return
    try:
        composed = compose(path, parts.whole, kept)
    except ComposeError as error:
        found.findings.append(broken(error))
        salvage(found, parts.whole, kept, serves=serves, operation=operation)
        return
    found.extended.update(composed.sources[1:])
    if not serves:
        found.findings += [] if composed.roots else part(path, parts.whole)
        found.has_kind = says_kind(text)
        return
    try:
        if keeps_its_own_file(path, composed.text):
            found.has_kind = True
            return
    except Unusable as error:
        found.findings.append(REPOSITORY.at(top(path), files.unusable(path, error).message))
        return
    found.content += served(found, composed, parts, operation=operation)


def broken(error: ComposeError) -> Finding:
    """Turn an error of composing into a finding."""
    if error.message.startswith("is not YAML: "):
        return YAML.at(error.place, error.message)
    return EXTENDS.at(error.place, error.message)


def says_kind(text: str) -> bool:
    """Does a text look like more than a part of a pipeline?"""
    return any(line.startswith(("kind:", "steps:", "extends:")) for line in text.split("\n"))


def part(path: str, text: str) -> list[Finding]:
    """Look whether a shared file that extends nothing is YAML."""
    try:
        for document in read_documents(path, text, Budget()):
            expanded(document.root)
    except (TooDeep, TooLarge):
        return []
    except ComposeError as error:
        return [YAML.at(error.place, error.message)]
    return []


def served(found: Examined, composed: Composed, parts: Cut, *, operation: bool) -> Iterator[Finding]:
    """Check what a build would get."""
    complete = True
    if composed.roots:
        roots = [expanded(root) for root in composed.roots]
    else:
        if documents.is_legacy(parts.pipeline):
            found.has_kind = True
            yield documents.LEGACY.at(
                top(found.path), "has a line `pipeline:`: Drone converts the whole file from the format before 1.0."
            )
            return
        whole = documents.split(parts.pipeline, parts.whole.count("\n") - parts.pipeline.count("\n"))
        yield from documents.traps(found.path, whole)
        roots, problems = parsed(found.path, whole)
        yield from problems
        complete = not any(problem.id in UNREAD for problem in problems)
    heads = list(operations.misplaced(found.path, composed.text, roots))
    yield from heads
    roots = [root for root in roots if not heads or server.kind_in(root) != "operation"]
    found.has_kind = bool(heads) or any(map(server.kind_in, roots))
    if any(server.kind_in(root) == "template" for root in roots):
        return  # Drone makes something else of the whole file first
    yield from each(roots, operation=operation)
    yield from server.lint(found.path, roots, complete=complete)


def parsed(path: str, whole: documents.Split) -> tuple[list[Node], list[Finding]]:
    """Read the documents of a file that is served as it is written, each by itself, as Drone does."""
    roots: list[Node] = []
    problems: list[Finding] = []
    for chunk in whole.chunks:
        place = Place(path, chunk.line - chunk.separated, 1)
        try:
            document, rest = read_as_drone(path, "\n" * (chunk.line - 1) + chunk.text.removeprefix("\ufeff"))
        except (TooDeep, TooLarge) as error:
            problems.append(TOO_LARGE.at(error.place, f"{error.message} It is served, and not looked into."))
        except ComposeError as error:
            # An alias within itself Drone reads under keys that it does not know, and in some that it does.
            entangled = "contains itself" in error.message
            problems.append((TOO_LARGE if entangled else YAML).at(error.place, error.message))
        else:
            if rest:
                problems.append(
                    documents.AFTER.at(rest, "the document has ended before: Drone reads nothing from here on; indent it alike.")
                )
            if document is None:
                problems.append(nothing_in(chunk, place, alone=len(whole.chunks) == 1))
                continue
            roots.append(expanded(document.root, lenient=True))
            if roots[-1] is not document.root:  # of doubled keys the last counts, and all are read
                problems += shape.wrong_values(server.kind_in(roots[-1]), document.root)
    return roots, problems


def nothing_in(chunk: documents.Chunk, place: Place, *, alone: bool) -> Finding:
    """Say that a document is empty, and where it came from."""
    if not chunk.separated and not alone:
        return server.BEFORE.at(place, "what stands before the first --- is a document without a kind to Drone; move it below.")
    what = "nothing follows the ---" if chunk.separated else "there is nothing in it but comments"
    return server.EMPTY.at(place, f"{what}: a document without a kind, for which Drone refuses the whole file; remove it.")


def each(roots: Many[Node], *, operation: bool = False) -> Iterator[Finding]:
    """Check the documents one by one."""
    for root in roots:
        yield from server.without_kind(root)
        if isinstance(root, Mapping):
            yield from shape.wrong_values(server.kind_in(root), root)
            yield from keys.keys(root)
            yield from runner.steps(root)
            yield from volumes.volumes(root)
            yield from operations.never_runs(root) if operation else style.style(root)


def salvage(found: Examined, text: str, kept: KeptFiles, *, serves: bool, operation: bool) -> None:
    """Find what else there is in a file that cannot be composed: document by document, and reference by reference."""
    found.has_kind = says_kind(text)
    try:
        read = read_documents(found.path, text, Budget())
    except ComposeError:
        return
    roots: list[Node] = []
    left_out: set[str] = set()  # ids of checks
    for document in read:
        left = left_of(found.path, document, kept)
        roots += left.roots
        found.extended.update(left.sources)
        found.findings += map(broken, left.errors)
        if left.is_partial:
            found.findings += references(found, document, kept)
            left_out |= NOT_OF_PARTS
        if serves:
            found.content += chain.from_iterable(map(by_itself, left.own))
    found.findings = list(dict.fromkeys(found.findings))
    if serves:
        content = [*each(roots, operation=operation), *server.lint(found.path, roots, complete=False)]
        found.content += [finding for finding in content if finding.id not in left_out]


def by_itself(root: Node) -> Iterator[Finding]:
    """Check a document of which only its own keys are known."""
    if isinstance(root, Mapping):
        yield from shape.wrong_values(server.kind_in(root), root)
        if value_of(root, "type"):
            yield from keys.keys(root)


def references(found: Examined, document: Document, kept: KeptFiles) -> Iterator[Finding]:
    """Find every file that is extended and is not there."""
    for mapping in document.extending:
        try:
            for reference in split_extends(mapping)[0] or ():
                path = path_of(reference, found.path)
                found.extended.add(path)
                if kept.text(path) is None:
                    yield broken(no_such_file(reference, path, kept.paths_near(path)))
        except ComposeError as error:
            yield broken(error)
        except Unusable:
            continue  # the file itself is found unusable
