"""Builds that people start by hand: who may start them at Drone, and whether their parameters are right.

Drone's own page and CLI can start them too, past edrone's grants: what is refused here becomes a build with an error.
"""

from collections.abc import Collection, Mapping

from pipelines.build_request import BuildRequest
from pipelines.errors import BuildRefused
from pipelines.events import MANUAL_EVENTS
from pipelines.operations.inputs import first_of, problems
from pipelines.resolve.resolve import Resolved
from pipelines.resolve.substitution import breaking
from texts.sentence import Sentence

DEPLOY_TO = "DRONE_DEPLOY_TO"  # Drone's variable with the target of a promotion


def refuse_others(request: BuildRequest, logins: Collection[str], own_login: str = "") -> None:
    """Refuse a build by hand, or the restart of one, that is started past edrone.

    Args:
        request: what Drone asks; only builds that are being triggered are refused, never the stages of one that runs.
        logins: who may start builds by hand at Drone; empty: anybody.
        own_login: of the user whose token edrone has; empty where it is not known.

    Raises:
        BuildRefused: saying where to go.
    """
    if not logins or request.number or request.event not in MANUAL_EVENTS or request.trigger in logins:
        return
    if own_login and request.trigger == own_login:
        raise BuildRefused(
            f"EDRONE_MANUAL_BUILDS_BY does not name {request.trigger}, the login of DRONE_TOKEN, so edrone can start no "
            f"{request.event} builds: add it there, and restart edrone."
        )
    below = "" if request.event == "custom" else f"/NUMBER/{request.event}"
    raise BuildRefused(
        f"{request.trigger or 'somebody'} may not start {request.event} builds at Drone itself: start this one at edrone, in its "
        f"administration or with POST /api/repos/{request.slug}/builds{below} (EDRONE_MANUAL_BUILDS_BY says who may)."
    )


def refuse_other_target(request: BuildRequest) -> None:
    """Refuse a promotion or rollback that would go elsewhere than grants, freezes and records were told.

    Raises:
        BuildRefused: a parameter, its own or one that it inherits, stands in for the target.
    """
    if request.number or not request.deploy_to or request.params.get(DEPLOY_TO, request.deploy_to) == request.deploy_to:
        return
    raise BuildRefused(
        Sentence(
            "This build of %(slug)s to %(target)s has the parameter %(name)s, which runners would take for its target. "
            "Take a build without that parameter.",
            slug=request.slug,
            target=request.deploy_to,
            name=DEPLOY_TO,
        )
    )


def refuse_parameters(request: BuildRequest, resolved: Resolved) -> None:
    """Refuse a build whose parameters are not what its operation takes, or would change the structure of its YAML.

    Raises:
        BuildRefused: naming each of them.
    """
    operation = resolved.operation
    if request.number or not (request.params or request.deploy_to or operation):
        return
    if breaking(resolved.yaml or "", {DEPLOY_TO: request.deploy_to}):
        raise BuildRefused(
            f"this {request.event} of {request.slug}: the target must be one line, because the pipeline uses it in its YAML "
            f"as ${{{DEPLOY_TO}}}."
        )
    if wrong := wrong_parameters(resolved, request.params):
        what = f"the operation {operation.name}" if operation else "this build"
        raise BuildRefused(f"{what} of {request.slug}: {'; '.join(wrong)}.")


def wrong_parameters(resolved: Resolved, params: Mapping[str, str]) -> list[str]:
    """Return what is wrong with the parameters of a build; empty where they are right. Values are not repeated."""
    reasons = problems(resolved.operation, params) if resolved.operation else []
    reasons += [
        Sentence("%(name)s must be one line, because the pipeline uses it in its YAML as ${%(name)s}", name=name)
        for name in breaking(resolved.yaml or "", params)
    ]
    return first_of(reasons)
