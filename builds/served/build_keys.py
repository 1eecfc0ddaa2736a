"""Builds of Drone's table, as what identifies them for the records of what they were served."""

from contextlib import suppress

from django.db import DatabaseError

from builds.drone_db.models import Build, Repo
from builds.drone_db.vocabulary import Status
from configs.endpoint.answers import SIGNED
from configs.records.identity import BuildKey
from configs.records.rules import bind_all

MOST = 50  # builds of one number, in as many repositories
REFUSED = f"unsupported os: {SIGNED}"  # as Drone's linter refuses the pipeline by which edrone tells an error


def bind_number(number: int, slug: str = "") -> None:
    """Bind the records of builds with this number to them; Drone sends no number when it triggers a build.

    Nothing is bound where Drone's table or edrone's own database cannot be used.
    """
    with suppress(DatabaseError):
        bind_all(numbered(number, slug))


def numbered(number: int, slug: str = "") -> list[BuildKey]:
    """Find the newest builds with a number, of one repository or (where the name is empty) of all.

    Returns an empty list also where Drone's table cannot be read.
    """
    repos = Repo.objects.filter(slug=slug) if slug else Repo.objects.all()
    builds = Build.objects.filter(number=number, repo_id__in=repos.values("id")).order_by("-id")[:MOST]
    try:
        return [key_of(build) for build in builds]
    except DatabaseError:
        return []


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
        got_error=bool(error_of(build)),
    )


def error_of(build: Build) -> str:
    """Give the error that edrone answered a build with as it was triggered; empty where it was none.

    Of a conversion Drone shows edrone's words as they are, of a configuration behind those of its linter.
    """
    if build.status != Status.ERROR.value:
        return ""
    return build.error.removeprefix(SIGNED) if build.error.startswith(SIGNED) else build.error.partition(REFUSED)[2]
