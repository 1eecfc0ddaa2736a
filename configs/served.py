"""What was served to which build: found, bound to the build, and recorded.

Which record tells what a build was served is decided in identity.py; here are the queries. None of them needs a transaction
around it, and each is right while others write: what is unique is inserted or found, never looked for and then inserted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, connection, transaction

from configs import keptform
from configs.errors import ConfigError
from configs.identity import WINDOW, BuildKey, Marks, choose, is_of, marks_of, shown
from configs.models import ConfigFile, ConfigText, LastError, ServedConfig
from configs.payload import ConfigRequest
from configs.resolve import Resolved

Row = dict[str, Any]  # a record by its columns
NAMES = ("event", "action", "ref", "after", "target", "deploy_to", "trigger")


@dataclass(frozen=True)
class Ask:
    """A request of Drone, and what today's tree says to it."""

    request: ConfigRequest
    found: Resolved | ConfigError
    revision: str  # of the tree


def served_for(key: BuildKey) -> ServedConfig | None:
    """Find what a build was served, as its row in Drone's table or Drone's request identifies it, and bind the record to it.

    Returns:
        The record, with `file` and `file.text` loaded; None where edrone has none, as for builds older than edrone.
    """
    marks = marks_of(key, settings.SECRET_KEY)
    kept = candidates(key, marks)
    chosen = choose(key, marks, kept)
    if chosen is None or not key.build_id or is_of(chosen, key):
        return chosen
    for stranger in kept:  # of a Drone that was set up anew since
        if (stranger.repo_id, stranger.build_id) == (key.repo_id, key.build_id):
            ServedConfig.objects.filter(pk=stranger.pk).update(build_id=None)
    if chosen.build_id is None and chosen.without_created == marks.without_created and bind(chosen, key):
        return chosen
    same = {name: getattr(chosen, name) for name in ("slug", "author", "sender", "served", "version", "revision", "file_id")}
    insert([{"late": False} | same | columns(key, marks)])
    return bound_to(key) or chosen


def candidates(key: BuildKey, marks: Marks) -> list[ServedConfig]:
    """Read the records among which `choose` chooses: few, by indexes."""
    records = ServedConfig.objects.select_related("file__text")
    found = list(records.filter(repo_id=key.repo_id, build_id=key.build_id)) if key.build_id else []
    if any(is_of(record, key) for record in found):
        return found
    near = records.filter(cache_key=marks.cache_key, created__range=(key.created - WINDOW, key.created))
    near = near.order_by("-created", "-id")
    equal = near.filter(without_created=marks.without_created)
    return [*found, *equal.filter(build_id=None)[:1], *equal[:1], *near[:1]]


def bound_to(key: BuildKey) -> ServedConfig | None:
    """Read the record that is bound to a build."""
    return ServedConfig.objects.select_related("file__text").filter(repo_id=key.repo_id, build_id=key.build_id).first()


def bind(record: ServedConfig, key: BuildKey) -> bool:
    """Say of a record which build it was; False where somebody else was quicker."""
    try:
        with transaction.atomic():
            free = ServedConfig.objects.filter(pk=record.pk, build_id=None)
            done = free.update(build_id=key.build_id, number=key.number)
    except IntegrityError:  # the build has another record by now
        return False
    record.build_id, record.number = key.build_id, key.number
    return bool(done)


def give(asks: Sequence[Ask]) -> list[Resolved | ConfigError]:
    """Record what is served to builds, and give what they are to be served: what they were served before, if they were."""
    new = [ask for ask in asks if not ask.request.number and isinstance(ask.found, Resolved)]
    given = dict(zip(map(id, new), give_new(new), strict=True))
    return [given[id(ask)] if id(ask) in given else give_again(ask) for ask in asks]


def give_new(asks: Sequence[Ask]) -> list[Resolved]:
    """Give builds that are being triggered what the tree says, or what was served to the very same build."""
    rows = [row_of(ask) for ask in asks]
    if not rows or insert(rows) == len(rows):
        return [resolved(ask) for ask in asks]
    records = ServedConfig.objects.filter(identity__in=[row["identity"] for row in rows])
    stored = dict(records.values_list("identity", "file_id"))
    return [
        resolved(ask) if stored[row["identity"]] == row["file_id"] else keptform.unpacked(read_file(stored[row["identity"]]))
        for row, ask in zip(rows, asks, strict=True)
    ]


