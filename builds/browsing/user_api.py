"""`/api/user`: who am I, which repositories may I see, what was built last."""

from rest_framework.request import Request
from rest_framework.response import Response

from builds.access.rules import visible_ids
from builds.browsing.repos_api import repo_shapes
from builds.drone_db import build_pages
from builds.drone_db.models import Repo
from builds.drone_db.queries import repositories
from builds.rest.base import ApiView
from builds.rest.shapes import repo_shape, user_shape

RECENT = 25


class UserView(ApiView):
    only_at_drone = frozenset({"PATCH"})

    def get(self, request: Request) -> Response:
        return Response(user_shape(request.user))


class UserReposView(ApiView):
    parameters = frozenset({"latest"})
    only_at_drone = frozenset({"POST"})

    def get(self, request: Request) -> Response:
        """List them all by name; with `latest=true` each has its last build."""
        return Response(repo_shapes(request, repositories(visible_ids(request.user))))


class UserBuildsView(ApiView):
    """The last builds of all repositories that the user may see."""

    def get(self, request: Request) -> Response:
        """List each as its repository with the build in it, as Drone does."""
        builds = build_pages.of_repositories(visible_ids(request.user), build_pages.Filters(), None, RECENT).builds
        repos = Repo.objects.in_bulk({build.repo_id for build in builds})
        return Response([repo_shape(repos[build.repo_id], build) for build in builds if build.repo_id in repos])
