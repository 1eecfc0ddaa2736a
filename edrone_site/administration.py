"""Django's administration with a first page of builds."""

from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse


class Site(admin.AdminSite):
    """The administration; who may log in sees what grants show."""

    site_url = None
    enable_nav_sidebar = False  # the pages have a menu of their own, also on a phone

    def autocomplete_view(self, request: HttpRequest) -> HttpResponse:  # noqa: ARG002 - Django's
        """Answer 404: no form completes names, and Django would look up whatever is asked."""
        raise Http404

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """Show what runs, what failed lately, and the reader's own builds; then Django's list of models."""
        from builds.admin.home import context  # noqa: PLC0415 - the site is made before there are models

        return super().index(request, context(request) | (extra_context or {}))
