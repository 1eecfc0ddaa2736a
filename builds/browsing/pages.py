"""What all pages share: who may look, Drone's database being away, a 404 that tells nothing."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.cache import patch_cache_control

from builds.access import rules
from builds.access.models import Level
from builds.drone_db.errors import DroneDatabaseUnavailable
from builds.drone_db.models import Build, Repo
from builds.drone_db.queries import build_with_stages, repository
from drone_api.errors import DroneError
from web.localized import localized

LARGEST = 2**31 - 1  # what Drone's columns hold; PostgreSQL refuses to compare them with more
Page = Callable[..., HttpResponseBase]


def page(view: Page) -> Page:
    """Make a page of the administration: for staff, never cached, and honest where Drone's database is away."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **named: Any) -> HttpResponseBase:
        try:
            response = view(request, *args, **named)
            if isinstance(response, TemplateResponse):
                response.render()  # templates ask the database too
        except (DroneDatabaseUnavailable, DroneError) as error:
            response = away(request, error)
        patch_cache_control(response, private=True, no_store=True)
        return response

    checked = admin.site.admin_view(guarded)

    @wraps(view)
    def whole_or_part(request: HttpRequest, *args: Any, **named: Any) -> HttpResponseBase:
        if request.headers.get("HX-Request") and not admin.site.has_permission(request):
            # The session has ended: the login belongs into the whole window, not into a part of the page.
            return HttpResponse(headers={"HX-Refresh": "true"})
        return checked(request, *args, **named)

    return whole_or_part


def away(request: HttpRequest, error: DroneDatabaseUnavailable | DroneError) -> HttpResponse:
    """Say that Drone's database cannot be read, or Drone not be asked; a part of a page gets the sentence alone."""
    template = "web/away_part.html" if request.headers.get("HX-Request") else "web/away.html"
    response = shown(request, template, {"reason": localized(error)}, status=error.status)
    response.headers["Retry-After"] = "10"
    response.render()
    return response


def shown(request: HttpRequest, template: str, context: dict[str, Any], status: int = 200) -> TemplateResponse:
    """Show a template with what every page of the administration has."""
    return TemplateResponse(request, template, {**frame(request), **context}, status=status)


def frame(request: HttpRequest) -> dict[str, Any]:
    """Give what every page has; where builds are made up, that is said."""
    return {**admin.site.each_context(request), "sample_data": settings.EDRONE_DEMO}


def find_repo(request: HttpRequest, slug: str) -> Repo:
    """Find a repository that the reader may see."""
    if "\0" not in slug and rules.may(request.user, Level.VIEW, slug) and (repo := repository(slug)):
        return repo
    raise Http404


def find_build(request: HttpRequest, slug: str, number: int) -> Build:
    """Find a build of a repository that the reader may see, with its stages and steps."""
    repo = find_repo(request, slug)
    if number > LARGEST or not (build := build_with_stages(repo.id, number)):
        raise Http404
    build.repo = repo
    return build


def visible_repos(request: HttpRequest) -> list[int] | None:
    """Give the ids of the repositories that the reader may see; None: all."""
    condition = rules.visible(request.user)
    return None if condition is None else list(Repo.objects.filter(condition).values_list("id", flat=True))
