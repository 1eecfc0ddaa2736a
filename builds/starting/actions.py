"""The actions on a build that a user may take, and why some are not possible now."""

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
from builds.drone_db.queries import approvable_stages
from builds.drone_db.vocabulary import FAILED_STATUSES, NOT_FINISHED, Status
from builds.starting import operations
from builds.starting.commands import BuildCommand
from builds.starting.errors import NothingToLeaveOut
from builds.starting.models import Verb
from builds.starting.only_failed import rest_of
from builds.starting.required_grant import RequiredGrant, required_grant
from web.localized import localized

LABELS: dict[str, Promise] = {
    Verb.RESTART: gettext_lazy("Restart"),
    Verb.PROMOTE: gettext_lazy("Promote…"),
    Verb.ROLLBACK: gettext_lazy("Roll back…"),
    Verb.CANCEL: gettext_lazy("Cancel"),
}
TO_A_TARGET = {Verb.PROMOTE, Verb.ROLLBACK}
OF_A_STAGE = {Verb.APPROVE, Verb.DECLINE}


@dataclass(frozen=True)
class Action:
    verb: str
    label: str | Promise
    url: str
    not_now: str  # why it cannot be done now; empty: it can
    asks_first: bool  # for a target; else its page is the confirmation


def actions(user: Any, build: Build) -> list[Action]:
    """List the actions on the whole build that a user may take; what waits for approval is offered beside why it waits."""
    offered = [
        Action(verb, LABELS[verb], url(build, verb), not_now(build, verb), verb in TO_A_TARGET)
        for verb in (Verb.RESTART, Verb.PROMOTE, Verb.ROLLBACK, Verb.CANCEL)
        if permitted(user, build, verb)
    ]
    if offered and offered[0].verb == Verb.RESTART and build.status in FAILED_STATUSES:
        failed = f"{offered[0].url}?only=failed"
        offered.insert(
            1, Action("restart-failed", _("Restart what failed"), failed, nothing_to_leave_out(build), asks_first=False)
        )
    return offered


def nothing_to_leave_out(build: Build) -> str:
    """Return why a restart cannot leave anything out; empty where it can."""
    try:
        rest_of(build)
    except NothingToLeaveOut as error:
        return localized(error).rstrip(".")
    return ""


def permitted(user: Any, build: Build, verb: Verb, *, debug: bool = False) -> bool:
    """Return whether a user may do this. For promotions and rollbacks, the target is checked once it is known."""
    slug = build.repo.slug
    if verb in TO_A_TARGET:
        return (rules.level_of(user, slug) or 0) >= Level.DEPLOY
    required = required_for(build, verb, debug=debug)
    return rules.may(user, required.level, slug, required.scope)


def required_for(build: Build, verb: Verb, *, debug: bool) -> RequiredGrant:
    """Return the grant that an action requires, before its target is known."""
    command = BuildCommand(verb, build.number, debug=debug)
    return required_grant(command, build, operations.level(build.repo, command, build))


def not_now(build: Build, verb: str, stage_number: int = 0) -> str:
    """Return why an action is not possible now; empty where it is."""
    if verb == Verb.CANCEL and build.status not in NOT_FINISHED:
        return _("the build has finished")
    if verb == Verb.RESTART and build.status == Status.DECLINED:
        return _("Drone cannot restart a build that was declined")
    if verb in OF_A_STAGE and not any(
        stage.status == "blocked" and stage_number in {0, stage.number} for stage in build.stages_in_order
    ):
        return _("nothing is waiting for approval")
    if verb == Verb.APPROVE and not stage_number and not approvable_stages(build):
        return _("nothing that waits for approval can start now")
    return ""


def not_connected() -> str:
    """Return why nothing can be started at all; empty where it can."""
    if settings.DRONE_SERVER and settings.DRONE_TOKEN:
        return ""
    if settings.EDRONE_DEMO:
        return _(
            "These builds are sample data, so you cannot start builds here. Run `make run` to try it with a simulated Drone."
        )
    return _("You cannot start builds here, because edrone is not connected to Drone's API. Set DRONE_SERVER and DRONE_TOKEN.")


def url(build: Build, verb: str, stage: int | None = None) -> str:
    where = {"slug": build.repo.slug, "number": build.number, "verb": str(verb)}
    return (
        reverse("admin:builds_act", kwargs=where)
        if stage is None
        else reverse("admin:builds_act-stage", kwargs=where | {"stage": stage})
    )
