"""Conditions that no build meets together: a target and event push; or a `trigger` of pushes, and a step for promotions."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from pipelines.check.findings import WARNING, Finding, check
from pipelines.check.keys import items
from pipelines.check.server import kind_in
from pipelines.check.shape import key_place
from pipelines.events import EVENTS
from pipelines.language.nodes import Mapping, Node, value_of
from pipelines.triggers.conditions import KEYS, MOST_SHOWN, Condition, condition_of

NEVER = check("never-matches", WARNING, "conditions that no build meets together, such as `cron` and event push")

# Builds of other events have nothing there, and a list never matches nothing.
ONLY_OF = {
    "cron": (frozenset({"cron"}), "only builds of event cron have a schedule"),
    "target": (frozenset({"promote", "rollback"}), "only promotions and rollbacks have a target"),
    "action": (frozenset(EVENTS) - {"push", "cron"}, "builds of pushes and schedules have no action"),
    "branch": (frozenset(EVENTS) - {"tag"}, "builds of tags have no branch"),
}
TAGS, BRANCHES = "refs/tags/", "refs/heads/"
REFS = {
    TAGS: (frozenset({"tag", "promote", "rollback", "custom"}), "pushes, pull requests and schedules have another ref"),
    BRANCHES: (frozenset(EVENTS) - {"tag"}, "builds of event tag have a ref below refs/tags/"),
}
# Gogs, Bitbucket and Stash give the name of a tag for its branch (docs/drone.md 2.3), so a version may match.
VERSION = re.compile(r"v?[\d*?\[]")
GLOB = re.compile(r"[*?\[{\\]")


def never_matches(root: Mapping) -> Iterator[Finding]:
    """Yield the `trigger` and each `when` of a pipeline that no build meets, and each `when` that none of its builds meets."""
    if kind_in(root) != "pipeline":
        return
    trigger = value_of(root, "trigger")
    runs_never = contradiction(trigger, "the pipeline")
    yield from runs_never
    for step in (*items(root, "services"), *items(root, "steps")):
        when = value_of(step, "when")
        yield from contradiction(when, "the step") or ([] if runs_never else against_trigger(when, trigger))


def contradiction(conditions: Node | None, who: str) -> list[Finding]:
    """Return the first condition that leaves no event."""
    if not isinstance(conditions, Mapping):
        return []
    possible = possible_events(conditions)
    for narrowing in narrowings(conditions) if possible else ():  # unknown events are found as such
        if not possible & narrowing.events:
            together = f"{narrowing.key} and event [{listed(possible)}]"
            return [NEVER.at(narrowing.place.place, f"{together} never match together: {narrowing.why}; {who} never runs.")]
        possible &= narrowing.events
    return []


def against_trigger(when: Node | None, trigger: Node | None) -> list[Finding]:
    """Return the first condition of a step that none of its pipeline's builds meets.

    A step and a trigger of different files are left alone: the step may be there for other pipelines.
    """
    if not isinstance(when, Mapping) or not isinstance(trigger, Mapping):
        return []
    for place, key, what, why in clashes(when, trigger):
        if key_place(trigger, key).place.path == place.place.path:
            return [NEVER.at(place.place, f"{what} never match together{why}; the step never runs.")]
    return []


def clashes(when: Mapping, trigger: Mapping) -> Iterator[tuple[Node, str, str, str]]:
    """Yield conditions of a step that its trigger rules out: their place, the trigger's key, both in words, and the reason."""
    possible, own = remaining_events(trigger), possible_events(when)
    for narrowing in (Narrowing("event", key_place(when, "event"), own, ""), *narrowings(when)) if possible and own else ():
        if not possible & narrowing.events:
            mine = f"event [{listed(own)}]" if narrowing.key == "event" else narrowing.key
            both = f"{mine} and the trigger's event [{listed(possible)}]"
            yield narrowing.place, "event", both, f": {narrowing.why}" if narrowing.why else ""
            return
        possible &= narrowing.events
    for key in KEYS:
        one, other = condition_of(value_of(when, key)), condition_of(value_of(trigger, key))
        if key != "event" and not may_meet(one, other):
            yield key_place(when, key), key, f"{key} {patterns(one)} and the trigger's {key} {patterns(other)}", ""


def patterns(condition: Condition) -> str:
    shown = [*(condition.include or condition.exclude)[:MOST_SHOWN]]
    return f"{'' if condition.include else 'other than '}[{', '.join(shown)}]"


@dataclass(frozen=True, eq=False)
class Narrowing:
    """A key of conditions that only some events can meet."""

    key: str
    place: Node
    events: frozenset[str]
    why: str


def narrowings(conditions: Mapping) -> Iterator[Narrowing]:
    for key, (events, why) in ONLY_OF.items():
        condition = condition_of(value_of(conditions, key))
        is_version = key == "branch" and any(map(VERSION.match, condition.include))
        if condition.include and condition.mismatch(key, "") and not is_version:
            yield Narrowing(key, key_place(conditions, key), events, why)
    ref = condition_of(value_of(conditions, "ref"))
    for start, (events, why) in REFS.items():
        if ref.include and all(pattern.startswith(start) for pattern in ref.include):
            yield Narrowing("ref", key_place(conditions, "ref"), events, why)


def possible_events(conditions: Mapping) -> frozenset[str]:
    condition = condition_of(value_of(conditions, "event"))
    return frozenset(event for event in EVENTS if not condition.mismatch("event", event))


def remaining_events(conditions: Mapping) -> frozenset[str]:
    """Return the events of the builds that can meet all conditions."""
    return possible_events(conditions).intersection(*(narrowing.events for narrowing in narrowings(conditions)))


def listed(events: frozenset[str]) -> str:
    return ", ".join(event for event in EVENTS if event in events)


def may_meet(one: Condition, other: Condition) -> bool:
    """Return whether a value may match both conditions; where only patterns are compared, by how they begin."""
    for literal, rest in ((one, other), (other, one)):
        if literal.include and not any(map(GLOB.search, literal.include)):
            return any(not literal.mismatch("", value) and not rest.mismatch("", value) for value in literal.include)
    pairs = list(product(map(beginning, one.include), map(beginning, other.include)))
    return not pairs or any(mine.startswith(its) or its.startswith(mine) for mine, its in pairs)


def beginning(pattern: str) -> str:
    """Return what all values begin with that a pattern matches."""
    return GLOB.split(pattern, maxsplit=1)[0]
