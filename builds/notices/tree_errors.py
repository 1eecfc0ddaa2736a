"""Errors of the tree, as the configuration endpoint keeps the last one of each repository."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Concat

from builds.drone_db.vocabulary import Event
from builds.notices.models import Notice, Subscription, Topic
from builds.notices.wording import Text, of_tree_error
from builds.notices.writing import notices, wanting
from configs.records.models import LastError, ServedConfig

OVERLAP = timedelta(minutes=1)  # clocks differ, and who wrote first may commit last


def new_errors(since: datetime | None, now: datetime) -> list[Any]:
    """Return the errors since the last look, and some before, in one query; nothing is told twice.

    There is one a repository at most, and all of them are read: of a few, those that come after would never be reached.
    Each has `served`, the id of the last record of its ref before it.
    """
    errors: QuerySet[Any] = LastError.objects.filter(time__gt=since - OVERLAP if since else now).order_by("time")
    # Without an index on `ref`: PostgreSQL would read every record of refs/heads/master for each repository.
    records = ServedConfig.objects.annotate(unindexed_ref=Concat("ref", Value("")))
    before = records.filter(slug=OuterRef("slug"), unindexed_ref=OuterRef("ref"), served__lt=OuterRef("time"))
    return list(errors.annotate(served=Subquery(before.order_by("-id").values("id")[:1])))


def seen_until(errors: Sequence[LastError], since: datetime | None, now: datetime) -> datetime:
    """Return until when errors were seen, so that those of which nothing can come any more are not read for ever."""
    return max(errors[-1].time, now - OVERLAP) if errors else since or now


def about_errors(errors: Sequence[Any], subscriptions: Sequence[Subscription]) -> list[Notice]:
    """Return what is to be told of errors, as `new_errors` gives them: once, until their ref is served something."""
    rows, before = list[Notice](), told_before(errors, subscriptions)
    for error in errors:
        name, served = name_of(error), error.served or 0
        wanted = wanting(subscriptions, error.slug, Topic.TREE_ERROR)
        channels = [channel for channel in wanted if before.get((channel.pk, name), -1) < served]
        place = error.target if error.event != Event.TAG else error.ref

        def text(error: LastError = error, place: str = place) -> Text:
            return of_tree_error(error.slug, place, error.message)

        rows += notices(channels, text, topic=Topic.TREE_ERROR, about=f"{name} {served}", slug=error.slug)
    return rows


def told_before(errors: Sequence[Any], subscriptions: Sequence[Subscription]) -> dict[tuple[int, str], int]:
    """Return what had been served when channels were last told of errors: {(channel, name of the error): id of the record}.

    A later error is news if its ref was served since, which makes its id greater. A smaller one comes from pruned records.
    """
    rows = Notice.objects.filter(
        channel__in={row.channel_id for row in subscriptions}, topic=Topic.TREE_ERROR, slug__in={error.slug for error in errors}
    )
    told = dict[tuple[int, str], int]()
    for channel, about in rows.values_list("channel_id", "about"):
        name, _space, served = about.partition(" ")
        told[channel, name] = max(int(served or 0), told.get((channel, name), 0))
    return told


def name_of(error: LastError) -> str:
    """Name an error: the same message at the same ref is the same one."""
    return hashlib.sha256(f"{error.slug}\n{error.ref}\n{error.message}".encode()).hexdigest()
