"""The addresses of the API: Drone's, and edrone's own beside them.

A repository's full name has two parts or, where the namespace has slashes as GitLab's may have, more. So the addresses
below one are told apart by their ends, the longer ones first; where that leads to no repository that the user may see,
`shop/eu/builds` may be the name of one.
"""

from collections.abc import Callable
from functools import wraps
from itertools import dropwhile, islice
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.urls import URLPattern, path, re_path
from rest_framework.views import APIView

from builds.browsing.builds_api import AllBuildsView, BuildsView, BuildView, LatestBuildView
from builds.browsing.repos_api import ReposView, RepoView
from builds.browsing.user_api import UserBuildsView, UserReposView, UserView
from builds.logs.api import LogView
from builds.rest import schema
from builds.rest.base import NotOffered, NotOfferedBelow, Nowhere
from builds.rest.errors import NoRepositoryHere
from builds.served.api import BuildConfigView, ConfigView
from builds.starting.api import ApproveView, ChangeBuildView, DeclineView, PromoteView, RollbackView, StartBuildView
from builds.starting.audit_api import AuditView
from builds.starting.operations_api import OperationsView

REPO = r"repos/(?P<slug>[^/]+(?:/[^/]+)+)"
BUILD = rf"{REPO}/builds/(?P<number>[^/]+)"
# What only Drone offers (docs/api.md, "Differences from Drone"); `servers` and its like are the autoscaler's.
AT_DRONE = (
    "users|secrets|templates|queue|system|stream|badges|builds/incomplete|user/token|user/remote|servers|nodes|pause|resume"
)
OF_REPOSITORIES_AT_DRONE = (
    "secrets|cron|collaborators|cards|sign|verify|encrypt|registry|chown|repair|builds/(?:branches|pulls|deployments)"
)
BELOW = r"[\s\S]+"


class BuildsOrCreateView(BuildsView, StartBuildView):
    """The builds of a repository: GET lists them, POST starts one."""


class BuildOrChangeView(BuildView, ChangeBuildView):
    """A build: GET shows it, POST restarts it, DELETE cancels it."""


def address(form: str, view: type[APIView]) -> URLPattern:
    """Answer an address."""
    called = view.as_view()
    return re_path(rf"^{form}\Z", or_else(called) if form.startswith(REPO) else called)


def or_else(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Where there is no such repository, read the address as the next pattern does; keep the answer where that finds none."""

    @wraps(view)
    def called(request: HttpRequest, **named: Any) -> HttpResponseBase:
        answer = view(request, **named)
        if not isinstance(answer, NoRepositoryHere):
            return answer
        rest = request.path_info.removeprefix("/api/")
        below = dropwhile(lambda pattern: pattern.callback is not called, urlpatterns)
        match = next(match for pattern in islice(below, 1, None) if (match := pattern.resolve(rest)))
        other = match.func(request, **match.kwargs) if "slug" in match.kwargs else answer
        return answer if isinstance(other, NoRepositoryHere) else other

    return called


urlpatterns: list[URLPattern] = [
    address("user", UserView),
    address("user/repos", UserReposView),
    address("user/builds", UserBuildsView),
    address("user/builds/recent", UserBuildsView),
    address("builds", AllBuildsView),
    address("audit", AuditView),
    address("repos", ReposView),
    address(rf"(?P<part>{AT_DRONE})(?:/{BELOW})?", NotOffered),
    address(rf"{REPO}/(?P<part>{OF_REPOSITORIES_AT_DRONE})/{BELOW}", NotOfferedBelow),
    address(rf"{REPO}/(?P<part>{OF_REPOSITORIES_AT_DRONE})", NotOfferedBelow),
    address(rf"{REPO}/builds", BuildsOrCreateView),
    address(rf"{REPO}/builds/latest", LatestBuildView),
    address(rf"{BUILD}/logs/(?P<stage>[^/]+)/(?P<step>[^/]+)", LogView),
    address(rf"{BUILD}/promote", PromoteView),
    address(rf"{BUILD}/rollback", RollbackView),
    address(rf"{BUILD}/approve/(?P<stage>[^/]+)", ApproveView),
    address(rf"{BUILD}/decline/(?P<stage>[^/]+)", DeclineView),
    address(rf"{BUILD}/decline", DeclineView),
    address(rf"{BUILD}/config", BuildConfigView),
    address(BUILD, BuildOrChangeView),
    address(rf"{REPO}/config", ConfigView),
    address(rf"{REPO}/operations", OperationsView),
    address(REPO, RepoView),
    path("schema", schema.schema, name="api-schema"),
    path("docs", schema.docs, name="api-docs"),
    re_path("", Nowhere.as_view()),
]
