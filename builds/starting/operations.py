"""Levels, inputs and defaults of operations, for commands that start them."""

from collections.abc import Mapping
from dataclasses import replace

from django.conf import settings

from builds.access.models import Level
from builds.drone_db.models import Build, Repo
from builds.drone_db.vocabulary import Event, Status
from builds.starting.commands import BuildCommand
from builds.starting.errors import InvalidCommand
from builds.starting.only_failed import served_text
from pipelines.build_request import BuildRequest
from pipelines.errors import ConfigError
from pipelines.operations.inputs import with_defaults
from pipelines.operations.operation import Operation
from pipelines.resolve.manual_builds import wrong_parameters
from pipelines.resolve.only_failed import unchanged
from pipelines.resolve.operation_list import ListedOperation, list_operations
from pipelines.resolve.resolve import Resolved, resolve
from pipelines.tree.tree import Tree
from texts.sentence import Sentence

LEVELS = {"run": Level.RUN, "deploy": Level.DEPLOY}


def level(repo: Repo, command: BuildCommand, build: Build | None) -> Level | None:
    """Return the level of the operation to start, or that the build ran; None where there is none, or it is gone.

    A restart of only what failed runs the text of the build: of that, today's head says the level only while it is its text.

    Raises:
        ConfigError: the operation to start is not there, or broken.
    """
    if build is None:
        return LEVELS[operation(repo, command.operation).level] if command.operation else None
    name = name_of(build)
    if not name or (command.only_failed and not is_todays(build)):
        return None
    try:
        return LEVELS[operation(repo, name).level]
    except ConfigError:
        return None


def is_todays(build: Build) -> bool:
    """Return whether a restart of all of an operation's build would run the text that it had: then today's head speaks of it."""
    try:
        today = resolved(build.repo, name_of(build))
    except ConfigError:
        return False
    served = served_text(build)
    return served is not None and unchanged(served, today) and not wrong_parameters(today, build.params)


def with_inputs(repo: Repo, command: BuildCommand) -> BuildCommand:
    """Return the command with the defaults of the operation's inputs, which Drone does not know.

    Raises:
        ConfigError: there is no such operation, or its file is broken.
        InvalidCommand: an input is missing, unknown or wrong.
    """
    resolution = resolved(repo, command.operation)
    params = with_defaults(operation_of(resolution), command.params)
    refuse_wrong(resolution, params)
    return replace(command, params=params)


def defaults(repo: Repo, build: Build) -> dict[str, str]:
    """Return the defaults of the inputs of the operation that a build ran, in today's tree; errors are those of `with_inputs`.

    An input called `debug` is left out: Drone reads that name itself in a restart.
    """
    name = name_of(build)
    values = with_defaults(operation(repo, name), {}) if name else {}
    return {name: value for name, value in values.items() if name != "debug"}


def refuse_unknown_target(repo: Repo, build: Build, params: Mapping[str, str]) -> None:
    """Refuse to restart what Drone made an error of, and so forgot where it was to deploy (docs/drone.md 2.1), to the default.

    Args:
        repo: where.
        build: that is restarted.
        params: that the new build will have, without the defaults.
    """
    name = name_of(build)
    if build.status != Status.ERROR or not name or not (target := operation(repo, name).target) or target in params:
        return
    raise InvalidCommand(
        Sentence(
            "Drone made an error of #%(number)s and forgot its inputs. Start the operation %(name)s anew, or say where it "
            "deploys to: %(target)s=…",
            number=build.number,
            name=name,
            target=target,
        )
    )


def refuse_restart(repo: Repo, build: Build, params: Mapping[str, str]) -> None:
    """Refuse to restart an operation that cannot run again with today's tree; errors are those of `with_inputs`."""
    if name := name_of(build):
        refuse_wrong(resolved(repo, name), params)


def refuse_wrong(resolution: Resolved, params: Mapping[str, str]) -> None:
    """Refuse inputs that the configuration endpoint would refuse when Drone asks."""
    if problems := wrong_parameters(resolution, params):
        name = operation_of(resolution).name
        raise InvalidCommand(Sentence("The operation %(name)s cannot start: %(problems)s.", name=name, problems=tuple(problems)))


def name_of(build: Build) -> str:
    """Return the operation that a build ran. A promotion inherits its parent's action, which then means nothing."""
    return build.action if build.event == Event.CUSTOM else ""


def resolved(repo: Repo, name: str) -> Resolved:
    """Find an operation the way the configuration endpoint will.

    Raises:
        ConfigError: there is none of this name, it is broken, or there is no tree.
    """
    request = BuildRequest(repo.namespace, repo.name, "custom", "", "", action=name)
    return resolve(request, Tree(settings.EDRONE_PROJECTS), settings.EDRONE_NAMESPACES)


def operation(repo: Repo, name: str) -> Operation:
    """Read the head of an operation; errors are those of `resolved`."""
    return operation_of(resolved(repo, name))


def operation_of(resolution: Resolved) -> Operation:
    assert resolution.operation is not None  # noqa: S101 - a custom build with an action resolves to nothing else
    return resolution.operation


def listed(repo: Repo) -> list[ListedOperation]:
    """List the operations of a repository by name, broken ones with the reason.

    Raises:
        ConfigError: there is no tree.
    """
    return list_operations(repo.namespace, repo.name, Tree(settings.EDRONE_PROJECTS), settings.EDRONE_NAMESPACES)


def known(repo: Repo) -> list[ListedOperation]:
    """List the operations of a repository; none where there is no tree."""
    try:
        return listed(repo)
    except ConfigError:
        return []


def with_target(repo: Repo) -> list[Operation]:
    """Return the operations of a repository that deploy to a target; none where there is no tree."""
    return [entry.operation for entry in known(repo) if entry.operation and entry.operation.target]
