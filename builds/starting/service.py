"""Carries out what people ask of Drone, for REST and the admin pages alike: check, record, ask Drone, record the result."""

from dataclasses import dataclass, replace
from typing import Any

from builds.drone_db.masking import masked
from builds.drone_db.models import Build, Repo
from builds.drone_server.client import connected, slot
from builds.starting import audit, operations, parameters
from builds.starting.commands import BuildCommand, Caller
from builds.starting.errors import InvalidCommand, NoSuchBuild
from builds.starting.manual_builds_login import refuse_unnamed_login
from builds.starting.models import AuditRecord, Outcome, Verb
from builds.starting.required_grant import require_grant, required_grant
from builds.starting.required_version import refuse_old_drone
from drone_api import client as drone
from drone_api.answers import BuildAnswer
from drone_api.client import Client
from drone_api.errors import DroneError
from texts.sentence import Sentence

OK, NO_CONTENT = 200, 204
STARTING = {Verb.CREATE, Verb.RESTART, Verb.PROMOTE, Verb.ROLLBACK}


@dataclass(frozen=True)
class CommandResult:
    status: int  # HTTP status, as Drone's
    build: dict[str, Any] | None  # as Drone answered it, with secret-looking parameters masked; None for approve and decline
    replayed: bool = False  # the answer to an earlier request with the same Idempotency-Key


def carry_out(caller: Caller, command: BuildCommand, repo: Repo) -> CommandResult:
    """Carry out a command, once.

    Args:
        caller: who gives it.
        command: what is asked for.
        repo: a repository that the caller may see.

    Raises:
        EdroneError: Forbidden where a grant is missing; InvalidCommand where Drone could not store it; NoSuchBuild; the errors
            of an Idempotency-Key in use; DroneError where Drone refuses, fails, or does not answer.
    """
    if earlier := audit.find_earlier(caller, command, repo.slug):
        return replay(earlier)
    refuse_unstorable(command)
    build = build_of(command, repo)
    check_grant(caller, command, repo, build)
    complete = validated(command, repo)
    params = parameters_to_send(caller, complete, repo, build)
    record = audit.start_record(caller, command, repo.slug, build, params)
    if record.outcome != Outcome.STARTED:
        return replay(record)
    try:
        with slot():
            client = connected()
            refuse_unnamed_login(client, command, build)
            answer = ask_drone(client, replace(complete, params=params), drone.RepoName(repo.namespace, repo.name))
    except DroneError as error:
        audit.save_failure(record, error)
        raise
    result = CommandResult(OK, with_masked_parameters(answer)) if answer else CommandResult(NO_CONTENT, None)
    audit.save_success(record, result.status, result.build)
    return result


def build_of(command: BuildCommand, repo: Repo) -> Build | None:
    """Find the build that a command is about; None for a new one."""
    if command.verb == Verb.CREATE:
        return None
    build = Build.objects.filter(repo_id=repo.pk, number=command.number).first()
    if build is None:
        raise NoSuchBuild(Sentence("Not Found: %(slug)s has no build %(number)s.", slug=repo.slug, number=command.number))
    return build


def check_grant(caller: Caller, command: BuildCommand, repo: Repo, build: Build | None) -> None:
    """Refuse callers who lack the grant. What nobody can do is reported first: a misspelt operation is no missing grant.

    Raises:
        Forbidden: naming the grant.
        InvalidCommand: the target is missing.
        ConfigError: there is no such operation, or its file is broken.
    """
    if command.verb in {Verb.PROMOTE, Verb.ROLLBACK} and not command.target:
        raise InvalidCommand(Sentence("Missing target environment: set one, for example target=production."))
    level = operations.level(repo, command, build)
    require_grant(caller.user, repo.slug, required_grant(command, build, level))


def refuse_unstorable(command: BuildCommand) -> None:
    """Refuse fields that Drone could not store, before anything is looked up by them or names them.

    Raises:
        InvalidCommand: naming the field.
    """
    for name, most in parameters.COLUMNS.items():
        value, word = getattr(command, name), parameters.WORDS[name]
        if parameters.NOT_IN_A_VALUE.search(value):
            raise InvalidCommand(Sentence("%(name)s contains a NUL character or is not Unicode text.", name=word))
        if len(value) > most:
            raise InvalidCommand(Sentence("%(name)s is too long: Drone stores %(most)s characters.", name=word, most=most))


def validated(command: BuildCommand, repo: Repo) -> BuildCommand:
    """Return the command with the defaults of the operation's inputs; refuse parameters that Drone could not store."""
    parameters.refuse_invalid(command.params)
    return operations.with_inputs(repo, command) if command.operation else command


def parameters_to_send(caller: Caller, command: BuildCommand, repo: Repo, build: Build | None) -> dict[str, str]:
    """Return the parameters to send; refuse them where Drone could not store all that the build will have."""
    if command.verb not in STARTING:
        return {}
    sent = {**command.params, parameters.ACTOR: caller.user.get_username()}
    before = dict[str, str](build.params if build else {})
    restarts = build is not None and command.verb == Verb.RESTART
    if build and restarts:  # of inputs that are newer than the build, or that Drone lost as it refused it
        sent = {name: value for name, value in operations.defaults(repo, build).items() if name not in before} | sent
    # As Drone puts them together: what a restarted build had wins, and otherwise what is sent (docs/drone.md 2.3).
    merged = {**sent, **before} if restarts else {**before, **sent}
    added = {name: value for name, value in (("message", command.message), ("action", command.operation)) if value}
    parameters.refuse_too_long(merged | added)
    if build and restarts:
        operations.refuse_restart(repo, build, merged)
    return sent


def ask_drone(client: Client, command: BuildCommand, repo: drone.RepoName) -> BuildAnswer | None:
    """Send the command to Drone; return None where it answers with no build."""
    refuse_old_drone(client, command)
    match command.verb:
        case Verb.CREATE:
            build = drone.CustomBuild(command.branch, command.commit, command.message, command.operation)
            return client.create(repo, build, command.params)
        case Verb.RESTART:
            return client.restart(repo, command.number, command.params, debug=command.debug)
        case Verb.CANCEL:
            return client.cancel(repo, command.number)
        case Verb.PROMOTE:
            return client.promote(repo, command.number, command.target, command.params)
        case Verb.ROLLBACK:
            return client.rollback(repo, command.number, command.target, command.params)
        case Verb.APPROVE:
            client.approve(repo, command.number, command.stage or 0)
        case Verb.DECLINE:
            client.decline(repo, command.number, command.stage)
    return None


def replay(record: AuditRecord) -> CommandResult:
    """Return, or raise, the answer that the first request got."""
    if record.outcome == Outcome.DONE:
        return CommandResult(record.status or OK, record.answer, replayed=True)
    error = DroneError(record.said, record.status or 504, uncertain=True)
    error.replayed = True
    raise error


def with_masked_parameters(answer: BuildAnswer) -> dict[str, Any]:
    params = answer.json.get("params")
    return answer.json | ({"params": masked(params)} if params else {})
