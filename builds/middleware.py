"""What pages say where Drone's database is away, or Drone itself cannot be asked."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext_lazy

from builds.drone_db.errors import DroneDatabaseUnavailable
from drone_api.errors import DroneError
from web.error_pages import in_the_administration
from web.localized import localized
from web.pages import shown

RETRY_AFTER = 10  # seconds


class DroneAway:
    """Answers for a page of the administration that failed for Drone's sake; REST has an exception handler of its own."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponseBase | None:
        """Return the page that says so; a part of a page gets the sentence alone."""
        if not isinstance(error, (DroneDatabaseUnavailable, DroneError)) or not in_the_administration(request):
            return None
        template = "web/away_part.html" if request.headers.get("HX-Request") else "web/away.html"
        title = gettext_lazy("Builds cannot be shown now")
        response = shown(request, template, {"title": title, "reason": localized(error)}, error.status)
        response.headers["Retry-After"] = str(RETRY_AFTER)
        response.headers["Cache-Control"] = "private, no-store"
        return response.render()
