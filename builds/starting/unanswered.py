"""Starts nothing in the place of a restart of only what failed that Drone has not answered, and may still make.

What Drone asks about both is the same to the letter: a restart cannot carry a mark of its own, since the parameters of its parent
win. So whichever is asked about first would run only what failed.
"""

from django.utils import timezone

from builds.drone_server.client import connected, slot
from builds.starting.errors import MayStillStart
from builds.starting.models import AuditRecord
from configs.records.announcements import VALID, Kind, is_for, unclaimed
from pipelines.build_request import BuildRequest
from texts.sentence import Sentence


def refuse_unanswered(build: BuildRequest) -> None:
    """Refuse a build that would claim the announcement of another one.

    Raises:
        MayStillStart: until that announcement is over.
    """
    announced = list(unclaimed(Kind.ONLY_FAILED))
    if not announced:
        return
    with slot():
        login = connected().login()
    for announcement in announced:
        if is_for(announcement, build, login):
            left = announcement.time + VALID - timezone.now()
            seconds = max(int(left.total_seconds()) + 1, 1)
            raise MayStillStart(
                Sentence(
                    "#%(number)s was restarted with only what failed a moment ago, and Drone has not answered: that build may "
                    "still start, and edrone could not tell this one from it. Look at the newest builds; you can start this one "
                    "in %(seconds)s seconds.",
                    number=AuditRecord.objects.get(pk=announcement.record).number,
                    seconds=seconds,
                ),
                seconds,
            )
