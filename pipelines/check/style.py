"""What works, and may not be what was meant."""

from collections.abc import Iterator

from pipelines.check.findings import WARNING, Finding, check
from pipelines.check.server import kind_in
from pipelines.check.shape import key_place, text_of
from pipelines.language.nodes import Mapping, Node, Scalar, Sequence, value_of

NO_EVENT = check(
    "no-trigger-event", WARNING, "a pipeline without `trigger.event`: it would run on promotions, rollbacks and custom builds too"
)


def style(root: Mapping) -> Iterator[Finding]:
    """Yield a pipeline that runs more often than most people expect."""
    if kind_in(root) != "pipeline":
        return
    trigger = value_of(root, "trigger")
    if not isinstance(trigger, Mapping) or not any(chooses(trigger, key) for key in ("event", "cron", "target", "action")):
        place = key_place(root, "trigger" if isinstance(trigger, Mapping) else "name").place
        yield NO_EVENT.at(
            place, "without trigger.event the pipeline runs on promotions, rollbacks and custom builds too; list the events."
        )


def chooses(trigger: Mapping, key: str) -> bool:
    """Return whether a condition excludes builds that people forget: events do if they are named, others by what they include."""
    value = value_of(trigger, key)
    if isinstance(value, Mapping) and key != "event":
        value = value_of(value, "include")
    return not is_empty(value)


def is_empty(node: Node | None) -> bool:
    if isinstance(node, Scalar):
        return not text_of(node)
    if isinstance(node, Sequence):
        return not node.items
    return node is None or not node.pairs
