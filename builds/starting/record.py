"""The audit record of one wish: written before Drone is asked, completed after."""

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from builds.drone.client import WRITES
from builds.drone.errors import DroneError
from builds.errors import BuildsError
from builds.models import Build
from builds.models.audit import AuditRecord, Outcome
from builds.secrets import masked
from builds.starting.errors import KeyInUse, KeyUsed, Unknown
from builds.starting.wishes import Caller, Wish, fingerprint

OVER = timedelta(seconds=WRITES + 60)  # nothing that edrone asked of Drone takes longer

logger = logging.getLogger("edrone.starting")


def begin(caller: Caller, wish: Wish, slug: str, build: Build | None, params: Mapping[str, str]) -> AuditRecord:
    """Write who wants what.

    Returns:
        The record; one that is finished where the caller's key stands for the same wish, done before.

    Raises:
        KeyInUse, KeyUsed, Unknown: the key stands for something under way, something else, or nobody knows what became of it.
    """
    mark = fingerprint(wish, slug, settings.SECRET_KEY) if caller.key else ""
    record = AuditRecord(
        user=caller.user,
        username=caller.user.get_username(),
        means=caller.means[:150],
        verb=wish.verb,
        slug=slug,
        number=wish.number or None,
        stage=wish.stage,
        branch=text(wish.branch or (build.target if build else "")),
        commit=text(wish.commit or (build.after if build else "")),
        operation=text(wish.operation),
        target=text(wish.target or (build.deploy_to if build else "")),
        params=masked(params),
        key=caller.key,
        fingerprint=mark,
    )
    try:
        with transaction.atomic():
            record.save(force_insert=True)
    except IntegrityError:
        if not caller.key:
            raise
        return repeated(caller, mark)
    return record


def repeated(caller: Caller, mark: str) -> AuditRecord:
    """Find what a key stands for."""
    first = AuditRecord.objects.filter(user=caller.user, key=caller.key).first()
    if first is None:  # it has just ended with nothing done
        raise KeyInUse("The request with this Idempotency-Key has just ended with nothing done: send it again.")
    if first.fingerprint != mark:
        raise KeyUsed("This Idempotency-Key was used for another request: take a new one for each thing that you want.")
    if first.outcome == Outcome.STARTED:
        if timezone.now() - first.time < OVER:
            raise KeyInUse("The first request with this Idempotency-Key is under way: wait for it.")
        raise Unknown(
            "edrone ended before Drone answered the first request with this Idempotency-Key; it may have been done: "
            "look at the newest builds, and take a new key to ask again."
        )
    return first


def done(record: AuditRecord, status: int, answer: dict[str, Any] | None) -> None:
    """Complete a record with what Drone did; `answer` is the build as the caller gets it."""
    record.outcome, record.status, record.answer = Outcome.DONE, status, answer
    if answer:
        record.build, record.build_status = answer["number"], str(answer["status"])[:50]
    save(record)


def failed(record: AuditRecord, error: BuildsError) -> None:
    """Complete a record with why it was not done, as far as that is known. A key that did nothing may be used again."""
    uncertain = isinstance(error, DroneError) and error.uncertain
    record.outcome = Outcome.UNCERTAIN if uncertain else Outcome.REFUSED
    record.status, record.message = error.status, text(str(error))
    if not uncertain:
        record.key = ""
    save(record)


def save(record: AuditRecord) -> None:
    """Write the end of a record. Drone has answered by now, so the caller is told its answer whatever happens here."""
    record.finished = timezone.now()
    try:
        record.save()
    except DatabaseError:
        logger.exception("The end of audit record %s could not be written: %s, status %s", record.pk, record, record.status)


def text(value: str) -> str:
    """Cut what is longer than its column, and replace what no column takes."""
    return value.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()[:500]
