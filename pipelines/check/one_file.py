"""One file examined: composed as it would be served, and checked as Drone and its runners would read it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain

from pipelines.check import documents, files, keys, operations, runner, server, style, substitution, volumes
from pipelines.check.document_checks import UNREAD, YAML, check_documents, parse_documents, refused_by_drone, wrong_values
from pipelines.check.duplicate_keys import duplicate_keys
from pipelines.check.extended_files import RememberedFiles
from pipelines.check.findings import ERROR, Finding, check, top
from pipelines.check.salvage import left_of
from pipelines.check.signatures import left_out, stale
from pipelines.check.switches import Switch, allowed
from pipelines.check.trust import needs_trust
from pipelines.errors import Unusable
from pipelines.language.compose import Composed, compose
from pipelines.language.errors import ComposeError, TooDeep, TooManyNodes
from pipelines.language.limits import Budget
from pipelines.language.merge_keys import expanded
from pipelines.language.nodes import Mapping, Node, value_of
from pipelines.language.reader import Document
from pipelines.language.reader import documents as read_documents
from pipelines.language.references import no_such_file, path_of
from pipelines.language.references import split as split_extends
from pipelines.operations.head_removal import FileParts
from pipelines.resolve.repository_kind import keeps_its_own_file
from pipelines.tree.tree import Snapshot

EXTENDS = check("extends", ERROR, "an `extends` that cannot be resolved, or a file that cannot be composed")
REPOSITORY = check("repository-and-more", ERROR, "`kind: repository` beside other documents, or as an operation")
# Said by what composes already, or not to be known where something is left out.
NOT_OF_PARTS = frozenset(
    {runner.NO_STEPS.id, runner.TWICE.id, runner.STEP_DEPENDENCY.id, runner.MAYBE_DEPENDENCY.id, volumes.UNKNOWN.id}
)


@dataclass
class Examined:
    path: str
    findings: list[Finding] = field(default_factory=list)  # of the file by itself
    content: list[Finding] = field(default_factory=list)  # of what builds would get
    once: list[Finding] = field(default_factory=list)  # likewise, told once a tree
    allowed: list[Switch] = field(default_factory=list)  # what comments switch off
    extended: set[str] = field(default_factory=set)  # paths of other files
    is_served: bool = False  # `content` is what builds get
    has_kind: bool = False  # it is a pipeline, or something else that Drone knows, and not a part


def examine_file(snapshot: Snapshot, path: str, extended: RememberedFiles, *, serves: bool, operation: bool = False) -> Examined:
    """Examine one file.

    Args:
        snapshot: the tree.
        path: of the file.
        extended: the files that it may extend.
        serves: builds get it; otherwise it is a part for others.
        operation: it is one, which only custom builds run.
    """
    examined = Examined(path)
    source = files.read(snapshot, path)
    if isinstance(source, Finding):
        examined.findings.append(source)
        return examined
    examined.allowed += allowed(path, source.text)
    examine_text(examined, source.text, extended, serves=serves, operation=operation)
    return examined


def examine_text(examined: Examined, text: str, extended: RememberedFiles, *, serves: bool, operation: bool) -> None:
    path = examined.path
    parts = operations.head_taken_off(path, text, examined.findings)
    if any(finding.id == operations.NO_PIPELINE.id for finding in examined.findings):
        examined.has_kind = True
        return
    try:
        composed = compose(path, parts.padded, extended, extended.documents.read)
    except ComposeError as error:
        examined.findings.append(broken(error))
        salvage(examined, parts.padded, extended, serves=serves, operation=operation)
        return
    examined.extended.update(composed.sources[1:])
    if composed.roots:
        examined.findings += documents.behind_end(path, documents.split(parts.padded))
        examined.findings += doubled_in(path, parts.padded, extended)
        examined.findings += left_out(roots_of(path, parts.padded, extended))
    if not serves:
        examined.findings += [] if composed.roots else check_part(path, parts.padded)
        examined.has_kind = says_kind(text)
        return
    try:
        if keeps_its_own_file(path, composed.text):
            examined.has_kind = True
            return
    except Unusable as error:
        examined.findings.append(REPOSITORY.at(top(path), files.unusable(path, error).message))
        return
    examined.is_served = True
    examined.content += check_served(examined, composed, parts, extended, operation=operation)


def broken(error: ComposeError) -> Finding:
    """Return the finding for a file that cannot be composed."""
    if error.message.startswith("is not YAML: "):
        return YAML.at(error.place, error.message)
    return EXTENDS.at(error.place, error.message)


def says_kind(text: str) -> bool:
    """Return whether a text looks like more than a part of a pipeline."""
    return any(line.startswith(("kind:", "steps:", "extends:")) for line in text.split("\n"))


def check_part(path: str, text: str) -> list[Finding]:
    """Return what is wrong in a shared file that extends nothing: it may not be YAML."""
    findings = [*documents.behind_end(path, documents.split(text))]
    try:
        for document in read_documents(path, text, Budget()):
            if expanded(document.root) is not document.root:
                findings += duplicate_keys(document.root)
            findings += left_out([document.root])
    except (TooDeep, TooManyNodes):
        return []
    except ComposeError as error:
        return [YAML.at(error.place, error.message)]
    return findings


def doubled_in(path: str, text: str, extended: RememberedFiles) -> Iterator[Finding]:
    """Yield the keys that stand twice in a file that could be composed: there the last one counts, too."""
    for root in roots_of(path, text, extended):
        yield from duplicate_keys(root)


def roots_of(path: str, text: str, extended: RememberedFiles) -> list[Node]:
    return [document.root for document in extended.documents.read(path, text, Budget())]


def check_served(
    examined: Examined, composed: Composed, parts: FileParts, extended: RememberedFiles, *, operation: bool
) -> Iterator[Finding]:
    """Yield what is wrong in what a build would get."""
    problems: list[Finding] = []
    if documents.is_legacy(composed.text):
        examined.has_kind = True
        yield documents.LEGACY.at(
            top(examined.path),
            "has a line `pipeline:`: Drone converts the whole file from the format before 1.0; its content is not checked here.",
        )
        for path in composed.sources[1:]:  # Drone runs both steps of one name, and edrone has read them by then
            yield from doubled_in(path, extended.text(path) or "", extended)
        return
    if composed.roots:
        roots = [expanded(root) for root in composed.roots]
        problems += unread_by_drone(composed)
    else:
        split = documents.split(parts.pipeline, parts.padded.count("\n") - parts.pipeline.count("\n"))
        yield from documents.traps(examined.path, split)
        roots, problems = parse_documents(examined.path, split)
    yield from problems
    heads = list(operations.misplaced(examined.path, composed.text, roots))
    yield from heads
    roots = [root for root in roots if not heads or server.kind_in(root) != "operation"]
    examined.has_kind = bool(heads) or any(map(server.kind_in, roots))
    if any(server.kind_in(root) == "template" for root in roots):
        return  # Drone makes something else of the whole file first
    complete = not any(problem.id in UNREAD for problem in problems)
    yield from check_documents(roots, operation=operation)
    yield from server.lint(examined.path, roots, complete=complete)
    yield from stale(roots)
    advise(examined, roots, operation=operation)
    if composed.roots:
        yield from substitution.in_nodes(roots, composed.text, extended)
    elif complete and any(server.kind_in(root) == "pipeline" for root in roots):
        yield from substitution.in_text(examined.path, parts.padded, split, roots)


def unread_by_drone(composed: Composed) -> Iterator[Finding]:
    """Yield what edrone's parser reads and Drone's refuses: composing passes it on as it is written."""
    for finding in refused_by_drone(composed.text):
        position = (finding.line, finding.column)
        before = [origin.place for origin in composed.origins if (origin.line, origin.column) <= position]
        yield YAML.at(before[-1], finding.message)


def advise(examined: Examined, roots: Iterable[Node], *, operation: bool) -> None:
    """Add what works, and may not be meant, or not everywhere."""
    pipelines = [root for root in roots if isinstance(root, Mapping)]
    examined.once += chain.from_iterable(map(needs_trust, pipelines))
    if not operation:
        findings = examined.content if style.people_start(pipelines) else examined.once
        findings += chain.from_iterable(map(style.style, pipelines))


def salvage(examined: Examined, text: str, extended: RememberedFiles, *, serves: bool, operation: bool) -> None:
    """Find what else is wrong in a file that cannot be composed: document by document, and reference by reference."""
    examined.has_kind = says_kind(text)
    try:
        read = read_documents(examined.path, text, Budget())
    except ComposeError:
        return
    roots: list[Node] = []
    left_out: set[str] = set()  # ids of checks
    for document in read:
        left = left_of(examined.path, document, extended)
        roots += left.roots
        examined.extended.update(left.sources)
        examined.findings += map(broken, left.errors)
        if left.is_partial:
            examined.findings += references(examined, document, extended)
            left_out |= NOT_OF_PARTS
        if serves:
            examined.content += chain.from_iterable(map(by_itself, left.own))
    examined.findings = list(dict.fromkeys(examined.findings))
    if serves:
        content = [*check_documents(roots, operation=operation), *server.lint(examined.path, roots, complete=False)]
        examined.content += [finding for finding in content if finding.id not in left_out]
        advise(examined, roots, operation=operation)


def by_itself(root: Node) -> Iterator[Finding]:
    """Yield what is wrong in a document of which only its own keys are known."""
    if isinstance(root, Mapping):
        yield from wrong_values(root)
        if value_of(root, "type"):
            yield from keys.keys(root)


def references(examined: Examined, document: Document, extended: RememberedFiles) -> Iterator[Finding]:
    """Yield each reference to a file that does not exist."""
    for mapping in document.extending:
        try:
            for reference in split_extends(mapping)[0] or ():
                path = path_of(reference, examined.path)
                examined.extended.add(path)
                if extended.text(path) is None:
                    yield broken(no_such_file(reference, path, extended.paths_near(path)))
        except ComposeError as error:
            yield broken(error)
        except Unusable:
            continue  # the file itself is examined unusable
