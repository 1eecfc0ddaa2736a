"""Builds of Drone's table, as what identifies them for the records of what they were served."""

from builds.models import Build, Repo
from configs.identity import BuildKey

MOST = 50  # builds of one number, in as many repositories


def numbered(number: int, slug: str) -> list[BuildKey]:
    """Find the builds with a number, of one repository or (where the name is empty) of all: the newest."""
    repos = Repo.objects.filter(slug=slug) if slug else Repo.objects.all()
    found = Build.objects.filter(number=number, repo_id__in=repos.values("id")).order_by("-id")[:MOST]
    return [key_of(build) for build in found]


def key_of(build: Build) -> BuildKey:
    """Say what identifies a build."""
    return BuildKey(
        repo_id=build.repo_id,
        build_id=build.pk,
        number=build.number,
        event=build.event,
        action=build.action,
        ref=build.ref,
        after=build.after,
        target=build.target,
        deploy_to=build.deploy_to,
        parent=build.parent,
        trigger=build.trigger,
        created=build.created,
        params=build.params,
    )
