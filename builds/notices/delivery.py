"""Sends what waits for a channel, in order. Only one worker at a time does so for a channel.

A notice is noted as sent right after its service took it. A worker that is killed in between, and only then, makes it be sent
twice: otherwise it could be lost. Where only some recipients of a channel took it, it is sent again to the others alone.
"""

import logging
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import DatabaseError, close_old_connections, transaction
from django.db.models import Case, Min, Q, When
from django.utils import timezone

from builds.access.drone_rights import Standing, drone_rights
from builds.access.models import Level, covers
from builds.access.rules import may
from builds.drone_db.errors import DroneDatabaseUnavailable
from builds.drone_db.vocabulary import BROKEN, Status
from builds.notices.addresses import KINDS, WrongAddress, apprise_address
from builds.notices.freezes import may_be_told, wants
from builds.notices.models import TEST, Channel, Notice, State, Subscription, Topic
from builds.notices.sealing import UnreadableAddress, unseal

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=10), timedelta(minutes=30)
GIVEN_UP = timedelta(days=1)  # after it came up
AT_ONCE = 20.0  # seconds that are spent on one channel, before others have their turn
HELD = timedelta(seconds=30)  # by one worker, from each message on: longer than one may take (sending.py)
AGAIN = 0.5  # seconds without trying, after edrone's own database failed
NOBODY_KNOWN = "nobody can tell who may see the repository: Drone's API has not said whose DRONE_TOKEN is"
UNUSABLE = "its address cannot be used"
RESEALED = "its address cannot be read, since SECRET_KEY was changed: give it anew"

logger = logging.getLogger("edrone.notices")
stopping = threading.Event()  # set where this process is told to end: it finishes the message that it sends
Send = Callable[[dict[str, Any]], str]


class TokenUnknown(Exception):
    """This process has not learnt the login of DRONE_TOKEN yet."""


def deliver(channel_id: int, send: Send) -> None:
    """Send what waits and is due. `send` returns why a message could not be sent."""
    now = timezone.now()
    free = Q(held_until=None) | Q(held_until__lt=now)
    awake = Q(rests_until=None) | Q(rests_until__lte=now)
    if not Channel.objects.filter(free, awake, pk=channel_id).update(held_until=now + HELD):
        return  # it is gone, rests, or another worker has it
    channel = Channel.objects.filter(pk=channel_id).first()
    if channel is None:
        return
    try:
        send_waiting(channel, send)
    except (ChannelLost, Channel.DoesNotExist):
        pass
    finally:
        Channel.objects.filter(pk=channel_id, held_until=channel.held_until).update(held_until=None)


class ChannelLost(Exception):
    """It was deleted, and its notices with it; or another worker has it, since this one did nothing for longer than HELD."""


def hold(channel: Channel) -> None:
    """Keep a channel for one more message, and read it again: somebody may have replaced its address.

    Raises:
        ChannelLost: it is not this worker's any more.
        Channel.DoesNotExist: it was deleted at this moment.
    """
    until = timezone.now() + HELD
    if not Channel.objects.filter(pk=channel.pk, held_until=channel.held_until).update(held_until=until):
        raise ChannelLost
    channel.refresh_from_db()


def send_waiting(channel: Channel, send: Send) -> None:
    end, pause = time.monotonic() + AT_ONCE, KINDS[channel.kind].pause
    while time.monotonic() < end and (notice := next_notice(channel.pk)):
        problem = attempt(channel, notice, send)
        if problem is None:
            continue  # nothing was sent
        if problem:
            logger.warning("Channel %s: a notice was not sent: %s.", channel.pk, problem)
            return
        if stopping.wait(pause):
            return


def next_notice(channel_id: int) -> Notice | None:
    """Return the next notice that is due; of one build, or pattern that is frozen, none overtakes an older one.

    A test comes first: somebody waits for it. Then the one that is due for longest: those that are refused hold up no others.
    """
    waiting = Notice.objects.filter(channel_id=channel_id, state=State.WAITING)
    unordered = Q(number=0) & ~Q(topic=Topic.FROZEN)
    begun = ~Q(reached=[])  # what some recipients do not take must not keep the next one from those who took it
    oldest = waiting.exclude(unordered | begun).values("slug", "number").annotate(oldest=Min("id")).values("oldest")
    tests_first = Case(When(topic=TEST, then=0), default=1)
    free = waiting.filter(unordered | begun | Q(pk__in=oldest), due__lte=timezone.now())
    return free.order_by(tests_first, "due", "id").first()


