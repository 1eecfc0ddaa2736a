"""What the end of a build is worth telling, as Drone's rows alone say. Pure.

Builds of one *line* are compared: the same repository, ref, event, target, schedule and operation. So what is told does not
depend on when edrone looked, nor on how often it was restarted (docs/notices.md).
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from builds.drone_db.vocabulary import BROKEN, RESULTS, Status
from builds.notices.models import Topic

WINDOW = 500  # numbers before and after a build among which others of its line are looked for
LINE = ("ref", "event", "deploy_to")  # columns that builds of one line and repository have in common, whatever their event
NEVER_RAN = frozenset({Status.DECLINED.value, Status.SKIPPED.value})


class Result(NamedTuple):
    """A build of the line that came to a result."""

    id: int
    number: int
    ended: int  # Unix seconds
    status: str


def ended_at(build: Any) -> int:
    """Return when a build ended, in Unix seconds; one that Drone refused at once may have no end."""
    return int(build.finished or build.updated or build.created)


def topics_of_end(build: Any, others: Iterable[Result], target: str) -> list[Topic]:
    """Return what the end of a build is told as.

    Args:
        build: of Drone's table; it has ended.
        others: of its line, near it; itself may be among them.
        target: where it deployed to; empty: it is no deployment.
    """
    topics = []
    if build.status in RESULTS and (change := change_of(build, others)):
        topics.append(change)
    if target and build.status not in NEVER_RAN:
        topics.append(Topic.DEPLOYED)
    return topics


def change_of(build: Any, others: Iterable[Result]) -> Topic | None:
    """Return whether a build broke its line, or fixed it; None where it left it as it was, or a newer one had ended before."""
    end = ended_at(build), build.id
    earlier = [other for other in others if other.id != build.id and (other.ended, other.id) < end]
    last = max(earlier, key=lambda other: other.number, default=None)
    if last and last.number > build.number:
        return None
    was_broken, is_broken = bool(last and last.status in BROKEN), build.status in BROKEN
    if was_broken == is_broken:
        return None
    return Topic.FAILED if is_broken else Topic.FIXED
