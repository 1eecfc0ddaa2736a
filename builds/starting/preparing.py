"""What a command comes to, for its confirmation and for carrying it out alike: is it refused, what is sent, what starts."""

from dataclasses import dataclass
from typing import Any

from builds.drone_db.models import Build, Repo
from builds.drone_db.queries import approvable_stages, waiting_stages
from builds.starting import operations, parameters
from builds.starting.commands import BuildCommand
from builds.starting.deploys_to import deploys_to
from builds.starting.errors import AlreadyLive, InvalidCommand
from builds.starting.expected_build import expected_build
from builds.starting.models import STARTING, Verb
from builds.starting.only_failed import rest_of
from builds.starting.required_grant import require_grant, required_grant
from builds.starting.target_states import same, target_state
from pipelines.build_request import BuildRequest
from pipelines.resolve.manual_builds import refuse_other_target
from pipelines.resolve.only_failed import Rest
from texts.characters import shortened
from texts.sentence import Sentence


@dataclass(frozen=True)
class PreparedCommand:
    command: BuildCommand  # with the defaults of the operation's inputs
    params: dict[str, str]  # that are sent
    expected: BuildRequest | None  # the build that Drone will ask about; None where none is started
    to: str | None  # the target of its operation, as of `deploys_to`
    rest: Rest | None  # what runs, of a restart of only what failed
    stages: list[int]  # numbers of those that are approved


def prepare(user: Any, command: BuildCommand, repo: Repo, build: Build | None) -> PreparedCommand:
    """Check a command, and complete it. Freezes are not looked at: who may override one has yet to give the reason.

    Args:
        user: who gives it.
        command: as it was given.
        repo: where.
        build: that it is done to; None for a new one.

    Raises:
        EdroneError: Forbidden where a grant is missing; InvalidCommand where Drone could not store it; ConfigError where an
            operation is not there or broken; AlreadyLive, NothingToLeaveOut.
    """
    refuse_unstorable(command)
    check_grant(user, command, repo, build)
    complete = validated(command, repo)
    refuse_live(complete, repo, build)
    refuse_declining_in_part(complete, build)
    params = parameters_to_send(user, complete, repo, build)
    expected = expected_build(complete, repo, build, params) if command.verb in STARTING else None
    if expected:
        refuse_other_target(expected)
    to = deploys_to(expected, build if command.only_failed else None) if expected else ""
    rest = rest_of(build) if build and command.only_failed else None
    return PreparedCommand(complete, params, expected, to, rest, stages_to_approve(command, build))


def check_grant(user: Any, command: BuildCommand, repo: Repo, build: Build | None) -> None:
    """Refuse users who lack the grant. What nobody can do is reported first: a misspelt operation is no missing grant.

    Raises:
        Forbidden: naming the grant.
        InvalidCommand: the target is missing.
        ConfigError: there is no such operation, or its file is broken.
    """
    if command.verb in {Verb.PROMOTE, Verb.ROLLBACK} and not command.target:
        raise InvalidCommand(Sentence("Missing target environment: set one, for example target=production."))
    level = operations.level(repo, command, build)
    require_grant(user, repo.slug, required_grant(command, build, level))


def refuse_live(command: BuildCommand, repo: Repo, build: Build | None) -> None:
    """Refuse to roll a target back to what is there.

    Raises:
        AlreadyLive: saying how to deploy it again.
    """
    if command.verb != Verb.ROLLBACK or build is None:
        return
    there = target_state(repo, command.target)
    if there and there.live and same(build, there.live.build, command.params):
        raise AlreadyLive(
            Sentence(
                "%(target)s cannot be rolled back to #%(number)s, because that is what is deployed there now (#%(live)s). "
                "To deploy it again, restart #%(live)s.",
                target=command.target,
                number=build.number,
                live=there.live.build.number,
            )
        )


def refuse_declining_in_part(command: BuildCommand, build: Build | None) -> None:
    """Refuse to decline a build of which only some stages wait: Drone would decline those before the first that does not.

    Raises:
        InvalidCommand: naming the stages that wait.
    """
    if command.verb != Verb.DECLINE or command.stage is not None or build is None:
        return
    waiting = waiting_stages(build)
    if waiting and len(waiting) < len(build.stages_in_order):
        raise InvalidCommand(
            Sentence(
                "Drone can decline #%(number)s as a whole only where all of its stages wait for approval. Decline one by one the "
                "stages that wait: %(stages)s.",
                number=build.number,
                stages=", ".join(str(stage.number) for stage in waiting),
            )
        )


def stages_to_approve(command: BuildCommand, build: Build | None) -> list[int]:
    """Return the numbers of the stages that are approved, of those that were confirmed.

    Raises:
        InvalidCommand: none of them can be approved any more.
    """
    if command.verb != Verb.APPROVE or command.stage is not None or build is None:
        return [command.stage] if command.stage is not None else []
    numbers = [stage.number for stage in approvable_stages(build) if str(stage.number) in command.stages]
    if not numbers:
        raise InvalidCommand(
            Sentence("Nothing of what you confirmed can be approved any more. Look at what waits for approval now.")
        )
    return numbers


def refuse_unstorable(command: BuildCommand) -> None:
    """Refuse fields that Drone could not store, before anything is looked up by them or names them.

    Raises:
        InvalidCommand: naming the field.
    """
    for name, most in parameters.COLUMNS.items():
        value, word = getattr(command, name), parameters.WORDS[name]
        if parameters.NOT_IN_A_VALUE.search(value):
            raise InvalidCommand(Sentence("%(name)s contains a NUL character or is not Unicode text.", name=word))
        if name in parameters.ONE_LINE and parameters.CONTROL.search(value):
            raise InvalidCommand(Sentence("%(name)s must be one line, without control characters.", name=word))
        if len(value) > most:
            raise InvalidCommand(Sentence("%(name)s is too long: Drone stores %(most)s characters.", name=word, most=most))


def validated(command: BuildCommand, repo: Repo) -> BuildCommand:
    """Return the command with the defaults of the operation's inputs; refuse parameters that Drone could not store."""
    parameters.refuse_invalid(command.params)
    return operations.with_inputs(repo, command) if command.operation else command


def parameters_to_send(user: Any, command: BuildCommand, repo: Repo, build: Build | None) -> dict[str, str]:
    """Return the parameters to send; refuse them where Drone could not store all that the build will have."""
    if command.verb not in STARTING:
        return {}
    if command.only_failed and command.params:
        raise InvalidCommand(
            Sentence(
                "A restart of only what failed takes no parameters, but you sent “%(name)s”: the build keeps its own. "
                "Restart all of it, or leave them out.",
                name=shortened(min(command.params)),
            )
        )
    sent = {**command.params, parameters.ACTOR: user.get_username()}
    before = dict[str, str](build.params if build else {})
    restarts = build is not None and command.verb == Verb.RESTART
    todays_tree = build is not None and restarts and not command.only_failed
    if build and todays_tree:
        operations.refuse_unknown_target(repo, build, {**sent, **before})
        # Of inputs that are newer than the build, or that Drone lost as it refused it.
        sent = {name: value for name, value in operations.defaults(repo, build).items() if name not in before} | sent
    # As Drone puts them together: what a restarted build had wins, and otherwise what is sent (docs/drone.md 2.3).
    merged = {**sent, **before} if restarts else {**before, **sent}
    added = {name: value for name, value in (("message", command.message), ("action", command.operation)) if value}
    parameters.refuse_too_long(merged | added)
    if build and todays_tree:
        operations.refuse_restart(repo, build, merged)
    return sent
