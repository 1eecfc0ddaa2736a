"""`/api/repos`: the repositories that the user may see."""

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from builds.access.rules import visible_ids
from builds.drone_db.models import Repo
from builds.drone_db.queries import repositories, with_last_builds
from builds.rest.base import ApiView, RepositoryView
from builds.rest.parameters import MOST_ROWS, NUMBER, PER_PAGE, page_of
from builds.rest.shapes import Shape, permissions_shape, repo_shape


class ReposView(ApiView):
    """Pages of repositories; to an administrator in Drone all, here to everybody those that the user may see."""

    parameters = frozenset({"latest", "page", "per_page"})

    def get(self, request: Request) -> Response:
        """List a page; with `latest=true` each repository has its last build."""
        page, size = page_of(request.query_params), size_of(request)
        repos = repositories(visible_ids(request.user))
        # Where one page holds all, they come as the database has them, as from Drone; several pages need an order.
        if page == 1 and len(all_of_them := list(repos.order_by()[: size + 1])) <= size:
            return Response(repo_shapes(request, all_of_them))
        first = min((page - 1) * size, MOST_ROWS)
        return Response(repo_shapes(request, repos[first : first + size]))


class RepoView(RepositoryView):
    only_at_drone = frozenset({"POST", "PATCH", "DELETE"})

    def get(self, request: Request, **_: str) -> Response:
        """Show it, and what the user may do to it."""
        return Response(repo_shape(self.repo, permissions=permissions_shape(request.user, self.repo.slug)))


def repo_shapes(request: Request, repos: list[Repo] | QuerySet[Repo]) -> list[Shape]:
    """Show repositories, with their last builds where `latest=true`."""
    if request.query_params.get("latest") != "true":
        return [repo_shape(repo) for repo in repos]
    return [repo_shape(pair.repo, pair.build) for pair in with_last_builds(repos)]


def size_of(request: Request) -> int:
    """Read `per_page`, which has no upper limit for repositories in Drone."""
    text = request.query_params.get("per_page", "")
    return int(text) if NUMBER.fullmatch(text) and 1 <= int(text) <= MOST_ROWS else PER_PAGE
