"""What freezes say to a command."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.utils import timezone

from builds.access.models import Level
from builds.access.rules import may
from builds.freezes import rule
from builds.freezes.models import Freeze
from builds.freezes.reading import not_over
from builds.starting.commands import BuildCommand
from builds.starting.errors import Frozen, InvalidCommand
from builds.starting.required_grant import RequiredGrant, require_grant
from pipelines.build_request import BuildRequest
from texts.characters import one_line
from texts.sentence import Sentence

LONGEST_REASON = 500  # characters


class InTheWay(NamedTuple):
    """The freezes that cover a start: a reason overrides all of them."""

    freezes: Sequence[Freeze]  # at least one, the one that holds longest first
    start: rule.Start

    @property
    def sentences(self) -> list[Sentence]:
        return [rule.sentence(freeze, self.start) for freeze in self.freezes]

    @property
    def sentence(self) -> Sentence:
        named = {f"freeze{number}": sentence for number, sentence in enumerate(self.sentences)}
        form = " ".join(f"%({name})s" for name in named)
        return Sentence(form, **named)

    @property
    def to_override(self) -> RequiredGrant:
        return RequiredGrant(Level.DEPLOY, self.start.names[0] if self.start.names else "")

    def may_override(self, user: Any) -> bool:
        return may(user, self.to_override.level, self.start.slug, self.to_override.scope)


def in_the_way(build: BuildRequest, to: str | None) -> InTheWay | None:
    """Return the freezes that cover a build; None where none does.

    Args:
        build: that Drone will ask about.
        to: the target of its operation, as of `operation_target`.
    """
    freezes = list(not_over())
    start = rule.start_of(build, to)
    covering = rule.all_covering(freezes, start, timezone.now())
    return InTheWay(covering, start) if covering else None


def override_of(user: Any, command: BuildCommand, build: BuildRequest, to: str | None) -> str:
    """Return the reason for overriding a freeze; empty where nothing is frozen.

    Args:
        user: who gives it.
        command: that starts a build.
        build: that Drone will ask about.
        to: the target of its operation, as of `operation_target`.

    Raises:
        Frozen: a freeze covers it, and no reason is given.
        Forbidden: a reason is given, and the grant is missing.
        InvalidCommand: the reason is too long.
    """
    reason = one_line(command.override)
    if len(reason) > LONGEST_REASON:
        raise InvalidCommand(Sentence("The reason is too long: at most %(most)s characters.", most=LONGEST_REASON))
    frozen = in_the_way(build, to)
    if frozen is None:
        return ""
    if not reason:
        raise Frozen(
            Sentence(
                "%(frozen)s To start it all the same, give a reason: override=REASON (deploy grant).", frozen=frozen.sentence
            )
        )
    require_grant(user, frozen.start.slug, frozen.to_override)
    return reason
