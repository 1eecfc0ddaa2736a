"""Why a build failed, which its page shows before everything else."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from builds.drone_db.models import Build, Stage, Step
from builds.drone_db.vocabulary import FAILED_STATUSES
from builds.logs.log_rendering import LogLine
from web import times

LINES = 8  # of the end of the log


@dataclass(frozen=True)
class Failure:
    stage: Stage
    step: Step | None  # None: the stage failed before any step did
    seconds: int | None


def failed_steps(steps: Iterable[Step]) -> list[Step]:
    """Return the steps that made their stage fail, in order."""
    return [step for step in steps if step.status in FAILED_STATUSES and not step.errignore]


def failures_of(build: Build) -> list[Failure]:
    """Return every failure of a build, in order: the failed steps, and the stages that failed before any of theirs did."""
    now = int(time.time())
    failures = []
    for stage in build.stages_in_order:
        steps = failed_steps(stage.steps_in_order)
        failures += [Failure(stage, step, times.took(step.started, step.stopped, now)) for step in steps]
        if not steps and stage.status in FAILED_STATUSES:
            failures.append(Failure(stage, None, times.took(stage.started, stage.stopped, now)))
    return failures


def shown_failure(failures: Sequence[Failure], chosen: Step | None) -> int:
    """Return the index of the failure that the page shows: that of the chosen step, else the first."""
    return next((index for index, failure in enumerate(failures) if failure.step is not None and failure.step == chosen), 0)


def last_lines(failure: Failure | None, log: dict[str, Any]) -> list[LogLine]:
    """Return the end of a log as `log_page.context` reads it, if it is that of the failed step."""
    is_of_it = failure is not None and failure.step == log.get("step")
    return list(log.get("lines", ()))[-LINES:] if is_of_it else []


def mark_of(failure: Failure, count: int) -> str:
    """Name what a page shows of a failure that is one of `count`: it changes when this does, and only then."""
    return f"{failure.stage.number}-{failure.step.number if failure.step else 0}-{count}"
