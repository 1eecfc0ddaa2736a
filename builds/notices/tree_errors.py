"""Errors of the tree, as the configuration endpoint keeps the last one of each repository."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery

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
    before = ServedConfig.objects.filter(slug=OuterRef("slug"), ref=OuterRef("ref"), served__lt=OuterRef("time"))
    return list(errors.annotate(served=Subquery(before.order_by("-id").values("id")[:1])))


def seen_until(errors: Sequence[LastError], since: datetime | None, now: datetime) -> datetime:
    """Return until when errors were seen, so that those of which nothing can come any more are not read for ever."""
    return max(errors[-1].time, now - OVERLAP) if errors else since or now


def about_errors(errors: Sequence[Any], subscriptions: Sequence[Subscription]) -> list[Notice]:
    """Return what is to be told of errors, as `new_errors` gives them."""
    rows = []
    for error in errors:
        if channels := wanting(subscriptions, error.slug, Topic.TREE_ERROR):
            place = error.target if error.event != Event.TAG else error.ref

            def text(error: LastError = error, place: str = place) -> Text:
                return of_tree_error(error.slug, place, error.message)

            rows += notices(channels, text, topic=Topic.TREE_ERROR, about=about(error), slug=error.slug)
    return rows


def about(error: Any) -> str:
    """Name an error: the same message at the same ref is the same one until that ref is served something."""
    return hashlib.sha256("\n".join((error.slug, error.ref, error.message, str(error.served or 0))).encode()).hexdigest()
