"""Lines that Drone's database does not hold: those of a running step, and logs that Drone keeps elsewhere."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from django.conf import settings
from django.utils.translation import gettext as _

from builds.drone_db.models import Build, Step
from builds.drone_db.vocabulary import SETTLED
from builds.drone_server.client import connected, slot
from builds.logs import external_logs
from builds.logs.log_lines import Line
from builds.logs.stream import lines_so_far
from drone_api.client import RepoName
from drone_api.errors import DroneError
from web.localized import localized


def running(build: Build, step: Step) -> tuple[list[Line], str]:
    """Ask Drone what a running step has printed.

    Returns:
        The lines, and where Drone cannot be asked, a sentence that says why.
    """
    if not step.started:
        return [], _("This step has not started yet.")
    if not can_ask():
        return [], _("The log appears when the step has finished. To follow running steps, set DRONE_SERVER and DRONE_TOKEN.")
    try:
        with slot():
            return lines_so_far(connected(), of(build), build.number, step.stage.number, step.number), ""
    except DroneError as error:
        return [], localized(error)


@contextmanager
def stored_elsewhere(build: Build, step: Step) -> Iterator[bytes | None]:
    """Ask Drone for the log of a finished step that its table has not; None where there is none to be had.

    Raises:
        DroneError: Drone could not be asked, or did not answer; the log is too long, or other long ones are read.
    """
    if not can_ask() or not step.started:
        yield None
        return
    with ExitStack() as held:
        try:
            log = held.enter_context(external_logs.log_of(of(build), build.number, step.stage.number, step.number))
        except DroneError as error:
            if error.status != external_logs.NOT_FOUND:
                raise
            log = None
        yield log


def why_none(step: Step) -> str:
    """Return why a finished step has no log."""
    if not step.started:
        return _("This step did not run, so it printed nothing.")
    if may_come(step):
        return _("This step has no log yet. The runner may still be sending it.")
    if can_ask():
        return _("Neither Drone's database nor Drone itself has a log of this step.")
    return _(
        "Drone's database has no log of this step. If Drone stores logs in S3 or Azure, set DRONE_SERVER "
        "and DRONE_TOKEN so that edrone can get them from Drone."
    )


def may_come(step: Step) -> bool:
    """May the log of a finished step still come? Drone calls a cancelled step killed before the runner has sent its log."""
    return bool(step.started) and abs(time.time() - step.stopped) < SETTLED


def can_ask() -> bool:
    """Are the settings there by which Drone is asked?"""
    return bool(settings.DRONE_SERVER and settings.DRONE_TOKEN)


def of(build: Build) -> RepoName:
    """Name the repository of a build as the client does."""
    return RepoName(build.repo.namespace, build.repo.name)
