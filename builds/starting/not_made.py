"""Why Drone made no build, which it does not say: where no pipeline of the file that serves it runs, that is why."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from drone_api.errors import NotMade
from pipelines.build_request import BuildRequest
from pipelines.check.matching import matches_of
from pipelines.errors import ConfigError
from pipelines.resolve.resolve import resolve
from pipelines.tree.tree import Tree
from pipelines.triggers.conditions import TriggerValues
from texts.sentence import Sentence


@contextmanager
def explaining(build: BuildRequest | None) -> Iterator[None]:
    """Give the error that Drone made no build its reason, where it is known.

    Args:
        build: that Drone was asked to make; None where the tree does not say what runs.
    """
    try:
        yield
    except NotMade as error:
        if build and (reason := no_pipeline_runs(build)):
            raise NotMade(reason, error.status) from None
        raise


def no_pipeline_runs(build: BuildRequest) -> Sentence | None:
    """Return the sentence that no pipeline runs for a build; None where one does, or nobody knows."""
    if build.event == "cron":  # a trigger may name the schedule, which the request does not
        return None
    try:
        resolved = resolve(build, Tree(settings.EDRONE_PROJECTS), settings.EDRONE_NAMESPACES)
    except ConfigError:
        return None
    if resolved.yaml is None:  # the repository's own file
        return None
    matches = matches_of(resolved.path, resolved.yaml, TriggerValues.of(build))
    if matches.unknown or matches.refused or matches.any_runs or not matches.pipelines:
        return None
    # Of a promotion to a misspelt target, the pipelines for promotions say more than those for other events.
    nearest = min(matches.pipelines, key=lambda pipeline: any(reason.filled["key"] == "event" for reason in pipeline.reasons))
    return Sentence(
        "Drone made no build: no pipeline of projects/%(file)s runs on this %(event)s of %(branch)s (%(name)s: %(reason)s).",
        file=resolved.path,
        event=build.event,
        branch=build.target or build.ref,
        name=nearest.name,
        reason=nearest.reasons[0],
    )
