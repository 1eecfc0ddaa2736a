"""What may somebody do to a build by hand, what cannot be done now, and why."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from builds.access import rules
from builds.access.models import Level
from builds.drone_db.models import Build
from builds.starting import operations
from builds.starting.commands import Wish
from builds.starting.models import Verb
from builds.starting.needs import Need, need_of
from web import statuses

LABELS: dict[str, Promise] = {
    Verb.RESTART: gettext_lazy("Restart"),
    Verb.PROMOTE: gettext_lazy("Promote…"),
    Verb.ROLLBACK: gettext_lazy("Roll back…"),
    Verb.CANCEL: gettext_lazy("Cancel"),
    Verb.APPROVE: gettext_lazy("Approve"),
    Verb.DECLINE: gettext_lazy("Decline"),
}
TO_A_TARGET = {Verb.PROMOTE, Verb.ROLLBACK}
OF_A_STAGE = {Verb.APPROVE, Verb.DECLINE}


@dataclass(frozen=True)
class Action:
    """Something that the reader may do."""

    verb: str
    label: str | Promise
    stage: str  # name of the stage that it is about; empty: the whole build
    url: str
    not_now: str  # why it cannot be done now; empty: it can


def actions(user: Any, build: Build) -> list[Action]:
    """List what a user may do to a build; approving and declining only where a stage waits."""
    found = [
        Action(verb, LABELS[verb], "", url(build, verb), not_now(build, verb))
        for verb in (Verb.RESTART, Verb.PROMOTE, Verb.ROLLBACK, Verb.CANCEL)
        if permitted(user, build, verb)
    ]
    blocked = [stage for stage in build.stages.all() if stage.status == "blocked"]
    for verb in (Verb.APPROVE, Verb.DECLINE):
        if blocked and permitted(user, build, verb):
            found += [Action(verb, LABELS[verb], stage.name, url(build, verb, stage.number), "") for stage in blocked]
    return found


def permitted(user: Any, build: Build, verb: Verb, *, debug: bool = False) -> bool:
    """May a user do this? To which targets somebody may promote is looked at when the target is known."""
    slug = build.repo.slug
    if verb in TO_A_TARGET:
        return (rules.level_of(user, slug) or 0) >= Level.DEPLOY
    need = needed(build, verb, debug=debug)
    return rules.may(user, need.level, slug, need.what)


def needed(build: Build, verb: Verb, *, debug: bool) -> Need:
    """Say what it needs to do this to a build; a target, where there is one, is not known yet."""
    wish = Wish(verb, build.number, debug=debug)
    return need_of(wish, build, operations.level(build.repo, wish, build))


def not_now(build: Build, verb: str, stage_number: int = 0) -> str:
    """Say why something cannot be done to a build now; empty where it can."""
    if verb == Verb.CANCEL and build.status not in statuses.NOT_FINISHED:
        return _("the build has finished")
    if verb == Verb.RESTART and build.status in {"blocked", "declined"}:
        return _("Drone cannot restart a build that was declined or is waiting for approval")
    if verb in OF_A_STAGE and not any(
        stage.status == "blocked" and stage_number in {0, stage.number} for stage in build.stages.all()
    ):
        return _("nothing is waiting for approval")
    return ""


def not_connected() -> str:
    """Say why nothing at all can be started; empty where it can."""
    if settings.EDRONE_DEMO:
        return _(
            "These builds are sample data, so you cannot start builds here. Run `make demo` to try it with a simulated Drone."
        )
    if not (settings.DRONE_SERVER and settings.DRONE_TOKEN):
        return _(
            "You cannot start builds here, because edrone is not connected to Drone's API. Set DRONE_SERVER and DRONE_TOKEN."
        )
    return ""


def url(build: Build, verb: str, stage: int | None = None) -> str:
    """Give the address of the page that asks for confirmation."""
    where = {"slug": build.repo.slug, "number": build.number, "verb": str(verb)}
    return (
        reverse("admin:builds_act", kwargs=where)
        if stage is None
        else reverse("admin:builds_act-stage", kwargs=where | {"stage": stage})
    )
