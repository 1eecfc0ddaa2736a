"""What must somebody be allowed, to do this? Pure (design: restarting needs what the original needed)."""

from dataclasses import dataclass

from builds.access.models import Level
from builds.access.rules import may
from builds.drone_db.models import Build
from builds.drone_db.vocabulary import Event
from builds.starting.commands import Caller, Wish
from builds.starting.errors import Forbidden
from builds.starting.models import Verb
from texts.sentence import Sentence

DEPLOYMENTS = {Event.PROMOTE.value, Event.ROLLBACK.value}
NAMES = {Level.VIEW: Sentence("view"), Level.RUN: Sentence("run"), Level.DEPLOY: Sentence("deploy")}


@dataclass(frozen=True)
class Need:
    """A level, and what `only` of a grant must leave to it."""

    level: Level
    what: str = ""  # an operation or a target; empty: an ordinary build


def need_of(wish: Wish, build: Build | None, operation_level: Level | None) -> Need:
    """Say what a wish needs.

    Args:
        wish: what is wanted.
        build: the build that it is done to; None for a new one.
        operation_level: that of the operation which is started, or which the build ran; None: none, or it is gone.
    """
    if wish.verb in {Verb.PROMOTE, Verb.ROLLBACK}:
        return Need(Level.DEPLOY, wish.target)
    started = need_of_new(wish.operation, operation_level) if build is None else need_of_old(build, operation_level)
    # Drone leaves approving and declining to a repository's administrators. A debug build stops where a step failed, and runners
    # that have tmate then give a shell, with the secrets of the pipeline in it.
    more = wish.debug or wish.verb in {Verb.APPROVE, Verb.DECLINE}
    return Need(Level.DEPLOY, started.what) if more else started


def need_of_new(operation: str, level: Level | None) -> Need:
    """Say what a custom build needs; an operation whose level is not known could do anything."""
    return Need(level or Level.DEPLOY, operation) if operation else Need(Level.RUN)


def need_of_old(build: Build, level: Level | None) -> Need:
    """Say what it needed to start a build. A promotion inherits its parent's action, which then means nothing."""
    if build.event in DEPLOYMENTS:
        return Need(Level.DEPLOY, build.deploy_to)
    return need_of_new(build.action if build.event == Event.CUSTOM else "", level)


def demand(caller: Caller, slug: str, need: Need) -> None:
    """Let through whoever may.

    Raises:
        Forbidden: with what is missing.
    """
    if may(caller.user, need.level, slug, need.what):
        return
    values = {"level": NAMES[need.level], "slug": slug, "user": caller.user.get_username(), "what": need.what}
    if need.what:
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
