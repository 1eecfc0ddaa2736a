"""Gives up notices that wait for too long; forgets those that are over, and the tasks that sent them; outlives wrong clocks."""

from datetime import datetime, timedelta

from django.db.models import OuterRef, Q, Subquery
from django_tasks_db.models import DBTaskResult

from builds.notices.delivery import GIVEN_UP, LONGEST_PAUSE
from builds.notices.models import Channel, Notice, State, Topic
from configs.records.own_database import delete_some

KEPT = timedelta(days=30)
ERRORS_KEPT = timedelta(days=365)  # that were sent: one that is still there would be sent again
TASKS_KEPT = timedelta(days=1)


def give_up(now: datetime) -> None:
    """Give up what a channel that fails could not send for a day, also what it never came to try."""
    late = Notice.objects.filter(state=State.WAITING, created__lt=now - GIVEN_UP, channel__failures__gt=0)
    problem = Channel.objects.filter(pk=OuterRef("channel_id")).values("problem")
    late.update(state=State.FAILED, ended=now, problem=Subquery(problem))


def forget(now: datetime) -> None:
    """Delete some of what is old; called every minute, it keeps up."""
    errors_sent = Q(topic=Topic.TREE_ERROR, state=State.SENT)
    old = Q(ended__lt=now - ERRORS_KEPT) | (Q(ended__lt=now - KEPT) & ~errors_sent)
    delete_some(Notice.objects.filter(old).order_by("ended"))
    # One that is still called running by then was lost with its worker.
    delete_some(DBTaskResult.objects.exclude(status="READY").filter(started_at__lt=now - TASKS_KEPT).order_by("started_at"))


def correct_times(now: datetime) -> None:
    """Let nothing wait for a time that was written while the clock was ahead: no right one is later than the longest pause."""
    late = now + LONGEST_PAUSE
    Notice.objects.filter(state=State.WAITING, due__gt=late).update(due=now)
    Channel.objects.filter(rests_until__gt=late).update(rests_until=None)
    Channel.objects.filter(held_until__gt=late).update(held_until=None)
