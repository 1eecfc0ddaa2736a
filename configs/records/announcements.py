"""What edrone has said that it starts, beyond what anybody may ask of Drone: the override of a freeze, or only what failed.

A parameter of a build proves nothing: anybody can set one, and promotions and restarts inherit it. So the build is announced in
edrone's own database before Drone is asked, and what Drone then asks claims the announcement, once.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from enum import Enum, auto
from hashlib import sha256
from uuid import UUID

from django.conf import settings
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from configs.records import packing, rows
from configs.records.identity import digest
from configs.records.models import Announcement
from pipelines.build_request import BuildRequest
from pipelines.resolve.resolve import Resolved

VALID = timedelta(seconds=60)
NOT_COMPARED = {"action", "message"}  # some versions of Drone have them among the parameters too
Kind = Announcement.Kind


class WrongText(Enum):
    """What is wrong with the text that Drone has for a build."""

    OF_ANOTHER = auto()  # it was announced for another build
    NOT_ANNOUNCED = auto()  # another one was announced for the build


def announce(  # noqa: PLR0913 - each is a part of the announcement
    kind: Kind, record: int, build: BuildRequest, login: str, served: Resolved | None = None, *, parent_named: bool = True
) -> Announcement:
    """Say that edrone starts a build.

    Args:
        kind: what it may.
        record: number of the audit record that says who starts it.
        build: that Drone will ask about.
        login: of the user whose token edrone has.
        served: what it is to be served; None: what the tree says.
        parent_named: False: this Drone may leave the parent of a restart out of what it asks (docs/drone.md 2.3).
    """
    file = None
    if served:
        file, text = packing.packed(served)
        rows.insert_file(file, text)
    digests = {"build": build_digest(build, login)}
    if not parent_named:
        digests["build_without_parent"] = build_digest(replace(build, parent=0), login)
    return Announcement.objects.create(kind=kind, record=record, file=file, **digests)


def claim(kind: Kind, build: BuildRequest, now: datetime) -> Announcement | None:
    """Claim the oldest announcement of a build; None where there is none. Of equal builds, each claims one of its own.

    Called once more with the same time, it returns the same announcement: the first answer of the database may have been lost.
    """
    requested = build_digest(build, build.trigger)
    waiting = (
        recent(kind)
        .filter(Q(claimed=None) | Q(claimed=now))
        .filter(Q(build=requested) | Q(build_without_parent=requested))
        .order_by("id")
    )
    for announcement in waiting.select_related("file__text"):
        if waiting.filter(pk=announcement.pk).order_by().update(claimed=now):
            return announcement
    return None


def unclaimed(kind: Kind) -> QuerySet[Announcement]:
    """Return the announcements of builds that Drone has not asked about yet, and still may."""
    return recent(kind).filter(claimed=None)


def recent(kind: Kind) -> QuerySet[Announcement]:
    return Announcement.objects.filter(kind=kind, time__gt=timezone.now() - VALID)


def is_for(announcement: Announcement, build: BuildRequest, login: str) -> bool:
    """Return whether a build that edrone is about to start would claim an announcement."""
    without_parent = build_digest(replace(build, parent=0), login)
    return announcement.build == build_digest(build, login) or announcement.build_without_parent == without_parent


def end(record: int) -> None:
    """End what an audit record announced, since Drone has answered: an equal build that follows is another one."""
    use_up(Announcement.objects.filter(record=record, used=None), timezone.now())


def wrong_text(build: BuildRequest, text: str, now: datetime) -> WrongText | None:
    """Compare the text that Drone has for a build with those that were announced a moment ago, each for one build.

    Drone's caches give a build the text of another one (docs/drone.md 1.5, 7.2). Called once more with the same time, it says the
    same, as `claim` does.
    """
    announced = list(recent(Kind.ONLY_FAILED).order_by("id").select_related("file").defer("file__origins", "file__sources"))
    if not announced:
        return None
    requested, hash_ = build_digest(build, build.trigger), sha256(text.encode()).hexdigest()
    with_text = [each for each in announced if each.file and each.file.text_id == hash_]
    its_own = [each for each in announced if each.used in {None, now} and requested in {each.build, each.build_without_parent}]
    if not its_own:
        return WrongText.OF_ANOTHER if with_text else None
    right = [each for each in its_own if each in with_text]
    use_up(Announcement.objects.filter(pk=(right or its_own)[0].pk), now)
    return None if right else WrongText.NOT_ANNOUNCED


def record_with_text(build: BuildRequest, text: str) -> int | None:
    """Return the audit record of a restart of only what failed that has the text announced for it, as `wrong_text` found."""
    requested, hash_ = build_digest(build, build.trigger), sha256(text.encode()).hexdigest()
    its_own = Announcement.objects.filter(Q(build=requested) | Q(build_without_parent=requested), file__text=hash_)
    recent = its_own.filter(kind=Kind.ONLY_FAILED, time__gt=timezone.now() - VALID).exclude(used=None)
    return recent.order_by("-used").values_list("record", flat=True).first()


def use_up(announcements: QuerySet[Announcement], now: datetime) -> None:
    announcements.update(used=now, claimed=Coalesce(F("claimed"), now))


def build_digest(build: BuildRequest, login: str) -> UUID:
    """Digest what must agree; keyed, since parameters may hold secrets."""
    params = {name: value for name, value in build.params.items() if name not in NOT_COMPARED}
    place = [build.repo_id, build.slug, build.event, build.action, build.ref, build.parent, build.deploy_to]
    return digest([*place, params, login], settings.SECRET_KEY.encode()[:64])
