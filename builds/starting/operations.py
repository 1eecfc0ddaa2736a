"""The operations of a repository, as far as starting builds needs them: their level, and whether the inputs are right."""

from collections.abc import Mapping
from dataclasses import replace

from django.conf import settings

from builds.access.models import Level
from builds.drone_db.models import Build, Repo
from builds.drone_db.vocabulary import Event
from builds.starting.commands import Wish
from builds.starting.errors import Refused
from pipelines.build_request import ConfigRequest
from pipelines.errors import ConfigError
from pipelines.operations.inputs import with_defaults
from pipelines.operations.operation import Operation
from pipelines.resolve.manual_builds import wrong_parameters
from pipelines.resolve.resolve import Resolved, resolve
from pipelines.tree.tree import Tree
from texts.sentence import Sentence

LEVELS = {"run": Level.RUN, "deploy": Level.DEPLOY}


def level(repo: Repo, wish: Wish, build: Build | None) -> Level | None:
    """Give the level of the operation that is started, or that the build ran; None: none, or it is not to be had any more.

    Raises:
        ConfigError: the operation to start is not there, or broken.
    """
    if build is None:
        return LEVELS[operation(repo, wish.operation).level] if wish.operation else None
    name = name_of(build)
    if not name:
        return None
    try:
        return LEVELS[operation(repo, name).level]
    except ConfigError:
        return None


def checked(repo: Repo, wish: Wish) -> Wish:
    """Look whether an operation can be started so, and add the defaults of its inputs, which Drone does not know.

    Raises:
        ConfigError: there is no such operation, or its file is broken.
        Refused: an input is missing, unknown or wrong.
    """
    found = resolved(repo, wish.operation)
    params = with_defaults(operation_of(found), wish.params)
    refuse_wrong(found, params)
    return replace(wish, params=params)


def defaults(repo: Repo, build: Build) -> dict[str, str]:
    """Give the defaults of the inputs of the operation that a build ran, as today's tree has them; errors as of `checked`.

    An input called `debug` has none here: in a restart that is a word of Drone's.
    """
    name = name_of(build)
    found = with_defaults(operation(repo, name), {}) if name else {}
    return {name: value for name, value in found.items() if name != "debug"}


def refuse_restart(repo: Repo, build: Build, params: Mapping[str, str]) -> None:
    """Look whether a build that ran an operation can run it again, with today's tree; errors as of `checked`."""
    if name := name_of(build):
        refuse_wrong(resolved(repo, name), params)


def refuse_wrong(found: Resolved, params: Mapping[str, str]) -> None:
    """Refuse inputs that the configuration endpoint would refuse when Drone asks."""
    if problems := wrong_parameters(found, params):
        name = operation_of(found).name
        raise Refused(Sentence("The operation %(name)s cannot start: %(problems)s.", name=name, problems=tuple(problems)))


def name_of(build: Build) -> str:
    """Name the operation that a build ran; a promotion inherits its parent's action, which then means nothing."""
    return build.action if build.event == Event.CUSTOM else ""


def resolved(repo: Repo, name: str) -> Resolved:
    """Find an operation as the configuration endpoint will.

    Raises:
        ConfigError: there is none of this name, it is broken, or there is no tree.
    """
    request = ConfigRequest(repo.namespace, repo.name, "custom", "", "", action=name)
    return resolve(request, Tree(settings.EDRONE_PROJECTS), settings.EDRONE_NAMESPACES)


def operation(repo: Repo, name: str) -> Operation:
    """Give what the head of an operation says; errors as of `resolved`."""
    return operation_of(resolved(repo, name))


def operation_of(found: Resolved) -> Operation:
    """Give the operation, which is what a custom build with an action always resolves to."""
    assert found.operation is not None  # noqa: S101 - see above
    return found.operation
