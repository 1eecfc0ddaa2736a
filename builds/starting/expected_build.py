"""The build that Drone will ask about, once a command starts it."""

from collections.abc import Mapping

from builds.drone_db.models import Build, Repo
from builds.starting.commands import BuildCommand
from builds.starting.models import Verb
from pipelines.build_request import BuildRequest


def expected_build(command: BuildCommand, repo: Repo, build: Build | None, params: Mapping[str, str]) -> BuildRequest:
    """Return the build that Drone will ask about.

    Args:
        command: that starts it.
        repo: where.
        build: that is restarted or promoted; None for a new one.
        params: that are sent.
    """
    if build is None:
        branch = command.branch or repo.default_branch
        ref = branch if branch.startswith("refs/") else f"refs/heads/{branch}"
        return BuildRequest(
            repo.namespace, repo.name, "custom", ref, branch, action=command.operation, repo_id=repo.id, params=params
        )
    restarts = command.verb == Verb.RESTART
    return BuildRequest(
        repo.namespace,
        repo.name,
        build.event if restarts else str(command.verb.value),
        build.ref,
        build.target,
        action=build.action,
        repo_id=repo.id,
        deploy_to=build.deploy_to if restarts else command.target,
        parent=build.number,
        params={**params, **build.params} if restarts else {**build.params, **params},
    )
