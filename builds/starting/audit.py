"""Audit records: written before Drone is asked, completed afterwards."""

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import Error, IntegrityError, transaction
from django.utils import timezone

from builds.drone_db.masking import masked
from builds.drone_db.models import Build
from builds.starting.commands import BuildCommand, Caller, fingerprint
from builds.starting.deploys_to import deploys_to
from builds.starting.errors import KeyInUse, KeyUsed, UnknownResult
from builds.starting.models import AuditRecord, Outcome, Verb
from builds.starting.operations import name_of
from configs.records.own_database import once_more
from drone_api.client import WRITES
from drone_api.errors import DroneError
from pipelines.build_request import BuildRequest
from texts.characters import storable, storable_json
from texts.errors import EdroneError
from texts.sentence import Sentence, json_of

OVER = timedelta(seconds=WRITES + 60)  # nothing that edrone asked of Drone takes longer

# What is not known before Drone has answered; of a refused request, its key may be used again.
ENDS = ("outcome", "status", "answer", "build", "build_status", "message", "sentence", "key", "finished")

logger = logging.getLogger("edrone.starting")


def find_earlier(caller: Caller, command: BuildCommand, slug: str) -> AuditRecord | None:
    """Find the record of the first request with the caller's key; None where this is the first, or there is no key.

    The first answer stands, even if the tree, the build or the caller's grants have changed since.

    Args:
        caller: who gives the command.
        command: what is asked for, as it was sent.
        slug: the repository's full name.

    Raises:
        KeyInUse, KeyUsed, UnknownResult: that request is still running, was another one, or nobody knows how it ended.
    """
    if not caller.key:
        return None
    record = AuditRecord.objects.filter(user=caller.user, key=caller.key).first()
    if record is None:
        return None
    if record.fingerprint != fingerprint(command, slug):
        raise KeyUsed(Sentence("This Idempotency-Key was used for another request. Use a new key for each request."))
    if record.outcome == Outcome.STARTED:
        if timezone.now() - record.time < OVER:
            raise KeyInUse(Sentence("The first request with this Idempotency-Key is still running. Wait until it finishes."))
        raise UnknownResult(
            Sentence(
                "edrone stopped before Drone answered the first request with this Idempotency-Key, so the "
                "request may have taken effect. Check the newest builds before you repeat it with a new key."
            )
        )
    return record


def start_record(  # noqa: PLR0913, PLR0917 - each is a part of the record
    caller: Caller, command: BuildCommand, slug: str, build: Build | None, params: Mapping[str, str], override: str = ""
) -> AuditRecord:
    """Save who asks for what, before Drone is asked. Arguments and errors are those of `find_earlier`.

    Args:
        build: the build that it is done to; None for a new one.
        params: the parameters that are sent.
        override: the reason for overriding a freeze; empty: there is none in the way.

    Returns:
        The new record; a finished one where the same command with the same key came in between.
    """
    operation = command.operation or operation_of(command, build)
    target = command.target or (build.deploy_to if build else "") or target_of(operation, command, slug, build, params)
    record = AuditRecord(
        user=caller.user,
        username=caller.user.get_username(),
        means=(settings.RECORD_PREFIX + caller.means)[:150],
        verb=command.verb,
        slug=slug,
        number=command.number or None,
        stage=command.stage,
        branch=column_text(command.branch or (build.target if build else "")),
        commit=column_text(command.commit or (build.after if build else "")),
        operation=column_text(operation),
        target=column_text(target),
        build_message=column_text(command.message),
        params=masked(params),
        override=column_text(override),
        only_failed=command.only_failed,
        key=caller.key,
        fingerprint=fingerprint(command, slug) if caller.key else "",
    )
    try:
        with transaction.atomic():
            record.save(force_insert=True)
    except IntegrityError:
        if not caller.key:
            raise
        earlier = find_earlier(caller, command, slug)
        if earlier is None:
            raise KeyInUse(
                Sentence("The request with this Idempotency-Key has just ended without any effect. Send it again.")
            ) from None
        return earlier
    return record


def operation_of(command: BuildCommand, build: Build | None) -> str:
    """Return the operation that the command runs again; a promotion runs none."""
    return name_of(build) if build and command.verb not in {Verb.PROMOTE, Verb.ROLLBACK} else ""


def target_of(operation: str, command: BuildCommand, slug: str, build: Build | None, params: Mapping[str, str]) -> str:
    """Return the target that the inputs of an operation name; empty where there is no operation, or it deploys nowhere."""
    namespace, _, name = slug.rpartition("/")
    inputs = masked({**params, **(build.params if build else {})})  # as of a restart: what the build had wins
    request = BuildRequest(namespace, name, "custom", "", "", action=operation, params=inputs)
    return deploys_to(request, build if command.only_failed else None) or ""


def save_success(record: AuditRecord, status: int, answer: dict[str, Any] | None) -> None:
    """Complete a record with Drone's answer; `answer` is the build as the caller gets it."""
    record.outcome, record.status, record.answer = Outcome.DONE, status, storable_json(answer)
    if answer:
        record.build, record.build_status = answer["number"], column_text(str(answer["status"]))[:50]
    save_end(record)


def save_failure(record: AuditRecord, error: EdroneError) -> None:
    """Complete a record with the reason. Where Drone did nothing, the key may be used again."""
    uncertain = isinstance(error, DroneError) and error.uncertain
    record.outcome = Outcome.UNCERTAIN if uncertain else Outcome.REFUSED
    record.status, record.message, record.sentence = error.status, column_text(str(error)), storable_json(json_of(error.args[0]))
    if not uncertain:
        record.key = ""
    save_end(record)


def save_end(record: AuditRecord) -> None:
    """Save how it ended. Drone has answered by now, so a failure here must not keep its answer from the caller."""
    record.finished = timezone.now()
    try:
        once_more(lambda: record.save(update_fields=ENDS))
    except Error:
        who, what = record.username, f"{record.verb} {record.slug}"
        logger.exception(
            "The end of audit record %s could not be written: %s: %s, status %s", record.pk, who, what, record.status
        )


def column_text(value: str) -> str:
    """Replace what no column stores, and cut to 500 characters."""
    return storable(value)[:500]
