"""Operations: the mistakes of a head, and where one stands that is none. What is right is said in pipelines.operations."""

from collections.abc import Iterator
from collections.abc import Sequence as Many

from pipelines.check.documents import beside
from pipelines.check.findings import ERROR, WARNING, Finding, check
from pipelines.check.server import kind_in
from pipelines.check.shape import key_place, texts_of
from pipelines.errors import Unusable
from pipelines.language.nodes import Mapping, Node, Place, Scalar, value_of
from pipelines.operations import head
from pipelines.operations.head_removal import FileParts, cut, parted, refuse_elsewhere
from pipelines.operations.operation import is_operation, name_of

HEAD = check("operation-head", ERROR, "a mistake in the head of an operation: an unknown key, type or level, an unusable input")
NO_PIPELINE = check("operation-without-pipeline", ERROR, "the head of an operation, and no pipeline after it")
ELSEWHERE = check("operation-elsewhere", ERROR, "`kind: operation` elsewhere than in the first document of an operation's file")
NEVER = check("operation-never-runs", WARNING, "a pipeline of an operation whose `trigger.event` leaves out custom builds")


def head_taken_off(path: str, text: str, findings: list[Finding]) -> FileParts:
    """Split an operation's head from its pipeline and add what is wrong with it to `findings`; other files have no head."""
    try:
        parts = parted(path, text)
    except Unusable as error:
        parts = cut(text)
        findings.append(NO_PIPELINE.at(Place(path, 1, 1), message(path, error)))
    if parts.head and parts.pipeline:
        above = text.removesuffix(parts.pipeline).removesuffix("\n").split("\n")
        findings += beside(path, [(len(above), above[-1].removeprefix("---").strip())])
    if is_operation(path):
        findings += [HEAD.at(error.place, error.message) for error in head.read_head(name_of(path), path, parts.head)[1]]
    return parts


def misplaced(path: str, text: str, roots: Many[Node]) -> Iterator[Finding]:
    """Yield heads where none belongs; `text` is what would be served, `roots` are its documents."""
    try:
        refuse_elsewhere(path, text)
    except Unusable as error:
        for root in roots:
            if isinstance(root, Mapping) and kind_in(root) == "operation":
                yield ELSEWHERE.at(key_place(root, "kind").place, message(path, error))


def never_runs(root: Mapping) -> Iterator[Finding]:
    """Yield a pipeline that no operation starts: operations are custom builds."""
    trigger = value_of(root, "trigger")
    event = value_of(trigger, "event") if isinstance(trigger, Mapping) else None
    if isinstance(event, Mapping):
        event = value_of(event, "include")
    events = [(event, event.value)] if isinstance(event, Scalar) and event.value else texts_of(event)
    if events and not any(text == "custom" or set(text) & set("*?[{\\") for _, text in events):
        yield NEVER.at(
            events[0][0].place,
            "operations are builds of event custom, so the pipeline never runs; add it, or remove trigger.event.",
        )


def message(path: str, error: Unusable) -> str:
    """Return the message of an error without the name of the file."""
    return str(error).removeprefix(f"projects/{path}: ")
