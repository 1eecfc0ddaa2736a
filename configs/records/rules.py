"""Finds what was served to builds, binds the records to them, and records.

Which record tells what a build was served is decided in identity.py; here are the queries: a few for many builds at once. None of
them needs a transaction around it, and each is right while others write: what is unique is inserted or found, never looked for
and then inserted.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, fields, replace
from functools import reduce
from operator import or_
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import Case, Q, Value, When

from configs.records import packing
from configs.records.identity import WINDOW, BuildDigests, BuildKey, RecordedBuild, choose, digests_of, is_of
from configs.records.models import ConfigFile, ServedConfig
from configs.records.rows import Ask, Row, columns, insert, key_of, note, resolved, row_of
from pipelines.errors import ConfigError
from pipelines.resolve.resolve import Resolved

Build = tuple[int, int]  # Drone's numbers of the repository and of the build
MOST_READ = 1000  # records read for the builds that are looked up together
RECORDED_COLUMNS = [column.name for column in fields(RecordedBuild)]
COPIED = ("slug", "author", "sender", "served", "version", "revision", "file_id")  # where two builds share an answer


@dataclass(eq=False)
class RecordSearch:
    """A build, and the record of what it was served."""

    key: BuildKey
    digests: BuildDigests
    chosen: RecordedBuild | None
    strangers: Sequence[RecordedBuild] = ()  # bound to its numbers, of a Drone that was set up anew since
    late: Row | None = None  # what is recorded where nothing was chosen
    told: UUID | None = None  # the file by what was written, by this process or a quicker one

    @property
    def file(self) -> UUID | None:
        """What the build is served."""
        return self.told or (self.chosen.file_id if self.chosen else self.late["file_id"] if self.late else None)

    @property
    def known(self) -> bool:
        """Whether the record is bound to the build, or there is no build yet to bind it to."""
        return not self.key.build_id or bool(self.chosen and is_of(self.chosen, self.key))

    @property
    def free(self) -> bool:
        """Whether the chosen record can be bound to the build."""
        same = self.chosen and self.chosen.build_id is None and self.chosen.without_created == self.digests.without_created
        return bool(same) and not self.known


def served_for(key: BuildKey) -> ServedConfig | None:
    """Find what a build was served, as its row in Drone's table or Drone's request identifies it, and bind the record to it.

    Returns:
        The record, with `file` and `file.text` loaded; None where edrone has none, as for builds older than edrone.
    """
    (lookups,) = bind_all([key])
    if lookups.chosen is None:
        return None
    records = ServedConfig.objects.select_related("file__text")
    bound = records.filter(repo_id=key.repo_id, build_id=key.build_id).first() if key.build_id else None
    return bound or records.filter(pk=lookups.chosen.id).first()


def bind_all(keys: Sequence[BuildKey]) -> list[RecordSearch]:
    """Find what builds were served, and bind the records to them."""
    lookups = search(keys)
    settle(lookups)
    return lookups


def search(keys: Sequence[BuildKey]) -> list[RecordSearch]:
    """Choose the record of each build, in the order of the builds, since each takes one."""
    digests = [digests_of(key, settings.SECRET_KEY) for key in keys]
    records = {record.id: record for record in candidates(list(zip(keys, digests, strict=True)))}
    groups: dict[object, set[int]] = defaultdict(set)
    for record in records.values():
        for group in (record.identity, record.cache_key, (record.repo_id, record.build_id)):
            groups[group].add(record.id)
    lookups = []
    for key, key_digests in zip(keys, digests, strict=True):
        if not key.number:  # it is being triggered: the very same build, or none
            lookups.append(
                RecordSearch(key, key_digests, next((records[number] for number in groups[key_digests.identity]), None))
            )
            continue
        numbered = groups[key.repo_id, key.build_id] if key.build_id else set()
        near = [records[number] for number in groups[key_digests.cache_key] | numbered]
        strangers = [records[number] for number in numbered if not is_of(records[number], key)]
        lookup = RecordSearch(key, key_digests, choose(key, key_digests, near), strangers)
        lookups.append(lookup)
        if lookup.chosen and lookup.free:  # of two equal builds each takes its own
            records[lookup.chosen.id] = replace(lookup.chosen, build_id=key.build_id)
            groups[key.repo_id, key.build_id].add(lookup.chosen.id)
    return lookups


def candidates(builds: Sequence[tuple[BuildKey, BuildDigests]]) -> list[RecordedBuild]:
    """Read the records among which `choose` chooses: few, by indexes, in one query.

    Where thousands of builds are of one commit and minute, only those are read that it may choose.
    """
    either = Q()
    for key, digests in builds:
        if key.build_id:
            either |= Q(repo_id=key.repo_id, build_id=key.build_id)
        if key.number:
            either |= same_commit(key, digests)
        else:
            either |= Q(identity=digests.identity)
    records = read(either, MOST_READ + 1)
    if len(records) <= MOST_READ:
        return records
    return [record for key, digests in builds for record in newest(key, digests, len(builds))]


def same_commit(key: BuildKey, digests: BuildDigests) -> Q:
    """Return the condition for what Drone's own cache would have given, and all equal builds among it."""
    return Q(cache_key=digests.cache_key, created__range=(key.created - WINDOW, key.created))


def newest(key: BuildKey, digests: BuildDigests, takers: int) -> list[RecordedBuild]:
    """Read the newest of each kind that `choose` may choose for one of several builds, each of which takes one at most."""
    if not key.number:
        return read(Q(identity=digests.identity), 1)
    near = same_commit(key, digests)
    equal = near & Q(without_created=digests.without_created)
    bound = Q(repo_id=key.repo_id, build_id=key.build_id) if key.build_id else Q()
    return [
        *read(bound, 1),
        *read(equal & Q(build_id=None), takers),
        *read(equal & Q(build_id__isnull=False), 1),
        *read(near, 1),
    ]


