"""Which pipelines of a text run for a build: read as the Drone server reads it, refused where it refuses, and matched."""

from dataclasses import dataclass

from pipelines.check import documents, server, shape
from pipelines.check.document_checks import TOO_LARGE, YAML, check_documents, parse_documents
from pipelines.check.findings import Finding
from pipelines.language.nodes import Mapping, Node, text_of, value_of
from pipelines.triggers.conditions import TriggerValues, mismatches, passed_over
from texts.sentence import Sentence

UNNAMED = "default"  # as Drone calls a pipeline without a name
# The errors that are the server's own; a runner's are not, nor is what the database refuses.
DRONES = frozenset(
    check.id
    for check in (
        YAML, shape.WRONG_VALUE, server.BEFORE, server.EMPTY, server.MISSING_KIND, server.NOT_A_MAP, server.DUPLICATE,
        server.UNKNOWN, server.ITSELF, server.OS, server.ARCH,
    )
)  # fmt: skip


@dataclass(frozen=True)
class PipelineMatch:
    """A pipeline of the text, and whether it runs."""

    name: str
    reasons: tuple[Sentence, ...]  # why it does not run; empty: it runs
    passed_over: tuple[str, ...]  # keys of its trigger that Drone does not look at

    @property
    def runs(self) -> bool:
        return not self.reasons


@dataclass(frozen=True)
class Matches:
    pipelines: tuple[PipelineMatch, ...] = ()
    refused: str = ""  # why Drone refuses the text: the build then has the status error
    unknown: Sentence | str = ""  # why it cannot be said here which pipelines run

    @property
    def any_runs(self) -> bool:
        return any(pipeline.runs for pipeline in self.pipelines)


def matches_of(path: str, text: str, values: TriggerValues) -> Matches:
    """Match the pipelines of a text with a build.

    Args:
        path: of the file that serves it, for messages.
        text: what Drone gets.
        values: of the build.
    """
    if documents.is_legacy(text):
        return Matches(unknown=Sentence("The file is in Drone's format before 1.0, which Drone converts first."))
    roots, problems = parse_documents(path, documents.split(text))
    if any(problem.id == TOO_LARGE.id for problem in problems):
        return Matches(unknown=Sentence("The file is too large to be looked into here."))
    if any(server.kind_in(root) == "template" for root in roots):
        return Matches(unknown=Sentence("The file uses a template, which Drone fills in first."))
    return Matches(tuple(pipeline_match(root, values) for root in pipelines_in(roots)), refusal(path, roots, problems))


def pipelines_in(roots: list[Node]) -> list[Mapping]:
    """Return the documents that Drone takes for pipelines: all of a kind that is none of its others."""
    maps = [root for root in roots if isinstance(root, Mapping)]
    return [root for root in maps if server.kind_in(root) and server.kind_in(root) not in server.RESOURCES]


def pipeline_match(root: Mapping, values: TriggerValues) -> PipelineMatch:
    name = text_of(value_of(root, "name")) or UNNAMED
    return PipelineMatch(name, tuple(mismatches(root, values)), tuple(passed_over(root)))


def refusal(path: str, roots: list[Node], problems: list[Finding]) -> str:
    """Return the first reason for which Drone refuses the whole text, with its line; empty where it takes it."""
    findings = [*problems, *check_documents(roots), *server.lint(path, roots)]
    first = min((finding for finding in findings if finding.id in DRONES), default=None)
    return f"{first.place}: {first.message}" if first else ""
