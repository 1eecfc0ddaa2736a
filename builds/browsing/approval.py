"""What of a build waits for approval, why, and by whom it may be approved."""

from dataclasses import dataclass
from typing import Any

from builds.drone_db.models import Build, Stage
from builds.drone_db.queries import held_as_protected, held_stages, waiting_stages
from builds.drone_db.vocabulary import Event
from builds.starting.actions import not_connected, permitted, required_for, url
from builds.starting.models import Verb


@dataclass(frozen=True)
class Approval:
    stages: list[Stage]  # that wait
    unsigned: bool  # else Drone's validation extension has asked for it: nothing else blocks a stage (docs/drone.md 2.1)
    fork: str  # the repository that a pull request comes from; empty: it is no such
    scope: str  # the operation or target that the grant must include; empty: a normal build
    approve_url: str  # empty: the reader may not approve, or nothing can be started
    decline_url: str
    each: list[tuple[Stage, str, str]]  # of several, with the addresses to approve and decline one alone
    early: list[Stage]  # that depend on others, which have not ended
    needless: list[Stage]  # that Drone would skip, after how the others ended


def approval_of(user: Any, build: Build) -> Approval | None:
    """Return what waits; None where nothing does."""
    stages = build.stages_in_order
    waiting = waiting_stages(build)
    if not waiting:
        return None
    possible = permitted(user, build, Verb.APPROVE) and not not_connected()
    only = waiting[0].number if len(waiting) == 1 else None
    held = held_stages(build)
    early = [stage for stage in waiting if held.get(stage.number)]
    needless = [stage for stage in waiting if held.get(stage.number) == []]
    declines_all = len(waiting) == len(stages)  # Drone declines a build only where all of its stages wait
    return Approval(
        waiting,
        held_as_protected(build),
        build.source_repo if build.event == Event.PULL_REQUEST and build.source_repo != build.repo.slug else "",
        required_for(build, Verb.APPROVE, debug=False).scope,
        url(build, Verb.APPROVE, only) if possible and (only or len(early) + len(needless) < len(waiting)) else "",
        url(build, Verb.DECLINE, only) if possible and (declines_all or only) else "",
        [(stage, url(build, Verb.APPROVE, stage.number), url(build, Verb.DECLINE, stage.number)) for stage in waiting]
        if possible and not only
        else [],
        early,
        needless,
    )