def attempt(channel: Channel, notice: Notice, send: Send) -> str | None:
    """Send a notice, and note what came of it.

    Returns:
        Why it could not be sent; empty where it was, None where nobody is to be told any more.

    Raises:
        ChannelLost, Channel.DoesNotExist: it was not tried.
    """
    before = len(notice.reached)
    try:
        if notice.topic != TEST and not has_audience(channel, notice):
            finish(notice, State.DROPPED)
            return None
        hold(channel)
        problem = send(message_of(channel, notice))
    except DroneDatabaseUnavailable:
        problem = "nobody can tell who may see the repository: Drone's database does not answer"
    except TokenUnknown:
        problem = NOBODY_KNOWN
    except UnreadableAddress:
        problem = RESEALED
    except WrongAddress:
        problem = UNUSABLE
    took = not problem or len(notice.reached) > before
    if not problem:
        note(lambda: finish(notice, State.SENT))
    elif took:
        note(lambda: Notice.objects.filter(pk=notice.pk).update(reached=notice.reached))
    if took and channel.failures:
        channel.failures, channel.problem = 0, ""
        Channel.objects.filter(pk=channel.pk).update(failures=0, problem="", rests_until=None)
    if problem:
        postpone(channel, notice, problem)
    return problem


@transaction.atomic
def postpone(channel: Channel, notice: Notice, problem: str) -> None:
    """Let a notice that was not sent be tried again, or give it up."""
    if not Channel.objects.select_for_update().filter(pk=channel.pk, sealed=channel.sealed).first():
        return  # its address was replaced meanwhile, and the notice is due at the new one
    now = timezone.now()
    notice.attempts += 1
    if not notice.reached:  # else the channel works for others, and must not make them wait
        channel.failures += 1
        # It rests for half as long as the notice, so that another one is tried before: it may be this notice that is refused.
        rests_until = now + pause_after(channel.failures) / 2
        Channel.objects.filter(pk=channel.pk).update(failures=channel.failures, problem=problem, rests_until=rests_until)
    if notice.topic == TEST or now - notice.created >= GIVEN_UP:
        finish(notice, State.FAILED, problem)
    else:
        due = now + pause_after(notice.attempts)
        Notice.objects.filter(pk=notice.pk).update(attempts=notice.attempts, due=due, problem=problem)


def pause_after(failures: int) -> timedelta:
    """Return how long to wait after so many failures in a row."""
    return min(FIRST_PAUSE * float(2 ** min(failures - 1, 20)), LONGEST_PAUSE)


def finish(notice: Notice, state: State, problem: str = "") -> None:
    attempts = notice.attempts + (state == State.SENT)
    Notice.objects.filter(pk=notice.pk).update(state=state, ended=timezone.now(), problem=problem, attempts=attempts, reached=[])


def note(update: Callable[[], Any]) -> None:
    """Note who took a notice, as soon as edrone's own database answers: not noted, it would be sent again."""
    while True:
        try:
            update()
        except DatabaseError:
            close_old_connections()
            if stopping.wait(AGAIN):
                raise
        else:
            return


def has_audience(channel: Channel, notice: Notice) -> bool:
    """Return whether somebody subscribes to this, and may see the repository now.

    Raises:
        TokenUnknown: it depends on an administrator of Drone, who may be nobody but the owner of DRONE_TOKEN.
    """
    subscriptions = Subscription.objects.filter(channel_id=channel.pk, user__is_active=True).select_related("user")
    if notice.topic == Topic.FROZEN:
        wanting = [row for row in subscriptions if wants(row, notice.slug)]
        allowed = any(may_be_told(row.user, row, notice.slug) for row in wanting)
    else:
        wanting = [row for row in subscriptions if notice.topic in row.topics and covers(row.pattern, notice.slug)]
        allowed = any(may(row.user, Level.VIEW, notice.slug) for row in wanting)
    if not allowed and any(drone_rights(row.user).standing == Standing.TOKEN_UNKNOWN for row in wanting):
        raise TokenUnknown
    return allowed


def message_of(channel: Channel, notice: Notice) -> dict[str, Any]:
    """Return what the sender takes; `fields` are what a JSON webhook gets beside title and message.

    `reached` is the notice's own list, to which each recipient that takes it is added.
    """
    link = f"{channel.site}{notice.path}"
    return {
        "address": apprise_address(KINDS[channel.kind], unseal(channel.sealed)),  # an older edrone may have taken other ones
        "title": notice.title,
        "body": f"{notice.body}\n{link}",
        "type": type_of(notice),
        "reached": notice.reached,
        "fields": {
            "id": notice.pk,
            "event": notice.topic,
            "repository": notice.slug,
            "build": notice.number,
            "operation": notice.operation,
            "status": notice.status,
            "link": link,
            "time": int(notice.created.timestamp()),
        },
    }


def type_of(notice: Notice) -> str:
    """Return Apprise's word, of which services make a colour."""
    if notice.topic in {Topic.FAILED, Topic.TREE_ERROR} or notice.status in BROKEN:
        return "failure"
    if (notice.topic == Topic.FROZEN and notice.status != "lifted") or notice.status == Status.KILLED:
        return "warning"
    return {Topic.WAITING.value: "warning", TEST: "info"}.get(notice.topic, "success")