def give_again(ask: Ask) -> Resolved | ConfigError:
    """Give a build whose stage starts what it was served; where nothing is known of it, what the tree says."""
    key = key_of(ask.request)
    if ask.request.number:
        record = served_for(key)
    else:  # an error, which the build may have got before somebody broke the tree
        identity = marks_of(key, settings.SECRET_KEY).identity
        record = ServedConfig.objects.select_related("file__text").filter(identity=identity).first()
    if record:
        return keptform.unpacked(record.file)
    if isinstance(ask.found, ConfigError):
        note(ask, ask.found)
        return ask.found
    if key.build_id:
        insert([row_of(ask)])
        record = bound_to(key)
    return keptform.unpacked(record.file) if record else ask.found


def read_file(digest: UUID) -> ConfigFile:
    """Read a file with its text."""
    return ConfigFile.objects.select_related("text").get(pk=digest)


def resolved(ask: Ask) -> Resolved:
    """Give what the tree says."""
    if isinstance(ask.found, ConfigError):
        raise TypeError("an error is never recorded as served")
    return ask.found


def key_of(request: ConfigRequest) -> BuildKey:
    """Give what identifies the build that a request is for."""
    return BuildKey(
        repo_id=request.repo_id,
        build_id=request.build_id if request.number else 0,
        number=request.number,
        event=request.event,
        action=request.action,
        ref=request.ref,
        after=request.after,
        target=request.target,
        deploy_to=request.deploy_to,
        parent=request.parent,
        trigger=request.trigger,
        created=request.created,
        params=request.params,
    )


def columns(key: BuildKey, marks: Marks) -> Row:
    """Give the columns that identify a build."""
    numbers = {"repo_id": key.repo_id, "build_id": key.build_id or None, "number": key.number, "parent": key.parent}
    digests = {
        "identity": None if key.number else marks.identity,
        "without_created": marks.without_created,
        "cache_key": marks.cache_key,
    }
    return numbers | digests | {"created": key.created} | {name: shown(getattr(key, name)) for name in NAMES}


def row_of(ask: Ask) -> Row:
    """Write the record of what the tree says, its file and text inserted where they are new."""
    request, key = ask.request, key_of(ask.request)
    file, text = keptform.packed(resolved(ask))
    if file.digest not in stored_files:
        insert_file(file, text)
        stored_files.add(file.digest)
    return columns(key, marks_of(key, settings.SECRET_KEY)) | {
        "slug": shown(request.slug),
        "author": shown(request.author),
        "sender": shown(request.sender),
        "served": datetime.now(UTC),
        "late": bool(key.number),
        "version": settings.EDRONE_VERSION,
        "revision": shown(ask.revision),
        "file_id": file.digest,
    }


COLUMNS = [field.attname for field in ServedConfig._meta.concrete_fields if not field.primary_key]  # noqa: SLF001 - documented
INSERT = f"INSERT INTO {ServedConfig._meta.db_table} ({', '.join(COLUMNS)}) VALUES "  # noqa: S608, SLF001 - names of our own
PLACES = f"({', '.join(['%s'] * len(COLUMNS))})"


def insert(rows: Sequence[Row]) -> int:
    """Insert records, but for those of builds that have one; in one order everywhere, so that nobody waits in a circle.

    In plain SQL: Django's bulk_create takes three times as long, and does not tell how many it inserted, which is returned.
    """
    values = [stored_form(row[name]) for row in sorted(rows, key=lambda row: str(row["identity"])) for name in COLUMNS]
    with connection.cursor() as cursor:
        cursor.execute(INSERT + ", ".join([PLACES] * len(rows)) + " ON CONFLICT DO NOTHING", values)
        return int(cursor.rowcount)


def stored_form(value: Any) -> Any:
    """Give a value as the database takes it."""
    if isinstance(value, UUID):
        return value if connection.features.has_native_uuid_field else value.hex
    return connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value


# Files that this process has inserted. Where one is gone again (pruned, or its transaction failed), a record that refers to
# it is refused by the database when the transaction ends, and keeping.py clears this and records anew.
stored_files: set[UUID] = set()


def insert_file(file: ConfigFile, text: ConfigText | None) -> None:
    """Insert a file and its text, where they are not there yet."""
    if text:
        ConfigText.objects.bulk_create([text], ignore_conflicts=True)
    ConfigFile.objects.bulk_create([file], ignore_conflicts=True)


def note(ask: Ask, error: ConfigError) -> None:
    """Keep the last error of the repository."""
    request = ask.request
    values = {
        "event": shown(request.event),
        "ref": shown(request.ref),
        "target": shown(request.target),
        "number": request.number,
        "trigger": shown(request.trigger),
        "message": str(error).replace("\0", "\N{REPLACEMENT CHARACTER}"),
        "time": datetime.now(UTC),
        "version": settings.EDRONE_VERSION,
        "revision": shown(ask.revision),
    }
    row = LastError(slug=shown(request.slug), **values)
    LastError.objects.bulk_create([row], update_conflicts=True, unique_fields=["slug"], update_fields=list(values))
