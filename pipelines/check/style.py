"""What works, and may not be what was meant."""

from collections.abc import Iterable, Iterator

from pipelines.check.findings import WARNING, Finding, check
from pipelines.check.server import kind_in
from pipelines.check.shape import key_place
from pipelines.events import MANUAL_EVENTS
from pipelines.language.nodes import Mapping, Node, value_of
from pipelines.triggers.conditions import condition_of

NO_EVENT = check(
    "no-trigger-event",
    WARNING,
    "a pipeline without `trigger.event`, which runs on promotions, rollbacks and custom builds too; told once a tree, and for "
    "each pipeline of files where another one names such an event",
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


def people_start(roots: Iterable[Node]) -> bool:
    """Return whether a pipeline of a file is there for promotions, rollbacks or custom builds, so that they come."""
    triggers = (value_of(root, "trigger") for root in roots if isinstance(root, Mapping))
    return any(names_what_people_start(trigger) for trigger in triggers if isinstance(trigger, Mapping))


def names_what_people_start(trigger: Mapping) -> bool:
    events = condition_of(value_of(trigger, "event"))
    named = bool(events.include) and any(not events.mismatch("event", event) for event in MANUAL_EVENTS)
    return named or bool(condition_of(value_of(trigger, "target")).include)


def chooses(trigger: Mapping, key: str) -> bool:
    """Return whether a condition excludes builds that people forget: events do if they are named, others by what they include."""
    condition = condition_of(value_of(trigger, key))
    return any(condition.include) or (key == "event" and any(condition.exclude))
