"""What one tree serves, and whether Drone would take it."""

import re
from collections.abc import Hashable
from collections.abc import Sequence as Many
from dataclasses import asdict, dataclass, field
from functools import lru_cache

import yaml

from pipelines.check.document_checks import UNREAD, check_documents, parse_documents, refused_by_drone
from pipelines.check.documents import is_legacy, split
from pipelines.check.findings import ERROR, Finding
from pipelines.check.server import kind_in, lint
from pipelines.check.substitution import in_text
from pipelines.compare.meaning import meaning_of
from pipelines.errors import ConfigError
from pipelines.language.compose import Composed
from pipelines.language.merge_keys import expanded
from pipelines.language.nodes import Node
from pipelines.language.splice import Files, Read
from pipelines.operations.operation import Operation
from pipelines.resolve.from_file import ExtendedFiles, Resolved, from_source
from pipelines.tree.consistent_reads import read_consistently
from pipelines.tree.files import SourceFile
from pipelines.tree.tree import Snapshot, Tree

OWN_FILE = "# The repository keeps its own file (kind: repository).\n"
NOTHING = "no file serves it"
# A `${` in what may be a comment, but for the simple forms that no runner refuses.
ODD_COMMENT = re.compile(r"(?:^|[ \t])#[^\n]*(?<!\$)\$\{(?!#?\w+\}|\w+(?::[-=?+]|=)[^{}\n]+\})", re.MULTILINE)
NOT_COMPARED = frozenset({"signature", "template"})  # one holds for these very bytes, of the other Drone makes something else


@dataclass(frozen=True)
class Served:
    text: str  # empty where it gets an error
    error: str  # of edrone; empty where it serves
    head: str = ""  # what is said of an operation, which Drone does not get
    level: str = ""  # of an operation
    path: str = field(default="", compare=False)
    roots: tuple[Node, ...] = field(default=(), compare=False)  # of the documents, where they were composed

    def broken(self) -> str:
        """Return why the build would fail before it runs; empty if it would not."""
        if self.error or not self.roots:
            return self.error or refused(self.text)
        if is_legacy(self.text):
            return ""
        return wrong(self.path, self.text, [expanded(root) for root in self.roots], [*refused_by_drone(self.text)])

    def means_the_same(self, other: "Served") -> bool:
        """Return whether builds do the same with another text, as far as that can be told."""
        if self.error or other.error or self.head != other.head:
            return False
        meant = self.meaning()
        return meant is not None and meant == other.meaning()

    def meaning(self) -> tuple[Hashable, ...] | None:
        """Return what Drone and runners make of the text; None where that is not known, or every byte counts."""
        if is_legacy(self.text) or self.text == OWN_FILE:
            return None  # Drone makes something else of it first
        if ODD_COMMENT.search(self.text):
            return None  # runners may refuse the text for a comment, which composing drops
        parts = split(self.text)
        roots, problems = ([expanded(root) for root in self.roots], []) if self.roots else parse_documents("", parts)
        unknown = parts.too_long or any(problem.id in UNREAD for problem in problems)
        return None if unknown or any(kind_in(root) in NOT_COMPARED for root in roots) else meaning_of(roots)

    @property
    def shown(self) -> str:
        return f"{self.head}---\n{self.text}" if self.head else self.text


def served(tree: Tree, path: str, read: Read) -> Served:
    """Return what a file serves; path "" stands for none, `read` is as of `compose`."""
    if not path:
        return Served("", NOTHING)
    try:
        answer = read_consistently(tree, lambda snapshot: resolved(snapshot, path, read))
    except ConfigError as error:
        return Served("", str(error))
    if answer is None:
        return Served("", NOTHING)
    return served_as(*answer)


def served_text(source: SourceFile, files: Files, read: Read) -> Served:
    """Return what a text would serve as a file, with these files to extend."""
    try:
        return served_as(*from_source(source, files, read))
    except ConfigError as error:
        return Served("", str(error))


def served_as(result: Resolved, composed: Composed) -> Served:
    text = OWN_FILE if result.yaml is None else result.yaml
    level = result.operation.level if result.operation else ""
    return Served(text, "", head_of(result.operation), level, result.path, composed.roots)


def resolved(snapshot: Snapshot, path: str, read: Read) -> tuple[Resolved, Composed] | None:
    """Return a file, or its twin that ends in .yml, composed; None if neither exists."""
    source = snapshot.find(path)
    return from_source(source, ExtendedFiles(snapshot), read) if source else None


def head_of(operation: Operation | None) -> str:
    """Return the head of an operation in one form, whatever its form in the file; empty if there is none."""
    if not operation or operation.inputs is None:
        return ""
    texts = {key: getattr(operation, key) for key in ("title", "description", "level", "target") if getattr(operation, key)}
    inputs = {}
    for wanted in operation.inputs:
        values = {key: value for key, value in asdict(wanted).items() if key != "name" and value not in {"", None, False, ()}}
        inputs[wanted.name] = values | ({"options": list(wanted.options)} if wanted.options else {}) | default_of(wanted.default)
    head = {"kind": "operation", **texts, **({"inputs": inputs} if inputs else {})}
    return yaml.safe_dump(head, sort_keys=False, allow_unicode=True, width=10_000)


def default_of(value: str | None) -> dict[str, str]:
    return {} if value is None else {"default": value}


@lru_cache(maxsize=1024)
def refused(text: str) -> str:
    """Return why Drone or a runner would refuse a text; empty if they would take it."""
    if text == OWN_FILE or is_legacy(text):
        return ""
    roots, problems = parse_documents("", split(text))
    return wrong("", text, roots, problems)


def wrong(path: str, text: str, roots: Many[Node], problems: Many[Finding]) -> str:
    """Return the first error in the documents of a text; empty if there is none."""
    findings = [*problems, *check_documents(roots), *lint(path, roots)]
    if not any(problem.id in UNREAD for problem in problems) and any(kind_in(root) == "pipeline" for root in roots):
        findings += in_text(path, text, split(text), roots)
    return next((f"{finding.id}: {finding.message}" for finding in findings if finding.severity == ERROR), "")
