"""The grant that a command requires. Restarting a build requires what starting it required."""

from dataclasses import dataclass
from typing import Any

from builds.access.models import Level
from builds.access.rules import may, token_allows
from builds.drone_db.models import Build
from builds.drone_db.queries import waits_for_approval
from builds.drone_db.vocabulary import DEPLOYMENTS, Event
from builds.starting.commands import BuildCommand
from builds.starting.errors import Forbidden
from builds.starting.models import Verb
from texts.sentence import Sentence

LEVEL_NAMES = {Level.VIEW: Sentence("view"), Level.RUN: Sentence("run"), Level.DEPLOY: Sentence("deploy")}


@dataclass(frozen=True)
class RequiredGrant:
    """The grant that a command requires: a level, and the operation or target it must cover."""

    level: Level
    scope: str = ""  # an operation or a target; empty: a normal build


def required_grant(command: BuildCommand, build: Build | None, operation_level: Level | None) -> RequiredGrant:
    """Return the grant that a command requires.

    Args:
        command: what is asked for.
        build: the build that it is done to; None for a new one.
        operation_level: that of the operation to start, or that the build ran; None where there is none, or it is gone.
    """
    if command.verb in {Verb.PROMOTE, Verb.ROLLBACK}:
        return RequiredGrant(Level.DEPLOY, command.target)
    required = grant_to_start(command.operation, operation_level) if build is None else grant_to_repeat(build, operation_level)
    # Drone leaves approving and declining to a repository's administrators. A debug build stops where a step failed, and runners
    # that have tmate then give a shell, with the secrets of the pipeline in it. A build that waits for approval runs at once,
    # restarted (docs/drone.md 7.4).
    skips_approval = command.verb == Verb.RESTART and build is not None and waits_for_approval(build)
    if command.debug or skips_approval or command.verb in {Verb.APPROVE, Verb.DECLINE}:
        return RequiredGrant(Level.DEPLOY, required.scope)
    return required


def grant_to_start(operation: str, level: Level | None) -> RequiredGrant:
    """Return the grant that a custom build requires; an operation of unknown level could do anything, so it requires deploy."""
    return RequiredGrant(level or Level.DEPLOY, operation) if operation else RequiredGrant(Level.RUN)


def grant_to_repeat(build: Build, level: Level | None) -> RequiredGrant:
    # A promotion inherits its parent's action, which then means nothing.
    if build.event in DEPLOYMENTS:
        return RequiredGrant(Level.DEPLOY, build.deploy_to)
    return grant_to_start(build.action if build.event == Event.CUSTOM else "", level)


def require_grant(user: Any, slug: str, required: RequiredGrant) -> None:
    """Refuse users who lack the grant.

    Raises:
        Forbidden: naming the grant.
    """
    if may(user, required.level, slug, required.scope):
        return
    if not token_allows(user, required.level, slug):
        raise Forbidden(
            Sentence(
                "Forbidden: this token may not do what needs the level %(level)s. Make a token with a higher one.",
                level=LEVEL_NAMES[required.level],
            )
        )
    values = {"level": LEVEL_NAMES[required.level], "slug": slug, "user": user.get_username(), "what": required.scope}
    if required.scope:
        raise Forbidden(
            Sentence(
                "Forbidden: %(user)s needs a %(level)s grant for %(slug)s that includes “%(what)s”. Ask an edrone administrator.",
                **values,
            )
        )
    raise Forbidden(
        Sentence(
            "Forbidden: %(user)s needs a %(level)s grant for %(slug)s that is not limited to operations "
            "or targets. Ask an edrone administrator.",
            **values,
        )
    )
