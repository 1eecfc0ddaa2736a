"""What is told of freezes, and to whom: who may see a repository that freeze and subscription have in common."""

from typing import Any

from django.utils import timezone

from builds.freezes.access import narrower, sees
from builds.freezes.models import Freeze
from builds.notices.models import Notice, Subscription, Topic
from builds.notices.wording import of_freeze
from builds.notices.writing import notices


def tell(freeze: Freeze, **_: Any) -> None:
    """Let it be told that a freeze was made, or lifted; its end, which that says, is not told again."""
    rows = Subscription.objects.filter(user__is_active=True).select_related("channel")
    channels = {row.channel_id: row.channel for row in rows if wants(row, freeze.pattern)}
    Notice.objects.bulk_create(
        notices(
            channels.values(),
            lambda: of_freeze(freeze),
            topic=Topic.FROZEN,
            about=f"freeze {freeze.pk} {'lifted' if freeze.lifted else 'made'}",
            slug=freeze.pattern,
            status=freeze.state(timezone.now()),
        ),
        ignore_conflicts=True,
    )


def wants(row: Subscription, pattern: str) -> bool:
    return Topic.FROZEN in row.topics and bool(narrower(row.pattern, pattern))


def may_be_told(user: Any, row: Subscription, pattern: str) -> bool:
    return wants(row, pattern) and sees(user, narrower(row.pattern, pattern))
