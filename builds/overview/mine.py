"""The builds of the reader."""

from django.db.models import Q
from django.http import HttpRequest

from builds.drone_db.build_pages import ALL, Filters, RepoIds, of_repositories
from builds.drone_db.models import Build, Repo
from builds.signing_in.accounts import logins
from builds.starting.models import STARTING, AuditRecord

MINE = 10  # lines


def mine(request: HttpRequest, visible: RepoIds) -> list[Build]:
    """Return the reader's newest builds: pushed or started under one of their logins, or started through edrone."""
    own = logins(request.user)
    by_person = (Filters(author_login=own), Filters(sender=own))
    builds = [build for filters in by_person for build in of_repositories(visible, filters, None, MINE).builds]
    by_id = {build.id: build for build in [*builds, *started_here(request, visible)]}
    return sorted(by_id.values(), key=lambda build: -build.id)[:MINE]


def started_here(request: HttpRequest, visible: RepoIds) -> list[Build]:
    """Return the builds that the reader started through edrone: in Drone, edrone's own login stands for them."""
    records = AuditRecord.objects.filter(username=request.user.get_username(), verb__in=STARTING).exclude(build=None)
    answers = list(records.order_by("-id").values_list("slug", "build", "answer__id", "answer__created")[:MINE])
    if not answers:
        return []
    ids = dict(Repo.objects.filter(slug__in={slug for slug, *_ in answers}).values_list("slug", "id"))
    wanted = Q(pk__in=[])
    for slug, number, pk, created in answers:
        if slug in ids and (visible is ALL or ids[slug] in visible):
            wanted |= Q(repo_id=ids[slug], number=number, pk=pk, created=created)  # numbers may begin again, see `starters`
    return list(Build.objects.filter(wanted))
