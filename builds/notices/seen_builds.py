"""Reads which of Drone's builds are new, which have ended and which wait for approval, along indexes, in a few queries."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from builds.drone_db.models import Build, Stage
from builds.drone_db.vocabulary import UNFINISHED, Status
from builds.notices.models import Position
from builds.notices.rules import ended_at

AT_ONCE = 500  # new builds of one look, and values of one query
OVERLAP = 100  # ids before the newest among which a build may still appear: whoever counts later may commit earlier
MOST_UNFINISHED = 5000  # builds; of more, the newest


@dataclass(frozen=True)
class Seen:
    newest: int
    recent: list[int]
    unfinished: list[int]
    waiting: set[int]  # ids of those that wait for approval
    asking: set[int] = field(default_factory=set)  # those of them that did not wait at the last look
    ended: Sequence[Build] = field(default_factory=list)  # since the last look, with their repositories, in that order
    more: bool = False  # there are newer builds


def look_at_builds(position: Position) -> Seen:
    """Return what is new since the last look.

    Raises:
        DroneDatabaseUnavailable: Drone's database does not answer.
    """
    top = Build.objects.order_by("-id").values_list("id", flat=True).first() or 0
    if position.newest is None:
        return first_look(top)  # nobody subscribed before
    if top < position.newest:
        return look_further_back(position, top)
    near = Build.objects.filter(id__gt=position.newest - OVERLAP).order_by("id").values_list("id", flat=True)
    ids = list(near[: OVERLAP + AT_ONCE])
    known = set(position.recent)
    new = builds_of(pk for pk in ids if pk not in known)
    running = {build.id for build in new if build.status in UNFINISHED}
    before = statuses(pk for pk in position.unfinished if pk not in running)
    running |= {pk for pk, status in before.items() if status in UNFINISHED}
    ended = [build for build in new if build.id not in running]
    ended += builds_of(pk for pk, status in before.items() if status not in UNFINISHED)
    newest = max(ids, default=position.newest)
    unfinished = sorted(running)[-MOST_UNFINISHED:]
    waiting = waiting_among(unfinished)
    return Seen(
        newest,
        [pk for pk in ids if pk > newest - OVERLAP],
        unfinished,
        waiting,
        waiting - set(position.waiting),
        in_order(ended),
        more=newest < top,
    )


def look_further_back(position: Position, top: int) -> Seen:
    """Begin anew where the newest build is gone: its repository was deleted, an older copy restored, or this is another Drone.

    Of another one, unless both are small, none of the builds seen last are there. Else those that had not ended are still told.
    """
    begun = first_look(top)
    if not set(begun.recent) & set(position.recent):
        return begun
    ended = [build for build in builds_of(position.unfinished) if build.status not in UNFINISHED]
    return replace(begun, asking=begun.waiting - set(position.waiting), ended=in_order(ended))


def first_look(top: int) -> Seen:
    """Begin: what has ended by now is told to nobody, and neither is what waits already."""
    recent = Build.objects.filter(id__gt=top - OVERLAP).order_by("id").values_list("id", flat=True)
    running = Build.objects.filter(status__in=UNFINISHED).order_by("-id").values_list("id", flat=True)
    unfinished = sorted(running[:MOST_UNFINISHED])
    return Seen(top, list(recent), unfinished, waiting_among(unfinished))


def in_order(ended: Iterable[Build]) -> list[Build]:
    return sorted(ended, key=lambda build: (ended_at(build), build.id))


def builds_of(ids: Iterable[int]) -> list[Build]:
    """Read builds with their repositories; those whose repository is gone are nobody's any more."""
    rows = Build.objects.select_related("repo")
    return [build for part in parts(ids) for build in rows.filter(id__in=part)]


def statuses(ids: Iterable[int]) -> dict[int, str]:
    rows = Build.objects.values_list("id", "status")
    return {pk: status for part in parts(ids) for pk, status in rows.filter(id__in=part)}


def waiting_among(ids: Iterable[int]) -> set[int]:
    """Return which builds wait for approval: Drone says so of their stages only."""
    blocked = Stage.objects.filter(status=Status.BLOCKED.value).values_list("build_id", flat=True)
    return {pk for part in parts(ids) for pk in blocked.filter(build_id__in=part)}


def parts(ids: Iterable[int]) -> Iterable[list[int]]:
    """Cut a list: SQLite refuses a thousand values."""
    listed = list(ids)
    return (listed[start : start + AT_ONCE] for start in range(0, len(listed), AT_ONCE))
