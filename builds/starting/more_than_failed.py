"""Cancels a restart of only what failed that runs more, because Drone did not take what edrone answers."""

import logging
from collections.abc import Collection

from django.db import Error

from builds.drone_db.models import Stage
from builds.drone_db.vocabulary import Status
from builds.starting.errors import NotOnlyFailed
from configs.records.models import Announcement
from configs.records.own_database import once_more
from drone_api.answers import BuildAnswer
from drone_api.client import Client, RepoName
from drone_api.errors import DroneError
from texts.characters import shortened
from texts.sentence import Sentence

logger = logging.getLogger("edrone.starting")


def cancel_more_than_failed(
    client: Client, repo: RepoName, announced: Announcement, runs: Collection[str], started: BuildAnswer
) -> None:
    """Cancel a restart of only what failed that runs more.

    Args:
        client: who cancels it.
        repo: the repository.
        announced: what edrone said that it starts.
        runs: names of the pipelines that were to run.
        started: the build that Drone made.

    Raises:
        NotOnlyFailed: Drone did not ask edrone what the build is, or runs another text than edrone answered, or nobody knows.
        DroneError: likewise, and it could not be cancelled.
    """
    if started.status == Status.ERROR:
        return
    claimed, pipelines = is_claimed(announced), pipelines_of(started)
    more = pipelines - set(runs)
    if claimed is False:
        what = Sentence(
            "Drone started #%(number)s without asking edrone what it runs, so that all of it would run.", number=started.number
        )
        hint = Sentence("Is DRONE_YAML_ENDPOINT of the Drone server this edrone?")
    elif more:
        what = Sentence(
            "Drone started #%(number)s with another YAML than edrone gave it, so that more would run than what failed: "
            "%(pipelines)s.",
            number=started.number,
            pipelines=shortened(", ".join(sorted(more))),
        )
        hint = Sentence("Set DRONE_CONVERT_PLUGIN_CACHE_SIZE=0 of the Drone server.")
    elif claimed or pipelines:
        return
    else:
        what = Sentence(
            "Drone started #%(number)s, and edrone cannot tell what it runs: neither its own database nor Drone's answers.",
            number=started.number,
        )
        hint = Sentence("Try again later.")
    try:
        client.cancel(repo, started.number)
    except DroneError as error:
        unable = Sentence("%(what)s Cancel it: edrone could not. %(why)s", what=what, why=error.args[0])
        raise DroneError(unable, NotOnlyFailed.status, uncertain=True) from error
    raise NotOnlyFailed(Sentence("%(what)s It was cancelled. %(hint)s", what=what, hint=hint))


def is_claimed(announced: Announcement) -> bool | None:
    """Return whether Drone has asked about what was announced; None where edrone's own database does not say."""
    try:
        once_more(announced.refresh_from_db)
    except Error as error:
        logger.warning("Whether Drone asked about the build of audit record %s could not be read: %s", announced.record, error)
        return None
    return announced.claimed is not None


def pipelines_of(build: BuildAnswer) -> set[str]:
    """Return the names of a build's pipelines, of which Drone's answer says nothing; empty where its tables cannot be read."""
    try:
        return set(Stage.objects.filter(build_id=build.json["id"]).values_list("name", flat=True))
    except Error as error:
        logger.warning("What #%s runs could not be read: %s", build.number, error)
        return set()
