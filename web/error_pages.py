"""What a person is told where there is nothing, or nothing for the reader: in the frame of all pages, with the menu.

Programs get few words.
"""

import sys

from django.contrib.admin.exceptions import DisallowedModelAdminLookup, DisallowedModelAdminToField
from django.core.exceptions import DisallowedHost
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.csrf import REASON_BAD_ORIGIN
from django.shortcuts import redirect
from django.template.loader import get_template
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from django.views import defaults
from django.views.decorators.csrf import csrf_exempt

from web.pages import shown
from web.parameters import NotUnderstood

RETRY_AFTER = 10  # seconds
OTHER_ORIGIN = REASON_BAD_ORIGIN.partition("%s")[0]
NO_PATH = (
    "Not found. A Drone server asks edrone at the path /edrone: set its DRONE_YAML_ENDPOINT to this address with /edrone at the "
    "end, and those of its other extensions to /edrone/convert, /edrone/validate and /edrone/events.\n"
)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:  # noqa: ARG001 - Django's
    """Answer 404; whether the thing is missing or only hidden from the reader is not told."""
    if not is_read_by_a_person(request):
        return HttpResponse("Not found. edrone's pages are below /admin/, its API is below /api/.\n", "text/plain", 404)
    sentence = _("This page does not exist, or your grants do not include it.")
    login = "" if request.user.is_authenticated else reverse("admin:login")
    response = saying(request, _("Not found"), sentence, 404, login)
    if request.headers.get("HX-Request"):
        # What a page follows is gone: it is loaded anew, and says so, instead of asking for ever.
        response.headers["HX-Refresh"] = "true"
    return response


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if not is_read_by_a_person(request):
        return defaults.permission_denied(request, exception)
    sentence = _("Your permissions do not allow this. Ask an edrone administrator.")
    return saying(request, _("Not allowed"), sentence, 403)


def not_understood(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Answer 400; what is wrong before a page is chosen, such as too many fields, gets Django's words."""
    if isinstance(exception, NotUnderstood):
        return saying(request, _("Not understood"), str(exception), 400)
    if isinstance(exception, DisallowedHost):
        return HttpResponse(get_template("host.html").render(), status=400)
    if not isinstance(exception, (DisallowedModelAdminLookup, DisallowedModelAdminToField)):
        return defaults.bad_request(request, exception)
    sentence = _("The address asks for something that this page does not have. Open the page from the menu and choose again.")
    return saying(request, _("Not understood"), sentence, 400)


def broken(request: HttpRequest) -> HttpResponse:
    """Answer 500, or 503 where a database is away; ask none, for it may be what is broken."""
    away = isinstance(sys.exception(), DatabaseError)
    if is_read_by_a_person(request):
        response = HttpResponse(get_template("web/broken.html").render())
    else:
        response = defaults.server_error(request)
    response.status_code = 503 if away else 500
    if away:
        response.headers["Retry-After"] = str(RETRY_AFTER)
    return response


def form_refused(request: HttpRequest, reason: str = "") -> HttpResponseBase:
    """Answer 403 to a form that did not come with its token, so that it may have been sent by another site."""
    if not is_read_by_a_person(request):
        return HttpResponse(f"Forbidden: {reason}\n", "text/plain", 403)
    if reason.startswith(OTHER_ORIGIN):
        sentence = _(
            "Nothing was done: the form came from another address than the one under which this request reached edrone. If the "
            "form is edrone's own, the proxy in front of edrone must pass on Host, with its port, and send X-Forwarded-Proto."
        )
        return saying(request, _("Form not sent"), sentence, 403, login=reverse("admin:login"))
    sentence = _(
        "Nothing was done: the edrone page that sent this form is no longer valid. Go back, reload the "
        "page and send the form again. Your browser must allow cookies for this site."
    )
    return saying(request, _("Form not sent"), sentence, 403, login=reverse("admin:login"))


@csrf_exempt  # who posts here is a Drone server whose address of edrone lacks its path
def root(request: HttpRequest) -> HttpResponseBase:
    """Lead to the first page; say what is missing in the address to whoever posts to it."""
    if request.method in {"GET", "HEAD"}:
        return redirect("admin:index")
    return HttpResponse(NO_PATH, "text/plain", 404)


def in_the_administration(request: HttpRequest) -> bool:
    """Was one of its pages asked for?"""
    return request.path.startswith(reverse("admin:index"))


def is_read_by_a_person(request: HttpRequest) -> bool:
    """Return whether a browser asks, or somebody for a page: browsers name HTML, programs hardly ever do."""
    return in_the_administration(request) or "text/html" in request.headers.get("Accept", "")


def saying(request: HttpRequest, title: str, sentence: str, status: int, login: str = "") -> HttpResponse:
    """Make the page; `login`: the address of a way on, where the session may have ended."""
    response = shown(request, "web/nothing.html", {"title": title, "sentence": sentence, "login": login}, status)
    response.render()
    patch_cache_control(response, private=True, no_store=True)
    return response
