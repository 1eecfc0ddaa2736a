"""Builds that people start by hand: who may start them at Drone, and whether their parameters are right.

Drone's own page and CLI can start them too, past edrone's grants: what is refused here becomes a build with an error.
"""

from collections.abc import Collection

from configs.errors import Refused
from configs.operations.inputs import MOST_NAMED, problems
from configs.payload import ConfigRequest
from configs.resolve import Resolved

BY_HAND = frozenset({"custom", "promote", "rollback"})


def refuse_others(request: ConfigRequest, logins: Collection[str]) -> None:
    """Refuse a build by hand, or the restart of one, that is started past edrone.

    Args:
        request: what Drone asks; only builds that are being triggered are refused, never the stages of one that runs.
        logins: who may start builds by hand at Drone; empty: anybody.

    Raises:
        Refused: saying where to go.
    """
    if not logins or request.number or request.event not in BY_HAND or request.trigger in logins:
        return
    below = "" if request.event == "custom" else f"/NUMBER/{request.event}"
    raise Refused(
        f"{request.trigger or 'somebody'} may not start {request.event} builds at Drone itself: start this one at edrone, in its "
        f"administration or with POST /api/repos/{request.slug}/builds{below} (EDRONE_MANUAL_BUILDS_BY says who may)."
    )


def refuse_parameters(request: ConfigRequest, resolved: Resolved) -> None:
    """Refuse an operation whose parameters are not what it takes.

    Raises:
        Refused: naming each of them.
    """
    if request.number or not resolved.operation:
        return
    if found := problems(resolved.operation, request.params):
        more = f"; and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
        raise Refused(f"the operation {resolved.operation.name} of {request.slug}: {'; '.join(found[:MOST_NAMED])}{more}.")
