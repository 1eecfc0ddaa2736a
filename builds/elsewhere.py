"""Logs that Drone keeps in S3 or Azure: Drone is asked for them (drone-facts 6.5)."""

import re

from builds.drone.client import LOG, LOGS, Repo, connected, path
from builds.drone.errors import DroneError
from builds.drone.places import place
from builds.drone.refusals import garbled

NOT_FOUND = 404
WEB_PAGE = re.compile(rb"\s*<(?:!doctype|html)\b", re.IGNORECASE)
NONE = (
    "Drone has no log of this step either: the step printed nothing, or its log was deleted, or the user of DRONE_TOKEN may "
    "not see the repository."
)


def log_of(repo: Repo, build: int, stage: int, step: int) -> bytes:
    """Give the log of a finished step as it was stored: whatever a runner or a person put there, Drone hands on.

    Raises:
        DroneError: 404 where Drone has none; where it does not answer, or a proxy's page comes in its place.
    """
    client = connected()
    try:
        with place():
            reply = client.read(path(LOGS, repo, build, stage, step), LOG)
    except DroneError as error:
        if error.status == NOT_FOUND:
            raise DroneError(NONE, NOT_FOUND, permanent=True) from None
        raise
    if WEB_PAGE.match(reply.body):
        raise garbled(reply, "it is a web page")
    return reply.body
