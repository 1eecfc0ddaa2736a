"""Operations: the mistakes of a head, and where one stands that is none. What is right is said in pipelines.operations."""

from collections.abc import Iterator
from collections.abc import Sequence as Many

from pipelines.check.documents import beside
from pipelines.check.findings import ERROR, WARNING, Finding, check
from pipelines.check.keys import items
from pipelines.check.never_matches import narrowings, remaining_events
from pipelines.check.server import kind_in
from pipelines.check.shape import key_place
from pipelines.errors import Unusable
from pipelines.language.nodes import Mapping, Node, Place, Sequence, value_of
from pipelines.operations import head
from pipelines.operations.head_removal import FileParts, cut, parted, refuse_elsewhere
from pipelines.operations.operation import is_operation, name_of
from pipelines.triggers.conditions import condition_of

HEAD = check(
    "operation-head", ERROR, "a mistake in the head of an operation: an unknown key, type, level or target, an unusable input"
)
NO_PIPELINE = check("operation-without-pipeline", ERROR, "the head of an operation, and no pipeline after it")
ELSEWHERE = check("operation-elsewhere", ERROR, "`kind: operation` elsewhere than in the first document of an operation's file")
NEVER = check("operation-never-runs", WARNING, "a pipeline or step of an operation whose conditions leave out custom builds")


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
    """Yield a pipeline that no operation starts, and its steps that none runs: operations are custom builds."""
    if found := list(leaves_out_custom(value_of(root, "trigger"), "trigger", "pipeline")):
        yield from found
        return
    for step in (*items(root, "services"), *items(root, "steps")):
        when = value_of(step, "when")
        if when and is_operation(when.place.path):  # a step of a shared file may be there for other builds
            yield from leaves_out_custom(when, "when", "step")


def leaves_out_custom(conditions: Node | None, key: str, who: str) -> Iterator[Finding]:
    if not isinstance(conditions, Mapping) or "custom" in (remaining := remaining_events(conditions)):
        return
    event = value_of(conditions, "event")
    if event and condition_of(event).mismatch("event", "custom"):
        yield NEVER.at(
            (first_of(event) or event).place,
            f"operations are builds of event custom, so the {who} never runs; add it, or remove {key}.event.",
        )
    elif remaining:  # otherwise no build meets them, which is found as such
        narrowing = next(narrowing for narrowing in narrowings(conditions) if "custom" not in narrowing.events)
        yield NEVER.at(
            narrowing.place.place, f"operations are builds of event custom, and {narrowing.why}, so the {who} never runs."
        )


def first_of(event: Node) -> Node | None:
    """Return the first event that is listed, to point at."""
    listed = value_of(event, "include") or value_of(event, "exclude") if isinstance(event, Mapping) else event
    return next(iter(listed.items), None) if isinstance(listed, Sequence) else listed


def message(path: str, error: Unusable) -> str:
    """Return the message of an error without the name of the file."""
    return str(error).removeprefix(f"projects/{path}: ")
