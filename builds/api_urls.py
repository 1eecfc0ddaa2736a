"""The addresses of the API: Drone's, and edrone's own beside them."""

from collections.abc import Iterator

from django.http import HttpRequest, HttpResponseBase
from django.urls import ResolverMatch, URLPattern, path, re_path
from django.views.decorators.csrf import csrf_exempt

from builds.browsing.builds_api import AllBuildsView, BuildsView, BuildView, LatestBuildView
from builds.browsing.repos_api import ReposView, RepoView
from builds.browsing.user_api import UserBuildsView, UserReposView, UserView
from builds.deployments.api import DeploymentsView, RepoDeploymentsView
from builds.freezes.api import FreezesView, FreezeView
from builds.logs.api import LogView
from builds.notices.api import (
    ChannelsView,
    ChannelTestView,
    ChannelView,
    NoticesView,
    SubscriptionsView,
    SubscriptionView,
)
from builds.rest import schema
from builds.rest.base import NotOffered, NotOfferedBelow, Nowhere, NowhereBelow
from builds.rest.errors import NoRepositoryHere
from builds.served.api import BuildConfigView, ConfigPreviewView
from builds.starting.api import ApproveView, DeclineView, PromoteView, RollbackView
from builds.starting.audit_api import AuditView
from builds.starting.operations_api import OperationsView
from builds.statistics.api import RepositoryStatisticsView, StatisticsView
from builds.tree.api import TreeView

# What only Drone offers (docs/api.md, "Differences from Drone"); `servers` and its like are the autoscaler's.
AT_DRONE = (
    "users|secrets|templates|queue|system|stream|badges|builds/incomplete|user/token|user/remote|servers|nodes|pause|resume"
)
OF_REPOSITORIES_AT_DRONE = (
    "secrets|cron|collaborators|cards|sign|verify|encrypt|registry|chown|repair|builds/(?:branches|pulls|deployments)"
)
BELOW = r"(?:/[\s\S]*)?\Z"  # `drone template ls` asks for /api/templates/
BUILD = "/builds/<number>"
MOST_PARTS = 30  # of a repository's full name; a whole name of GitLab has 22

below_a_repository: list[URLPattern] = [
    path("", RepoView.as_view()),
    re_path(rf"^/(?P<part>{OF_REPOSITORIES_AT_DRONE}){BELOW}", NotOfferedBelow.as_view()),
    path("/config", ConfigPreviewView.as_view()),
    path("/operations", OperationsView.as_view()),
    path("/deployments", RepoDeploymentsView.as_view()),
    path("/statistics", RepositoryStatisticsView.as_view()),
    path("/builds", BuildsView.as_view()),
    path("/builds/latest", LatestBuildView.as_view()),
    path(BUILD, BuildView.as_view()),
    path(f"{BUILD}/config", BuildConfigView.as_view()),
    path(f"{BUILD}/logs/<stage>/<step>", LogView.as_view()),
    path(f"{BUILD}/promote", PromoteView.as_view()),
    path(f"{BUILD}/rollback", RollbackView.as_view()),
    path(f"{BUILD}/approve/<stage>", ApproveView.as_view()),
    path(f"{BUILD}/decline", DeclineView.as_view()),
    path(f"{BUILD}/decline/<stage>", DeclineView.as_view()),
]


@csrf_exempt  # as all views of the API: they know no sessions
def repository_address(request: HttpRequest, address: str) -> HttpResponseBase:
    """Answer an address that begins with the full name of a repository.

    A full name has two parts or, where the namespace has slashes as GitLab's may have, more: `shop/eu/builds` is the builds of
    `shop/eu`, or the name of a repository. The shortest name of a repository that the user may see is meant.
    """
    missing = None
    for slug, match in readings(address):
        answer: HttpResponseBase = match.func(request, slug=slug, **match.kwargs)
        if not isinstance(answer, NoRepositoryHere):
            return answer
        missing = missing or answer
    for slug in names(address):  # of a repository that the user may see, something is asked that there is not
        answer = NowhereBelow.as_view()(request, slug=slug)
        if not isinstance(answer, NoRepositoryHere):
            return answer
    return missing or Nowhere.as_view()(request)


def readings(address: str) -> Iterator[tuple[str, ResolverMatch]]:
    """Yield each name that an address may begin with, the shortest first, and what is asked of that repository."""
    for name in names(address):
        rest = address.removeprefix(name)
        matches = (match for pattern in below_a_repository if (match := pattern.resolve(rest)))
        if match := next(matches, None):
            yield name, match


def names(address: str) -> Iterator[str]:
    """Yield each name that an address may begin with, the shortest first."""
    parts = address.split("/", MOST_PARTS)
    segments = parts[:MOST_PARTS]  # the last of `parts` may be several
    for count in range(2, len(segments) + 1):
        if all(segments[:count]):
            yield "/".join(segments[:count])


urlpatterns: list[URLPattern] = [
    path("user", UserView.as_view()),
    path("user/repos", UserReposView.as_view()),
    path("user/builds", UserBuildsView.as_view()),
    path("user/builds/recent", UserBuildsView.as_view()),
    path("builds", AllBuildsView.as_view()),
    path("deployments", DeploymentsView.as_view()),
    path("freezes", FreezesView.as_view()),
    path("freezes/<number>", FreezeView.as_view()),
    path("audit", AuditView.as_view()),
    path("notices", NoticesView.as_view()),
    path("notices/channels", ChannelsView.as_view()),
    path("notices/channels/<number>", ChannelView.as_view()),
    path("notices/channels/<number>/test", ChannelTestView.as_view()),
    path("notices/subscriptions", SubscriptionsView.as_view()),
    path("notices/subscriptions/<number>", SubscriptionView.as_view()),
    path("statistics", StatisticsView.as_view()),
    path("tree", TreeView.as_view()),
    path("repos", ReposView.as_view()),
    re_path(r"^repos/(?P<address>[\s\S]+)\Z", repository_address),
    re_path(rf"^(?P<part>{AT_DRONE}){BELOW}", NotOffered.as_view()),
    path("schema", schema.SchemaView.as_view(), name="api-schema"),
    path("docs", schema.docs, name="api-docs"),
    re_path("", Nowhere.as_view()),
]
