"""The audit record of one wish: written before Drone is asked, completed after."""

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import Error, IntegrityError, connection, transaction
from django.utils import timezone

from builds.drone_db.masking import masked
from builds.drone_db.models import Build
from builds.starting.commands import Caller, Wish, fingerprint
from builds.starting.errors import KeyInUse, KeyUsed, Unknown
from builds.starting.models import AuditRecord, Outcome, Verb
from builds.starting.operations import name_of
from drone_api.client import WRITES
from drone_api.errors import DroneError
from texts.characters import storable, storable_json
from texts.errors import EdroneError
from texts.sentence import Sentence, json_of

OVER = timedelta(seconds=WRITES + 60)  # nothing that edrone asked of Drone takes longer

logger = logging.getLogger("edrone.starting")


def first(caller: Caller, wish: Wish, slug: str) -> AuditRecord | None:
    """Find what came of the first request with the caller's key; None: this is the first, or there is no key.

    It is told whatever has become of the tree, the build or the caller's grants since.

    Args:
        caller: who wants it.
        wish: what is wanted, as it was sent.
        slug: of the repository.

    Raises:
        KeyInUse, KeyUsed, Unknown: the key stands for something under way, something else, or nobody knows what became of it.
    """
    if not caller.key:
        return None
    return known(AuditRecord.objects.filter(user=caller.user, key=caller.key).first(), mark_of(wish, slug))


def begin(caller: Caller, wish: Wish, slug: str, build: Build | None, params: Mapping[str, str]) -> AuditRecord:
    """Write who wants what; arguments and errors as of `first`.

    Args:
        build: what it is done to; None: a new one.
        params: those that go along.

    Returns:
        The record; one that is finished where the same wish with the same key came in between, and is done.
    """
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
        operation=text(wish.operation or operation_of(wish, build)),
        target=text(wish.target or (build.deploy_to if build else "")),
        build_message=text(wish.message),
        params=masked(params),
        key=caller.key,
        fingerprint=mark_of(wish, slug) if caller.key else "",
    )
    try:
        with transaction.atomic():
            record.save(force_insert=True)
    except IntegrityError:
        if not caller.key:
            raise
        earlier = first(caller, wish, slug)
        if earlier is None:
            raise KeyInUse(
                Sentence("The request with this Idempotency-Key has just ended without any effect. Send it again.")
            ) from None
        return earlier
    return record


def mark_of(wish: Wish, slug: str) -> str:
    """Tell a wish from others."""
    return fingerprint(wish, slug, settings.SECRET_KEY)


def operation_of(wish: Wish, build: Build | None) -> str:
    """Name the operation of the build that something is done to; a promotion of it is none."""
    return name_of(build) if build and wish.verb not in {Verb.PROMOTE, Verb.ROLLBACK} else ""


def known(record: AuditRecord | None, mark: str) -> AuditRecord | None:
    """Look whether it is of the same wish, and has ended; errors as of `first`."""
    if record is None:
        return None
    if record.fingerprint != mark:
        raise KeyUsed(Sentence("This Idempotency-Key was used for another request. Use a new key for each request."))
    if record.outcome == Outcome.STARTED:
        if timezone.now() - record.time < OVER:
            raise KeyInUse(Sentence("The first request with this Idempotency-Key is still running. Wait until it finishes."))
        raise Unknown(
            Sentence(
                "edrone stopped before Drone answered the first request with this Idempotency-Key, so the "
                "request may have taken effect. Check the newest builds before you repeat it with a new key."
            )
        )
    return record


def done(record: AuditRecord, status: int, answer: dict[str, Any] | None) -> None:
    """Complete a record with what Drone did; `answer` is the build as the caller gets it."""
    record.outcome, record.status, record.answer = Outcome.DONE, status, storable_json(answer)
    if answer:
        record.build, record.build_status = answer["number"], text(str(answer["status"]))[:50]
    save(record)


def failed(record: AuditRecord, error: EdroneError) -> None:
    """Complete a record with why it was not done, as far as that is known. A key that did nothing may be used again."""
    uncertain = isinstance(error, DroneError) and error.uncertain
    record.outcome = Outcome.UNCERTAIN if uncertain else Outcome.REFUSED
    record.status, record.message, record.sentence = error.status, text(str(error)), storable_json(json_of(error.args[0]))
    if not uncertain:
        record.key = ""
    save(record)


def save(record: AuditRecord) -> None:
    """Write the end of a record. Drone has answered by now, so the caller is told its answer whatever happens here."""
    record.finished = timezone.now()
    try:
        try:
            record.save()
        except Error:  # the connection may have ended while Drone was waited for
            connection.close()
            record.save()
    except Error:
        who, what = record.username, f"{record.verb} {record.slug}"
        logger.exception(
            "The end of audit record %s could not be written: %s: %s, status %s", record.pk, who, what, record.status
        )


def text(value: str) -> str:
    """Cut what is longer than its column, and replace what no column takes."""
    return storable(value)[:500]
