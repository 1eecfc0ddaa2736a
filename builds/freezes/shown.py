"""The freezes that other pages name."""

from collections.abc import Iterable
from typing import Any

from django.db.models import F
from django.utils import timezone

from builds.freezes import rule
from builds.freezes.access import visible_freezes
from builds.freezes.models import Freeze
from builds.freezes.reading import not_over


def frozen_now(user: Any) -> list[Freeze]:
    """Return the freezes that hold, of repositories that a user may see, those that end first at the head."""
    now = timezone.now()
    holding = [freeze for freeze in not_over(now).order_by(F("ends").asc(nulls_last=True), "id") if rule.holds(freeze, now)]
    return visible_freezes(user, holding)


def freeze_of(freezes: Iterable[Freeze], slug: str, name: str) -> Freeze | None:
    """Return the freeze that covers a target or an operation of a repository, of those that a user may see."""
    return rule.covering(freezes, rule.Start(slug, (name,)), timezone.now()) if name else None
