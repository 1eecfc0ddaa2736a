"""The rows that are written: what a build was served, its file and text, and the last error of a repository."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection

from configs.records import packing
from configs.records.identity import BuildDigests, BuildKey, shown
from configs.records.models import ConfigFile, ConfigText, LastError, ServedConfig
from pipelines.build_request import BuildRequest
from pipelines.errors import ConfigError
from pipelines.resolve.resolve import Resolved
from texts.characters import storable

Row = dict[str, Any]  # a record by its columns
NAMES = ("event", "action", "ref", "after", "target", "deploy_to", "trigger")


@dataclass(frozen=True)
class AnsweredRequest:
    """A request of Drone, and what today's tree says to it."""

    request: BuildRequest
    result: Resolved | ConfigError
    revision: str  # of the tree
    own_file: str = ""  # digest of the own file that is to be converted; empty: Drone asks for the configuration

    @property
    def again(self) -> bool:
        """Whether the build may have been served before. So may one that gets an error: somebody broke the tree meanwhile."""
        return bool(self.request.number) or isinstance(self.result, ConfigError)


def key_of(answered: AnsweredRequest) -> BuildKey:
    """Return what identifies the build that a request is for."""
    request = answered.request
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
        conversion=bool(answered.own_file),
        own_file=answered.own_file,
    )


def columns(key: BuildKey, digests: BuildDigests) -> Row:
    """Return the columns that identify a build."""
    numbers = {"repo_id": key.repo_id, "build_id": key.build_id or None, "number": key.number, "parent": key.parent}
    identity = {
        "identity": None if key.number else digests.identity,
        "without_created": digests.without_created,
        "cache_key": digests.cache_key,
    }
    return (
        numbers
        | identity
        | {"conversion": key.conversion, "created": key.created}
        | {name: shown(getattr(key, name)) for name in NAMES}
    )


def row_of(answered: AnsweredRequest, resolved: Resolved, key: BuildKey, digests: BuildDigests) -> Row:
    """Write the record of what the tree says, its file and text inserted where they are new."""
    file, text = packing.packed(resolved)
    if file.digest not in stored_files:
        insert_file(file, text)
        if len(stored_files) >= MOST_STORED:
            stored_files.clear()
        stored_files.add(file.digest)
    return columns(key, digests) | {
        "slug": shown(answered.request.slug),
        "author": shown(answered.request.author),
        "sender": shown(answered.request.sender),
        "served": datetime.now(UTC),
        "late": bool(key.number),
        "version": settings.RECORD_PREFIX + settings.EDRONE_VERSION,
        "revision": shown(answered.revision),
        "file_id": file.digest,
    }


COLUMNS = [field.attname for field in ServedConfig._meta.concrete_fields if not field.primary_key]  # noqa: SLF001 - documented
INSERT = (
    f"INSERT INTO {ServedConfig._meta.db_table} ({', '.join(COLUMNS)}) VALUES ({', '.join(['%s'] * len(COLUMNS))})"  # noqa: S608, SLF001 - names of our own
    " ON CONFLICT DO NOTHING"
)


def insert(row: Row) -> bool:
    """Insert a record, unless its build has one; return whether it was inserted.

    In plain SQL: Django's bulk_create takes three times as long, and does not tell.
    """
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [stored_form(row[name]) for name in COLUMNS])
        return bool(cursor.rowcount)


def stored_form(value: Any) -> Any:
    """Give a value as the database takes it."""
    if isinstance(value, UUID):
        return value if connection.features.has_native_uuid_field else value.hex
    return connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value


# Files that this process has inserted. Where one is gone again (pruned, or its transaction failed), a record that refers to
# it is refused by the database when the statement ends, and recorder.py clears this and records anew.
stored_files: set[UUID] = set()
MOST_STORED = 10_000  # 2 MB


def insert_file(file: ConfigFile, text: ConfigText | None) -> None:
    """Insert a file and its text, where they are not there yet."""
    if text:
        ConfigText.objects.bulk_create([text], ignore_conflicts=True)
    ConfigFile.objects.bulk_create([file], ignore_conflicts=True)


def note(answered: AnsweredRequest, error: ConfigError) -> None:
    """Store the last error of the repository."""
    request = answered.request
    values = {
        "event": shown(request.event),
        "ref": shown(request.ref),
        "target": shown(request.target),
        "number": request.number,
        "trigger": shown(request.trigger),
        "message": storable(str(error)),
        "time": datetime.now(UTC),
        "version": settings.RECORD_PREFIX + settings.EDRONE_VERSION,
        "revision": shown(answered.revision),
    }
    row = LastError(slug=shown(request.slug), **values)
    LastError.objects.bulk_create([row], update_conflicts=True, unique_fields=["slug"], update_fields=list(values))
