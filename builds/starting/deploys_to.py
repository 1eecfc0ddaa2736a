"""Where the operation deploys to that a command starts, for freezes and audit records."""

from builds.drone_db.models import Build
from builds.freezes.operation_target import operation_target
from builds.starting.attempts import target_started
from builds.starting.operations import is_todays, name_of
from pipelines.build_request import BuildRequest


def deploys_to(expected: BuildRequest, parent: Build | None) -> str | None:
    """Return the target of an operation, as `operation_target`: None where nobody can tell.

    Args:
        expected: the build that Drone will ask about.
        parent: the build whose text it runs, of a restart of only what failed; None: today's text runs.
    """
    if parent is None or not name_of(parent):
        return operation_target(expected)
    return target_started(parent) or (operation_target(expected) if is_todays(parent) else None)
