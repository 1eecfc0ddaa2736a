"""Finds what was served to a build, binds the record to it, and records (docs/decisions.md, «Records and edrone's own database»).

Nothing here needs a transaction around it, and each function is right while others write: what is unique is inserted or bound, or
else another was quicker, whose record is then found.
"""

from collections.abc import Sequence

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.db.models.lookups import IsNull

from configs.records.identity import WINDOW, BuildDigests, BuildKey, digests_of, is_of
from configs.records.models import ServedConfig
from configs.records.packing import unpacked
from configs.records.rows import Ask, columns, insert, key_of, note, row_of
from pipelines.errors import ConfigError
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
    record = records().filter(repo_id=key.repo_id, build_id=key.build_id).first() if key.build_id else None
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
    for record in records().filter(repo_id=key.repo_id, build_id=key.build_id):
        if not is_of(record, key):
            ServedConfig.objects.filter(pk=record.pk, build_id=key.build_id).update(build_id=None)
    return False


def bind_all(keys: Sequence[BuildKey]) -> None:
    """Bind the records of what builds were served to them."""
    for key in keys:
        served_for(key)


def look(ask: Ask) -> ServedConfig | None:
    """Find what a build is to be given that may have been served before; writes nothing."""
    key = key_of(ask.request)
    return served_before(key, digests_of(key, settings.SECRET_KEY))


def keep(ask: Ask, record: ServedConfig | None) -> Resolved | ConfigError:
    """Bind a build to what it was served, or record what the tree says, and return it.

    Args:
        ask: what Drone asks.
        record: what `look` found.
    """
    key = key_of(ask.request)
    digests = digests_of(key, settings.SECRET_KEY)
    if key.number and not key.build_id and not record:
        return ask.found  # there is no build yet to record it for
    for _ in range(TRIES):
        if record:
            if is_settled(record, key) or bind(record, key, digests):
                return unpacked(record.file)
        elif isinstance(ask.found, ConfigError):
            note(ask, ask.found)
            return ask.found
        elif insert(row_of(ask, ask.found, key, digests)):
            return ask.found
        else:
            release(key)
        record = served_before(key, digests)
    raise IntegrityError("others were quicker a hundred times")
