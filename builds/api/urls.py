"""The addresses of the API: Drone's, and edrone's own beside them.

A repository's full name has two parts or, where the namespace has slashes as GitLab's may have, more. So the addresses
below one are told apart by their ends, the longer ones first.
"""

from django.urls import path, re_path
from rest_framework.views import APIView

from builds.api import schema
from builds.api.base import Nowhere
from builds.api.views.audit import AuditView
from builds.api.views.builds import AllBuildsView, LatestBuildView
from builds.api.views.config import BuildConfigView, ConfigView
from builds.api.views.logs import LogView
from builds.api.views.operations import OperationsView
from builds.api.views.repos import ReposView, RepoView
from builds.api.views.starting import (
    ApproveView,
    ChangeableBuildView,
    DeclineView,
    PromoteView,
    RollbackView,
    StartableBuildsView,
)
from builds.api.views.user import UserBuildsView, UserReposView, UserView

REPO = r"repos/(?P<slug>[^/]+(?:/[^/]+)+)"
BUILD = rf"{REPO}/builds/(?P<number>[^/]+)"


def address(form: str, view: type[APIView]) -> object:
    """Answer an address."""
    return re_path(rf"^{form}\Z", view.as_view())


urlpatterns = [
    address("user", UserView),
    address("user/repos", UserReposView),
    address("user/builds", UserBuildsView),
    address("user/builds/recent", UserBuildsView),
    address("builds", AllBuildsView),
    address("audit", AuditView),
    address("repos", ReposView),
    address(rf"{REPO}/builds", StartableBuildsView),
    address(rf"{REPO}/builds/latest", LatestBuildView),
    address(rf"{BUILD}/logs/(?P<stage>[^/]+)/(?P<step>[^/]+)", LogView),
    address(rf"{BUILD}/promote", PromoteView),
    address(rf"{BUILD}/rollback", RollbackView),
    address(rf"{BUILD}/approve/(?P<stage>[^/]+)", ApproveView),
    address(rf"{BUILD}/decline/(?P<stage>[^/]+)", DeclineView),
    address(rf"{BUILD}/decline", DeclineView),
    address(rf"{BUILD}/config", BuildConfigView),
    address(BUILD, ChangeableBuildView),
    address(rf"{REPO}/config", ConfigView),
    address(rf"{REPO}/operations", OperationsView),
    address(REPO, RepoView),
    path("schema", schema.schema, name="api-schema"),
    path("docs", schema.docs, name="api-docs"),
    re_path("", Nowhere.as_view()),
]
