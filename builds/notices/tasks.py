"""The queue: one task for a channel where something waits (django-tasks-db)."""

from datetime import datetime, timedelta

from django.db.models import Min, Q
from django.utils import timezone
from django_tasks import task
from django_tasks_db.models import DBTaskResult

from builds.notices.delivery import deliver
from builds.notices.models import Channel, Notice, State
from builds.notices.sending import Sender

QUEUE = "notices"
SLACK = timedelta(seconds=1)  # a task that comes that much later is soon enough
NEVER = 9999  # the year by which the library says «at once»
sender = Sender()


@task(queue_name=QUEUE)
def deliver_to(channel_id: int) -> None:
    deliver(channel_id, sender.send)


def enqueue_due() -> None:
    """Give each channel where something waits a task that runs when it is due.

    Tasks are lost with a worker that is killed. The notices themselves say what is to be done, so this puts everything right.
    """
    now = timezone.now()
    waiting = Notice.objects.filter(state=State.WAITING).order_by().values_list("channel_id").annotate(Min("due"))
    due = dict(waiting)
    if not due:
        return
    ready = ready_tasks()
    for channel in Channel.objects.filter(Q(held_until=None) | Q(held_until__lt=now), pk__in=due):
        at = max(due[channel.pk], channel.rests_until or now)
        if channel.pk not in ready or ready[channel.pk] > at + SLACK:
            deliver_to.using(run_after=max(at, now)).enqueue(channel.pk)


def ready_tasks() -> dict[int, datetime]:
    """Return when the next task of each channel runs."""
    rows = DBTaskResult.objects.filter(status="READY", queue_name=QUEUE).values_list("args_kwargs", "run_after")
    due = dict[int, datetime]()
    for arguments, run_after in rows:
        channel_id = arguments["args"][0]
        at = timezone.now() if run_after.year >= NEVER else run_after
        due[channel_id] = min(at, due.get(channel_id, at))
    return due
