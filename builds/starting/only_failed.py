"""A restart of only what failed: what of a build runs again, and what is left out."""

from builds.drone_db.models import Build, Stage
from builds.drone_db.vocabulary import NOT_FINISHED, Status
from builds.served.build_keys import key_of
from builds.starting.errors import NothingToLeaveOut
from configs.records.packing import unpacked
from configs.records.rules import shown_for
from pipelines.resolve.only_failed import Rest, Unnamed, only_failed
from pipelines.resolve.resolve import Resolved
from texts.sentence import Sentence


def rest_of(build: Build) -> Rest:
    """Return what a restart of only what failed runs.

    Raises:
        NothingToLeaveOut: saying why.
    """
    ran, failed = pipelines(build)
    refuse_by_outcome(build, ran, failed)
    served = served_text(build)
    if served is None:
        raise NothingToLeaveOut(
            Sentence(
                "edrone has no record of what #%(number)s was served, so it cannot leave anything out. Restart all of it.",
                number=build.number,
            )
        )
    try:
        rest = only_failed(served, ran, failed)
    except Unnamed as error:
        raise NothingToLeaveOut(
            Sentence(
                "The YAML of #%(number)s does not show by name which pipelines ran (%(why)s), so nothing can be left out. "
                "Restart all of it.",
                number=build.number,
                why=str(error),
            )
        ) from None
    if not rest.left_out:
        raise NothingToLeaveOut(
            Sentence(
                "All pipelines of #%(number)s failed, or depend on one that did, so nothing can be left out. Restart all of it.",
                number=build.number,
            )
        )
    return rest


def served_text(build: Build) -> Resolved | None:
    """Return what a build was served, with its text; None where edrone has no record of it."""
    record = shown_for(key_of(build))
    return unpacked(record.file) if record and record.file.text is not None else None


def refuse_by_outcome(build: Build, ran: set[str], failed: set[str]) -> None:
    """Refuse what no text is needed for; arguments are those of `pipelines`, errors those of `rest_of`."""
    if build.status in NOT_FINISHED:
        reason = Sentence("#%(number)s has not finished: only then it is known what failed.", number=build.number)
    elif not ran:
        reason = Sentence("No pipeline of #%(number)s ran. Restart all of it.", number=build.number)
    elif not failed:
        reason = Sentence("No pipeline of #%(number)s failed.", number=build.number)
    elif len(ran) == 1:
        reason = Sentence(
            "#%(number)s has a single pipeline, so nothing can be left out. Restart all of it.", number=build.number
        )
    elif ran == failed:
        reason = Sentence(
            "No pipeline of #%(number)s succeeded, so nothing can be left out. Restart all of it.", number=build.number
        )
    else:
        return
    raise NothingToLeaveOut(reason)


def pipelines(build: Build) -> tuple[set[str], set[str]]:
    """Return the names of the pipelines that were part of a build, and of those of them that are to run again.

    Once a pipeline has failed, Drone skips all that have not begun, also those that do not depend on it (docs/drone.md 2.6).
    """
    stages = build.stages_in_order
    again = {stage.name for stage in stages if stage.status != Status.SUCCESS and not missed_no_failure(build, stage)}
    return {stage.name for stage in stages}, again


def missed_no_failure(build: Build, stage: Stage) -> bool:
    """Return whether a pipeline that is for failures only was skipped because nothing had failed, not because of a cancel."""
    return stage.status == Status.SKIPPED and not stage.on_success and build.status != Status.KILLED
