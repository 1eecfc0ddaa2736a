"""What the administration says where there is nothing, or nothing for the reader: in its own frame, with the menu to go on from.

Elsewhere on the site programs ask; they get Django's few words.
"""

import sys

from django.contrib.admin.exceptions import DisallowedModelAdminLookup, DisallowedModelAdminToField
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import get_template
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from django.views import csrf, defaults

from web.pages import shown

RETRY_AFTER = 10  # seconds


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Answer 404; whether the thing is missing or only hidden from the reader is not told."""
    if not in_the_administration(request):
        return defaults.page_not_found(request, exception)
    sentence = _("This page does not exist, or your grants do not include it.")
    response = saying(request, _("Not found"), sentence, 404)
    if request.headers.get("HX-Request"):
        # What a page follows is gone: it is loaded anew, and says so, instead of asking for ever.
        response.headers["HX-Refresh"] = "true"
    return response


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if not in_the_administration(request):
        return defaults.permission_denied(request, exception)
    sentence = _("Your permissions do not allow this. Ask an edrone administrator.")
    return saying(request, _("Not allowed"), sentence, 403)


def not_understood(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Answer 400; what is wrong before a page is chosen (too many fields, a host that is not edrone's) gets Django's words."""
    if not isinstance(exception, (DisallowedModelAdminLookup, DisallowedModelAdminToField)):
        return defaults.bad_request(request, exception)
    sentence = _("The address asks for something that this page does not have. Open the page from the menu and choose again.")
    return saying(request, _("Not understood"), sentence, 400)


def broken(request: HttpRequest) -> HttpResponse:
    """Answer 500, or 503 where a database is away; ask none, for it may be what is broken."""
    away = isinstance(sys.exception(), DatabaseError)
    if in_the_administration(request):
        response = HttpResponse(get_template("web/broken.html").render())
    else:
        response = defaults.server_error(request)
    response.status_code = 503 if away else 500
    if away:
        response.headers["Retry-After"] = str(RETRY_AFTER)
    return response


def form_refused(request: HttpRequest, reason: str = "") -> HttpResponseBase:
    """Answer 403 to a form that did not come with its token, so that it may have been sent by another site."""
    if not in_the_administration(request):
        return csrf.csrf_failure(request, reason)
    sentence = _(
        "Nothing was done: the edrone page that sent this form is no longer valid. Go back, reload the "
        "page and send the form again. Your browser must allow cookies for this site."
    )
    return saying(request, _("Form not sent"), sentence, 403, login=reverse("admin:login"))


def in_the_administration(request: HttpRequest) -> bool:
    """Was one of its pages asked for?"""
    return request.path.startswith(reverse("admin:index"))


def saying(request: HttpRequest, title: str, sentence: str, status: int, login: str = "") -> HttpResponse:
    """Make the page; `login`: the address of a way on, where the session may have ended."""
    response = shown(request, "web/nothing.html", {"title": title, "sentence": sentence, "login": login}, status)
    response.render()
    patch_cache_control(response, private=True, no_store=True)
    return response
