"""Answers the restart of only what failed, which edrone has announced (builds/starting)."""

import time

from django.conf import settings
from django.utils import timezone

from configs.endpoint.drone_server import known
from configs.records import recorder
from configs.records.announcements import Kind, claim
from configs.records.packing import unpacked
from pipelines.build_request import BuildRequest
from pipelines.errors import BuildRefused
from pipelines.resolve.resolve import Resolved

NOT_READ = (
    "whether this restart was to run only what failed is not known, because edrone's own database does not answer ({reason}). "
    "Restart the build again when it does."
)


def announced(build: BuildRequest, end: float) -> Resolved | None:
    """Return the text of a restart that runs only what failed; None where a build is none.

    `end` is when Drone is answered, of the monotonic clock.

    Raises:
        BuildRefused: nobody knows whether it is one: never is more run than what was confirmed.
    """
    if build.number or not build.created or not may_be_restart_of_edrone(build):
        return None
    now = timezone.now()
    try:
        announcement = recorder.done_within(recorder.writing, end - time.monotonic(), lambda: claim(Kind.ONLY_FAILED, build, now))
    except recorder.NotDone as error:
        raise BuildRefused(NOT_READ.format(reason=error)) from None
    return unpacked(announcement.file) if announcement and announcement.file else None


def may_be_restart_of_edrone(build: BuildRequest) -> bool:
    """Return whether edrone may have restarted a build; promotions and rollbacks look like restarts of them."""
    if not settings.DRONE_TOKEN or build.trigger.startswith("@"):  # a hook of the forge, or a schedule
        return False
    by_edrone = build.trigger == known.login or not known.login
    return by_edrone and bool(build.parent or not known.names_parent)
