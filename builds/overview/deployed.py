"""What was deployed lately: by promotions, rollbacks, and operations whose head names a target input."""

from builds.drone_db.build_pages import Filters, RepoIds, of_repositories
from builds.drone_db.models import Build, Repo
from builds.drone_db.vocabulary import DEPLOYMENTS, Event, Status
from builds.starting.attempts import TargetInputs

LINES = 8
OPERATIONS = 50  # newest builds by hand that are looked through: few of them may have a target


def deployed(visible: RepoIds) -> dict[int, tuple[Build, str]]:
    """Return the newest successful deployment of each target with where it went, by the builds' ids; the newest first."""
    builds = [
        build
        for events, most in ((DEPLOYMENTS, LINES * 2), ((Event.CUSTOM.value,), OPERATIONS))
        for build in of_repositories(visible, Filters(event=events, status=(Status.SUCCESS.value,)), None, most).builds
    ]
    inputs = TargetInputs(Repo.objects.filter(id__in={build.repo_id for build in builds}))
    newest: dict[tuple[int, str], Build] = {}
    for build in sorted(builds, key=lambda build: -build.id):
        target = inputs.target_of(build) if build.repo_id in inputs.repos else ""  # the repository may be gone
        if target:
            newest.setdefault((build.repo_id, target), build)
    return {build.id: (build, target) for (_, target), build in list(newest.items())[:LINES]}
