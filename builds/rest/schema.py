"""`/api/schema` and `/api/docs`: what the API is, for programs and for people. Nothing in them is secret."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml
from django.contrib import admin
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe
from rest_framework.request import Request
from rest_framework.response import Response

from builds.rest.base import ApiView
from builds.signing_in.pages import no_access
from web.pages import shown

FILE = Path(__file__).with_name("openapi.yaml")


@cache
def description() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(FILE.read_bytes())
    return document


class SchemaView(ApiView):
    """The description, for everybody."""

    authentication_classes = ()
    permission_classes = ()

    def get(self, _: Request) -> Response:
        """Return it as JSON, which programs that want YAML read as well."""
        return Response(description())


@require_safe
def docs(request: HttpRequest) -> HttpResponseBase:
    """Return the page on which the API can be tried; whoever signed in and may see nothing is told so, as on all pages."""
    if request.user.is_authenticated and not admin.site.has_permission(request):
        return no_access(request)
    return shown(request, "rest/docs.html", {"title": _("API")})
