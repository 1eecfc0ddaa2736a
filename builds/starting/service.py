"""Carries out what people ask of Drone, for REST and the admin pages alike: prepare, record, ask Drone, record the result."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

from django.db import DatabaseError

from builds.drone_db.masking import masked
from builds.drone_db.models import Build, Repo
from builds.drone_server.client import connected, slot
from builds.starting import audit
from builds.starting.commands import BuildCommand, Caller
from builds.starting.errors import NoSuchBuild, NotAsked
from builds.starting.frozen import override_of
from builds.starting.manual_builds_login import refuse_unnamed_login
from builds.starting.models import STARTING, AuditRecord, Outcome, Verb
from builds.starting.more_than_failed import cancel_more_than_failed
from builds.starting.not_made import explaining
from builds.starting.preparing import prepare
from builds.starting.required_version import refuse_old_drone
from builds.starting.same_second import wait_for_other_restarts
from builds.starting.unanswered import refuse_unanswered
from configs.endpoint.drone_server import known
from configs.records.announcements import Kind, announce, end
from configs.records.models import Announcement
from configs.records.own_database import once_more
from drone_api import client as drone
from drone_api.answers import BuildAnswer
from drone_api.client import Client
from drone_api.errors import DroneError
from pipelines.build_request import BuildRequest
from pipelines.resolve.resolve import Resolved
from texts.characters import one_line
from texts.errors import EdroneError
from texts.sentence import Sentence

OK, NO_CONTENT = 200, 204

logger = logging.getLogger("edrone.starting")


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
    build = build_of(command, repo)
    prepared = prepare(caller.user, command, repo, build)
    expected, rest = prepared.expected, prepared.rest
    override = override_of(caller.user, command, expected, prepared.to) if expected else ""
    record = audit.start_record(caller, command, repo.slug, build, prepared.params, override)
    if record.outcome != Outcome.STARTED:
        return replay(record)
    try:
        with before_asking():
            if command.verb in STARTING:
                wait_for_other_restarts(record, build.created if build else 0)
            if expected:
                refuse_unanswered(expected)
            if expected and override:
                announced_here(Kind.OVERRIDE, record, expected)
            announced = announced_here(Kind.ONLY_FAILED, record, expected, rest.resolved) if expected and rest else None
        with slot(), explaining(None if rest else expected):
            client = connected()
            refuse_unnamed_login(client, command, build)
            name = drone.RepoName(repo.namespace, repo.name)
            answer = ask_drone(client, replace(prepared.command, params=prepared.params), name, prepared.stages)
            if announced and rest and answer:
                record.build = answer.number  # Drone made it, also where it is cancelled now
                cancel_more_than_failed(client, name, announced, rest.runs, answer)
    except EdroneError as error:
        audit.save_failure(record, error)
        if record.outcome != Outcome.UNCERTAIN:
            end_announcements(record)
        raise
    if announced:  # equal overrides of one moment claim those of each other
        end_announcements(record)
    result = CommandResult(OK, with_masked_parameters(answer)) if answer else CommandResult(NO_CONTENT, None)
    audit.save_success(record, result.status, result.build)
    return result


@contextmanager
def before_asking() -> Iterator[None]:
    """Say that nothing was done where edrone's own database fails: else the record would stay in progress.

    Raises:
        NotAsked: it failed.
    """
    try:
        yield
    except DatabaseError as error:
        if isinstance(error, EdroneError):  # Drone's database, which says so itself
            raise
        logger.warning("edrone's own database failed before Drone was asked: %s", one_line(error))
        raise NotAsked(
            Sentence("edrone's own database (DATABASE_URL) failed before Drone was asked, so nothing was done. Try again later.")
        ) from error


def build_of(command: BuildCommand, repo: Repo) -> Build | None:
    """Find the build that a command is about; None for a new one."""
    if command.verb == Verb.CREATE:
        return None
    build = Build.objects.filter(repo_id=repo.pk, number=command.number).first()
    if build is None:
        raise NoSuchBuild(Sentence("Not Found: %(slug)s has no build %(number)s.", slug=repo.slug, number=command.number))
    build.repo = repo  # not read once more: Drone may have deleted it meanwhile
    return build


def ask_drone(client: Client, command: BuildCommand, repo: drone.RepoName, stages: Sequence[int] = ()) -> BuildAnswer | None:
    """Send the command to Drone; return None where it answers with no build.

    Args:
        client: who asks.
        command: what is asked for.
        repo: the repository.
        stages: numbers of those that are approved: Drone approves them one by one.
    """
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
            approve(client, repo, command.number, stages)
        case Verb.DECLINE:
            client.decline(repo, command.number, command.stage)
    return None


def approve(client: Client, repo: drone.RepoName, number: int, stages: Sequence[int]) -> None:
    """Approve stages one after the other.

    Raises:
        DroneError: where some were approved before, saying so.
    """
    for approved, stage in enumerate(stages):
        try:
            client.approve(repo, number, stage)
        except DroneError as error:
            if not approved:
                raise
            raise DroneError(
                Sentence(
                    "%(approved)s of %(stages)s stages were approved, and run; the others were not. %(why)s",
                    approved=approved,
                    stages=len(stages),
                    why=error.args[0],
                ),
                error.status,
                uncertain=True,
            ) from error


def announced_here(kind: Kind, record: AuditRecord, build: BuildRequest, served: Resolved | None = None) -> Announcement:
    """Announce a start, by the login of DRONE_TOKEN, which Drone has as the trigger of what edrone starts."""
    with slot():
        login = connected().login()
    return announce(kind, record.pk, build, login, served, parent_named=known.names_parent)


def end_announcements(record: AuditRecord) -> None:
    with suppress(DatabaseError):  # what Drone answered counts more, and an announcement ends by itself
        once_more(lambda: end(record.pk))


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
