"""Finds what was served to a build, binds the record to it, and records (docs/decisions.md, «Records and edrone's own database»).

Nothing here needs a transaction around it, and each function is right while others write: what is unique is inserted or bound, or
else another was quicker, whose record is then found.
"""

from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.db.models.lookups import IsNull

from configs.records.identity import WINDOW, BuildDigests, BuildKey, digests_of, is_of
from configs.records.models import ServedConfig
from configs.records.packing import unpacked
from configs.records.rows import AnsweredRequest, columns, insert, key_of, note, row_of
from pipelines.errors import BuildRefused, ConfigError
from pipelines.resolve.resolve import Resolved

COPIED = ("slug", "author", "sender", "served", "version", "revision", "file_id")  # where two builds share an answer
TRIES = 100  # as many others may be quicker


def served_for(key: BuildKey) -> ServedConfig | None:
    """Find what a build was served, as its row in Drone's table or Drone's request identifies it, and bind the record to it.

    Returns:
        The record, with `file` and `file.text` loaded; None where edrone has none, as for builds older than edrone.
    """
    digests = digests_of(key, settings.SECRET_KEY)
    record = served_before(key, digests)
    for _ in range(TRIES):
        if record is None or is_settled(record, key):
            break
        bind(record, key, digests)
        record = served_before(key, digests)
    return record


def shown_for(key: BuildKey) -> ServedConfig | None:
    """Find what Drone ran for a build: the conversion of its own file, where it was left that file and edrone converted it."""
    record = served_for(key)
    if record and record.file.text is not None:
        return record
    return served_for(replace(key, conversion=True)) or record


def served_before(key: BuildKey, digests: BuildDigests) -> ServedConfig | None:
    """Find the record of what a build was served: its own, else its twin's, else what Drone's cache would have given.

    Returns None for builds answered with an error: errors are never recorded as served.
    """
    if key.got_error:
        return None
    if not key.number:  # it is being triggered: the very same build, or none
        return records().filter(identity=digests.identity).first()
    return own_record(key) or twin(key, digests) or same_in_drones_cache(key, digests)


def records() -> QuerySet[ServedConfig]:
    return ServedConfig.objects.select_related("file__text").order_by("-created", "-id")


def own_record(key: BuildKey) -> ServedConfig | None:
    """Find what is bound to the build."""
    bound = records().filter(repo_id=key.repo_id, build_id=key.build_id, conversion=key.conversion)
    record = bound.first() if key.build_id else None
    return record if record and is_of(record, key) else None


def twin(key: BuildKey, digests: BuildDigests) -> ServedConfig | None:
    """Find the newest record that is equal in all but the time, one that is bound to no build first."""
    return (
        near(key, digests)
        .filter(without_created=digests.without_created)
        .order_by(IsNull(F("build_id"), True).desc(), "-created", "-id")
        .first()
    )


def same_in_drones_cache(key: BuildKey, digests: BuildDigests) -> ServedConfig | None:
    """Find what Drone's own cache would have given: builds of one second share its answer."""
    return near(key, digests).first()


def near(key: BuildKey, digests: BuildDigests) -> QuerySet[ServedConfig]:
    """Return the records with the key of Drone's cache, from the time in which Drone may have asked for the build."""
    return records().filter(cache_key=digests.cache_key, created__range=(key.created - WINDOW, key.created))


def is_settled(record: ServedConfig, key: BuildKey) -> bool:
    """Return whether the record is bound to the build, or there is no build yet to bind it to."""
    return not key.build_id or is_of(record, key)


def bind(record: ServedConfig, key: BuildKey, digests: BuildDigests) -> bool:
    """Bind a free record of the build to it, or insert one of its own beside the record of another build.

    Returns False where another process was quicker, whose record is then to be found.
    """
    if record.build_id is not None or record.without_created != digests.without_created:
        copied = {name: getattr(record, name) for name in COPIED}
        return insert(copied | columns(key, digests) | {"late": False}) or release(key)
    try:
        with transaction.atomic():
            free = ServedConfig.objects.filter(pk=record.pk, build_id=None)
            return bool(free.update(build_id=key.build_id, number=key.number))
    except IntegrityError:  # the build has another record by now
        return release(key)


def release(key: BuildKey) -> bool:
    """Unbind what has the numbers of a build and is another one's, of a Drone that was set up anew since. Returns False."""
    for record in records().filter(repo_id=key.repo_id, build_id=key.build_id, conversion=key.conversion):
        if not is_of(record, key):
            ServedConfig.objects.filter(pk=record.pk, build_id=key.build_id).update(build_id=None)
    return False


def bind_all(keys: Sequence[BuildKey]) -> None:
    """Bind the records of what builds were served to them.

    Nearly every build has a free record that is equal in all but the time: these are bound by one statement. What is then left,
    or all where another process was quicker, is looked at one by one.
    """
    free = free_twins(keys)
    with suppress(IntegrityError), transaction.atomic():  # a build has another record already
        records = [record for record in free if record]
        if ServedConfig.objects.filter(build_id=None).bulk_update(records, ["build_id", "number"]) == len(records):
            keys = [key for key, record in zip(keys, free, strict=True) if record is None]
    for key in keys:
        shown_for(key)


def free_twins(keys: Sequence[BuildKey]) -> list[ServedConfig | None]:
    """Find for each build the newest free record that is equal in all but the time, each once; the build's numbers are set in it.

    A build whose repository keeps its own file is left out: it may have a second record, of the conversion.
    """
    digests = [digests_of(key, settings.SECRET_KEY) for key in keys]
    times = [key.created for key in keys] or [0]
    free = ServedConfig.objects.select_related("file").filter(
        cache_key__in=[each.cache_key for each in digests],
        created__range=(min(times) - WINDOW, max(times)),
        build_id=None,
    )
    fields = ("created", "without_created", "build_id", "number", "file__text")
    by_digest = defaultdict[UUID, list[ServedConfig]](list)
    for record in free.only(*fields).order_by("-created", "-id"):
        by_digest[record.without_created].append(record)
    twins: list[ServedConfig | None] = []
    for key, digest in zip(keys, digests, strict=True):
        records = [] if key.got_error else by_digest[digest.without_created]
        nearest = next((record for record in records if 0 <= key.created - record.created <= WINDOW), None)
        twin = nearest if nearest and nearest.file.text_id else None
        if twin:
            records.remove(twin)
            twin.build_id, twin.number = key.build_id, key.number
        twins.append(twin)
    return twins


def look(answered: AnsweredRequest) -> ServedConfig | None:
    """Find what a build is to be given that may have been served before; writes nothing."""
    key = key_of(answered)
    return served_before(key, digests_of(key, settings.SECRET_KEY))


def keep(answered: AnsweredRequest, record: ServedConfig | None) -> Resolved | ConfigError:
    """Bind a build to what it was served, or record what the tree says, and return it.

    Args:
        answered: what Drone asks, and what the tree says to it.
        record: what `look` found.
    """
    key = key_of(answered)
    digests = digests_of(key, settings.SECRET_KEY)
    if key.number and not key.build_id and not record:
        return answered.result  # there is no build yet to record it for
    for _ in range(TRIES):
        if record:
            if is_settled(record, key) or bind(record, key, digests):
                return unpacked(record.file)
        elif isinstance(answered.result, ConfigError):
            if not isinstance(answered.result, BuildRefused):  # which is no error of the tree, and hides none
                note(answered, answered.result)
            return answered.result
        elif insert(row_of(answered, answered.result, key, digests)):
            return answered.result
        else:
            release(key)
        record = served_before(key, digests)
    raise IntegrityError("others were quicker a hundred times")
