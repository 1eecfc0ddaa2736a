"""Deletes old records in batches, while edrone goes on recording."""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, connection
from django.db.models import Exists, Model, OuterRef, QuerySet
from django.utils import timezone

from configs.records.models import Announcement, ConfigFile, ConfigText, LastError, ServedConfig

ANNOUNCED = timedelta(hours=1)  # whoever announced a build looks whether it was claimed, once Drone has answered
BATCH = 1000  # rows deleted at once
SQLITE_BATCH = 200  # likewise: SQLite lets nobody else write meanwhile, nor in what follows without a pause


def prune(before: datetime) -> tuple[int, int]:
    """Delete the records of what was served before a time, old errors, and texts that no record needs any more.

    Returns:
        How many records, and how many texts.
    """
    records = sum(in_batches(ServedConfig.objects.filter(served__lt=before).order_by("served")))
    sum(in_batches(Announcement.objects.filter(time__lt=timezone.now() - ANNOUNCED).order_by("time")))
    sum(in_batches(LastError.objects.filter(time__lt=before).order_by("time")))
    sum(in_batches(unused(ConfigFile, "file", ServedConfig, Announcement)))
    return records, sum(in_batches(unused(ConfigText, "text", ConfigFile)))


def unused(model: type[Model], field: str, *users: type[Model]) -> QuerySet[Any]:
    """Return the rows that no row of other tables refers to by a field."""
    rows = model._default_manager.order_by("pk")  # noqa: SLF001 - documented
    for user in users:
        rows = rows.filter(~Exists(user._default_manager.filter(**{field: OuterRef("pk")})))  # noqa: SLF001
    return rows


def in_batches(rows: QuerySet[Any]) -> Iterator[int]:
    """Delete rows batch by batch, each in its own transaction; yields how many."""
    sqlite = connection.vendor == "sqlite"
    most = SQLITE_BATCH if sqlite else BATCH
    while keys := list(rows.values_list("pk", flat=True)[:most]):
        start = time.monotonic()
        try:
            # All conditions once more: what has been taken into use since is not deleted.
            yield rows.filter(pk__in=keys).order_by().delete()[0]
        except IntegrityError:
            return  # taken into use at this moment: the next time is soon enough
        if len(keys) < most:
            return
        if sqlite:
            time.sleep(time.monotonic() - start)  # half of the time is for those who record
