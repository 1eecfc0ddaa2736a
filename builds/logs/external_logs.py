"""Logs that Drone keeps in S3 or Azure: Drone is asked for them (docs/drone.md 5.3)."""

from builds.drone_server.client import connected, slot
from drone_api.client import RepoName
from drone_api.errors import DroneError
from texts.sentence import Sentence

NOT_FOUND = 404
NONE = Sentence(
    "Drone has no log of this step either: the step printed nothing, the log was deleted, or the user of "
    "DRONE_TOKEN cannot see the repository."
)


def log_of(repo: RepoName, build: int, stage: int, step: int) -> bytes:
    """Return the log of a finished step as it was stored.

    Raises:
        DroneError: 404 where Drone has none; where it does not answer, or a proxy's page comes in its place.
    """
    client = connected()
    try:
        with slot():
            return client.log(repo, build, stage, step)
    except DroneError as error:
        if error.status == NOT_FOUND:
            raise DroneError(NONE, NOT_FOUND, permanent=True) from None
        raise