def read(condition: Q, most: int) -> list[RecordedBuild]:
    """Read the newest records, of their columns only what tells builds apart; none where there is no condition."""
    if not condition:
        return []
    rows = ServedConfig.objects.filter(condition).order_by("-created", "-id").values_list(*RECORDED_COLUMNS)
    return [RecordedBuild(*row) for row in rows[:most]]


def settle(lookups: Sequence[RecordSearch]) -> None:
    """Bind each build to the chosen record, or insert one of its own; where another process was quicker, its record holds."""
    if strangers := {record.id: record.build_id for lookup in lookups for record in lookup.strangers}:
        ServedConfig.objects.filter(pk__in=strangers, build_id__in=strangers.values()).update(build_id=None)
    missing = {
        build_of(lookup.key): lookup for lookup in reversed(lookups) if not lookup.known and (lookup.chosen or lookup.late)
    }
    free = [lookup for lookup in missing.values() if lookup.free]
    others = [lookup for lookup in missing.values() if not lookup.free]
    told: dict[Build, UUID] = {build: lookup.file for build, lookup in missing.items() if lookup.file}
    if bind(free) + insert(own_rows(others)) < len(missing):
        bound = bound_to(missing.values())
        lost = [lookup for build, lookup in missing.items() if build not in bound]  # their records are of other builds by now
        told |= bound | (bound_to(lost) if insert(own_rows(lost)) < len(lost) else {})
    for lookup in lookups:
        lookup.told = told.get(build_of(lookup.key))


def build_of(key: BuildKey) -> Build:
    return key.repo_id, key.build_id


def bind(lookups: Sequence[RecordSearch]) -> int:
    """Bind records to builds. Returns how many this process bound before any other."""
    if not lookups:
        return 0
    keys = {lookup.chosen.id: lookup.key for lookup in lookups if lookup.chosen}
    values = {
        name: Case(*(When(pk=pk, then=Value(getattr(key, name))) for pk, key in keys.items())) for name in ("build_id", "number")
    }
    try:
        with transaction.atomic() if connection.in_atomic_block else nullcontext():
            return ServedConfig.objects.filter(pk__in=keys, build_id=None).update(**values)
    except IntegrityError:  # one of the builds has another record by now
        return sum(bind([lookup]) for lookup in lookups) if len(lookups) > 1 else 0


def own_rows(lookups: Sequence[RecordSearch]) -> list[Row]:
    """Return own records for builds that share an answer with another, or that edrone has not seen."""
    shared = ServedConfig.objects.filter(pk__in={lookup.chosen.id for lookup in lookups if lookup.chosen}) if lookups else ()
    same = {record.pk: {name: getattr(record, name) for name in COPIED} for record in shared}
    late = [lookup.late for lookup in lookups if lookup.late]
    copies = [lookup for lookup in lookups if lookup.chosen and lookup.chosen.id in same]
    return late + [
        {"late": False} | same[lookup.chosen.id] | columns(lookup.key, lookup.digests) for lookup in copies if lookup.chosen
    ]


def bound_to(lookups: Iterable[RecordSearch]) -> dict[Build, UUID]:
    """Read what is bound to builds by now."""
    keys = {build_of(lookup.key): lookup.key for lookup in lookups}
    records = read(reduce(or_, (Q(repo_id=repo, build_id=build) for repo, build in keys), Q()), len(keys))
    builds = ((record, (record.repo_id, record.build_id or 0)) for record in records)
    return {build: record.file_id for record, build in builds if build in keys and is_of(record, keys[build])}


def look(asks: Sequence[Ask]) -> list[tuple[RecordSearch, Resolved | None]]:
    """Find what builds are to be given that were served before; writes nothing."""
    lookups = search([key_of(ask.request) for ask in asks])
    texts = read_files(lookup.file for lookup in lookups if lookup.file)
    return [(lookup, texts[lookup.file] if lookup.file else None) for lookup in lookups]


def give_again(asks: Sequence[Ask], lookups: Sequence[RecordSearch]) -> list[Resolved | ConfigError]:
    """Bind builds whose stages start to what they were served, and give it; what is unknown is what the tree says, recorded."""
    for ask, lookup in zip(asks, lookups, strict=True):
        if lookup.chosen is None and isinstance(ask.found, ConfigError):
            note(ask, ask.found)
        elif lookup.chosen is None and lookup.key.build_id:
            lookup.late = row_of(ask)
    settle(lookups)
    texts = read_files(lookup.file for lookup in lookups if lookup.file)
    return [texts[lookup.file] if lookup.file else ask.found for ask, lookup in zip(asks, lookups, strict=True)]


def give_new(asks: Sequence[Ask]) -> list[Resolved]:
    """Give builds that are being triggered what the tree says, or what was served to the very same build; recorded."""
    rows = [row_of(ask) for ask in asks]
    if insert(rows) == len(rows):
        return [resolved(ask) for ask in asks]
    records = ServedConfig.objects.filter(identity__in=[row["identity"] for row in rows])
    stored = dict(records.values_list("identity", "file_id"))
    texts = read_files(stored.values())
    return [texts[stored[row["identity"]]] for row in rows]


def read_files(digests: Iterable[UUID]) -> dict[UUID, Resolved]:
    """Read files with their texts, each once."""
    files = ConfigFile.objects.select_related("text").filter(pk__in=set(digests))
    return {file.pk: packing.unpacked(file) for file in files}
