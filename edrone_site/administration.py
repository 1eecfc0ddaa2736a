"""Django's administration with pages of builds."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse


class Site(admin.AdminSite):
    """The administration; who may log in sees what grants show."""

    site_url = None
    enable_nav_sidebar = False  # the pages have a menu of their own, also on a phone

    def get_urls(self) -> list[URLResolver | URLPattern]:
        from builds.page_urls import PAGES  # noqa: PLC0415 - the site is made before there are models

        pages = [path(f"builds/{route}", self.admin_view(view), name=name) for route, view, name in PAGES]
        return [*pages, *super().get_urls()]

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Show the login in the whole window where a session has ended, not in a part of the page."""
        checked = super().admin_view(view, cacheable)

        def whole_or_part(request: HttpRequest, *args: Any, **named: Any) -> HttpResponseBase:
            if request.headers.get("HX-Request") and not self.has_permission(request):
                return HttpResponse(headers={"HX-Refresh": "true"})
            response: HttpResponseBase = checked(request, *args, **named)
            return response

        return whole_or_part

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Say on every page where builds are made up."""
        return {**super().each_context(request), "sample_data": settings.EDRONE_DEMO}

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
