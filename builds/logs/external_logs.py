"""Logs that Drone keeps in S3 or Azure: Drone is asked for them (docs/drone.md 5.3)."""

from collections.abc import Iterator
from contextlib import contextmanager

from builds.drone_server.client import connected, slot
from builds.logs.stored_log import SHORT, place, refuse_too_long
from drone_api.client import LOG, RepoName
from drone_api.errors import AnswerTooLarge, DroneError
from texts.sentence import Sentence

NOT_FOUND = 404
NONE = Sentence(
    "Drone has no log of this step either: the step printed nothing, the log was deleted, or the user of "
    "DRONE_TOKEN cannot see the repository."
)


@contextmanager
def log_of(repo: RepoName, build: int, stage: int, step: int) -> Iterator[bytes]:
    """Get the log of a finished step as it was stored. Other long logs wait until the reader is done with it.

    Raises:
        DroneError: 404 where Drone has none; where it does not answer, or a proxy's page comes in its place; the log is too long,
            or others are read.
    """
    try:
        short = fetched(repo, build, stage, step, SHORT)
    except AnswerTooLarge:  # only by reading it does one know: Drone does not say how long a log is
        short = None
    if short is not None:
        yield short
        return
    with place(SHORT + 1):
        log = fetched(repo, build, stage, step, LOG)
        refuse_too_long(len(log))
        yield log


def fetched(repo: RepoName, build: int, stage: int, step: int, limit: int) -> bytes:
    client = connected()
    try:
        with slot():
            return client.log(repo, build, stage, step, limit)
    except DroneError as error:
        if error.status == NOT_FOUND:
            raise DroneError(NONE, NOT_FOUND, permanent=True) from None
        raise
