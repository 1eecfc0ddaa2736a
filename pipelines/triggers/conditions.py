"""A pipeline's `trigger`, compared with a build as the Drone server compares it (docs/drone.md 2.4).

After drone-yaml's yaml/cond.go and Drone's trigger/trigger.go. Nothing is evaluated here that Drone does not evaluate: `instance`
and `paths` are only looked at in steps, and `status` only says whether failures of other pipelines count.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.build_request import BuildRequest
from pipelines.language.nodes import Mapping, Node, Scalar, Sequence, is_null, text_of, value_of
from pipelines.triggers.globs import matches
from texts.sentence import Sentence

KEYS = ("branch", "event", "action", "ref", "repo", "target", "cron")  # in Drone's order
PASSED_OVER = ("instance", "paths")
MOST_SHOWN = 5  # patterns of one condition in a sentence


@dataclass(frozen=True)
class TriggerValues:
    """What a build has for each key of a `trigger`; empty where it has nothing."""

    branch: str  # Drone's target: the branch that is built, of a pull request its base; of a tag usually nothing
    event: str
    action: str
    ref: str
    repo: str  # the slug
    target: str  # of a promotion or rollback
    cron: str  # the schedule's name

    @classmethod
    def of(cls, request: BuildRequest, cron: str = "") -> "TriggerValues":
        """Return those of the build that Drone asks about; Drone does not hand over the schedule."""
        return cls(request.target, request.event, request.action, request.ref, request.slug, request.deploy_to, cron)


@dataclass(frozen=True)
class Condition:
    include: tuple[str, ...] = ()  # patterns; empty: everything
    exclude: tuple[str, ...] = ()

    def mismatch(self, key: str, value: str) -> Sentence | None:
        """Return why a value does not match; None where it does."""
        if excluding := [pattern for pattern in self.exclude if matches(pattern, value)]:
            return Sentence("trigger.%(key)s excludes [%(patterns)s]", key=key, patterns=excluding[:MOST_SHOWN])
        if not self.include or any(matches(pattern, value) for pattern in self.include):
            return None
        patterns = [*self.include[:MOST_SHOWN], *["…"] * (len(self.include) > MOST_SHOWN)]
        if not value:
            return Sentence("trigger.%(key)s is [%(patterns)s], and this build has no %(key)s", key=key, patterns=patterns)
        return Sentence("trigger.%(key)s is [%(patterns)s]", key=key, patterns=patterns)


def condition_of(node: Node | None) -> Condition:
    """Read a condition: one pattern, a list of them, or a map of `include` and `exclude`. What does not fit is passed over."""
    if isinstance(node, Scalar) and not is_null(node):
        return Condition((node.value,))
    if isinstance(node, Mapping):
        return Condition(patterns_in(value_of(node, "include")), patterns_in(value_of(node, "exclude")))
    return Condition(patterns_in(node))


def patterns_in(node: Node | None) -> tuple[str, ...]:
    return tuple(text_of(item) for item in node.items if isinstance(item, Scalar)) if isinstance(node, Sequence) else ()


def mismatches(pipeline: Mapping, values: TriggerValues) -> Iterator[Sentence]:
    """Yield why a pipeline does not run, in the order in which Drone looks; nothing where it runs."""
    trigger = value_of(pipeline, "trigger")
    if isinstance(trigger, Mapping):
        conditions = ((key, condition_of(value_of(trigger, key))) for key in KEYS)
        yield from filter(None, (condition.mismatch(key, getattr(values, key)) for key, condition in conditions))


def passed_over(pipeline: Mapping) -> Iterator[str]:
    """Yield the keys of a `trigger` by which nothing is decided, though they look like it."""
    trigger = value_of(pipeline, "trigger")
    if isinstance(trigger, Mapping):
        yield from (key for key in PASSED_OVER if condition_of(value_of(trigger, key)) != Condition())
