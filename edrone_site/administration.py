"""Django's administration with a first page of builds."""

from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse


class Site(admin.AdminSite):
    """The administration; who may log in sees what grants show."""

    site_url = None
    enable_nav_sidebar = False  # the pages have a menu of their own, also on a phone

    def autocomplete_view(self, request: HttpRequest) -> HttpResponse:  # noqa: ARG002 - Django's
        """Answer 404: no form completes names, and Django would look up whatever is asked."""
        raise Http404

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Change one's own password, and revoke one's tokens with it where that is wanted."""
        from builds.access.passwords import OwnPasswordView  # noqa: PLC0415 - the site is made before there are models

        context = {**self.each_context(request), **(extra_context or {})}
        return OwnPasswordView.as_view(success_url=reverse("admin:password_change_done"), extra_context=context)(request)

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """Show what runs, what failed lately, and the reader's own builds; then Django's list of models."""
        from builds.browsing.home import context  # noqa: PLC0415 - the site is made before there are models

        return super().index(request, context(request) | (extra_context or {}))
