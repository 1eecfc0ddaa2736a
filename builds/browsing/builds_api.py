"""`/api/builds` and `/api/repos/{slug}/builds`: pages of builds, and one build with its stages and steps."""

from typing import Any

from django.http import QueryDict
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from builds.access.rules import visible_ids
from builds.browsing.turns import Turn
from builds.browsing.waiting import LONGEST, end_of_builds
from builds.drone_db import build_pages
from builds.drone_db.models import Build, Repo
from builds.drone_db.queries import build_with_stages, latest_build
from builds.drone_db.vocabulary import UNFINISHED
from builds.rest.base import ApiView, RepositoryView, whole
from builds.rest.paging import cursor, next_link, position_of
from builds.rest.parameters import ALTERNATIVES, FILTERS, MOST_ROWS, filters_of, only_text, page_of, per_page_of, whole_number
from builds.rest.shapes import Shape, build_shape, stage_shape, step_shape
from builds.starting.api import ChangeBuildView, StartBuildView

PAGES = frozenset({"page", "per_page", "cursor"})


class BuildsView(StartBuildView):
    parameters = PAGES | FILTERS
    alternatives = ALTERNATIVES
    only_at_drone = frozenset({"DELETE"})

    def get(self, request: Request, **_: str) -> Response:
        """List a page, newest first, narrowed by the filters."""
        query, of = request.query_params, f"repository {self.repo.pk}"
        filters, before, (limit, offset) = filters_of(query), position_of(of, query), window(query)
        page = build_pages.of_repository(self.repo.pk, filters, before, limit, offset)
        return answer(request, of, page, [build_shape(build) for build in page.builds])


class AllBuildsView(ApiView):
    """The builds of all repositories that the user may see."""

    parameters = PAGES | FILTERS
    alternatives = ALTERNATIVES

    def get(self, request: Request) -> Response:
        """List a page, newest first, narrowed by the filters; each build says of which repository it is."""
        query, of = request.query_params, "all builds"
        filters, before, (limit, offset) = filters_of(query), position_of(of, query), window(query)
        page = build_pages.of_repositories(visible_ids(request.user), filters, before, limit, offset)
        slugs = dict(Repo.objects.filter(pk__in={build.repo_id for build in page.builds}).values_list("pk", "slug"))
        return answer(request, of, page, [build_shape(build) | {"slug": slugs.get(build.repo_id, "")} for build in page.builds])


class BuildView(ChangeBuildView):
    parameters = frozenset({"wait"})
    turn: Turn

    def dispatch(self, *args: Any, **kwargs: Any) -> Any:
        self.turn = Turn()
        try:
            return super().dispatch(*args, **kwargs)
        finally:
            self.turn.give_back()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        # The query as it was sent: whether its parameters can be read is said later, to those who may see the build.
        if request.method in {"GET", "HEAD"} and "&wait=" in f"&{request.META.get('QUERY_STRING', '')}":
            self.turn.take()
        super().initial(request, *args, **kwargs)

    def get(self, request: Request, number: str, **_: str) -> Response:
        """Show it with its stages and their steps; with `wait`, once it has ended, or after so many seconds."""
        seconds = whole_number(request.query_params, "wait", LONGEST)
        build = self.build(whole(number, "build"))
        if seconds and build.status in UNFINISHED:
            self.turn.give_back()
            end_of_builds().wait(build.id, seconds)
            self.turn.take()
            self.look_again(request)
            build = self.build(build.number)
        return Response(whole_build(build))

    def look_again(self, request: Request) -> None:
        """Ask anew who asks and what they may see: they waited for minutes, and may have lost it meanwhile."""
        anew = self.initialize_request(request._request)  # noqa: SLF001 - so Django REST framework documents it
        self.perform_authentication(anew)
        self.check_permissions(anew)

    def build(self, number: int) -> Build:
        if build := build_with_stages(self.repo.pk, number):
            return build
        raise NotFound(f"Not Found: {self.repo.slug} has no build {number}.")


class LatestBuildView(RepositoryView):
    """The last build of a branch."""

    parameters = frozenset({"branch", "ref"})

    def get(self, request: Request, **_: str) -> Response:
        """Show the last build of `branch`, or of `ref`; of the default branch where neither is said."""
        ref = ref_of(request.query_params, self.repo)
        build = latest_build(self.repo.pk, ref)
        if build is None:
            raise NotFound(f"Not Found: {self.repo.slug} has no build of {ref}.")
        return Response(whole_build(build))


def ref_of(query: QueryDict, repo: Repo) -> str:
    """Return which ref is meant; `ref` is stronger than `branch`."""
    return only_text(query, "ref") or f"refs/heads/{only_text(query, 'branch') or repo.default_branch}"


def whole_build(build: Build) -> Shape:
    """Show a build with its stages and their steps."""
    stages = [stage_shape(stage, map(step_shape, stage.steps_in_order)) for stage in build.stages_in_order]
    return build_shape(build, stages)


def window(query: QueryDict) -> tuple[int, int]:
    """Return how many builds to give and how many to leave out before them; pages count from the cursor where there is one."""
    size = per_page_of(query)
    return size, min((page_of(query) - 1) * size, MOST_ROWS)


def answer(request: Request, of: str, page: build_pages.Page, shapes: list[Shape]) -> Response:
    """Answer a page, with the address of the next one where there may be one."""
    more = {} if page.next is None else {"Link": next_link(request, cursor(of, page.next))}
    return Response(shapes, headers=more)
