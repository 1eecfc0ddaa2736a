"""Why a build failed, which its page shows before everything else."""

import time
from collections.abc import Iterable
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


def failure_of(build: Build) -> Failure | None:
    """Return the first failure of a build; None where nothing failed so far."""
    now = int(time.time())
    for stage in build.stages.all():
        for step in failed_steps(stage.steps.all()):
            return Failure(stage, step, times.took(step.started, step.stopped, now))
        if stage.status in FAILED_STATUSES:
            return Failure(stage, None, times.took(stage.started, stage.stopped, now))
    return None


def last_lines(failure: Failure | None, shown: Step | None, log: dict[str, Any]) -> list[LogLine]:
    """Return the end of the log that the page shows, if it is that of the failed step."""
    parts = log.get("parts") if failure and failure.step is not None and failure.step == shown else None
    return list(parts[-1].lines or ())[-LINES:] if parts else []
