"""Django's administration with pages of builds."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse

from builds.drone_db.errors import DroneDatabaseUnavailable


class Site(admin.AdminSite):
    """The administration; who may log in sees what grants show."""

    site_url = None
    login_template = "signing_in/login.html"
    enable_nav_sidebar = False  # the pages have a menu of their own, also on a phone

    def get_urls(self) -> list[URLResolver | URLPattern]:
        from builds.page_urls import PAGES  # noqa: PLC0415 - the site is made before there are models

        pages = [path(f"builds/{route}", self.admin_view(view), name=name) for route, view, name in PAGES]
        return [*pages, *super().get_urls()]

    def has_permission(self, request: HttpRequest) -> bool:
        """Return whether somebody is signed in who may see something; Django would ask for its flag *staff*.

        Error pages ask as well, also where nobody can tell; `admin_view` lets nobody in then.
        """
        try:
            return is_entitled(request)
        except DroneDatabaseUnavailable:
            return True

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Say to somebody who may see nothing that this is so.

        Show the login in the whole window where a session has ended, not in a part of the page.
        """
        from builds.signing_in.pages import no_access  # noqa: PLC0415 - the site is made before there are models

        checked = super().admin_view(view, cacheable)

        def whole_or_part(request: HttpRequest, *args: Any, **named: Any) -> HttpResponseBase:
            response: HttpResponseBase
            if request.path == reverse("admin:logout"):
                response = view(request, *args, **named)
                return response
            if request.user.is_authenticated and not is_entitled(request):
                return no_access(request)
            if request.headers.get("HX-Request") and not self.has_permission(request):
                return HttpResponse(headers={"HX-Refresh": "true"})
            response = checked(request, *args, **named)
            return response

        return whole_or_part

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Say on every page where builds are made up, and with whom one can sign in."""
        more = {"sample_data": settings.EDRONE_DEMO, "providers": settings.SIGN_IN.values()}
        return {**super().each_context(request), **more}

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().login(request, {"passwords": settings.EDRONE_PASSWORDS, **(extra_context or {})})

    def autocomplete_view(self, request: HttpRequest) -> HttpResponse:  # noqa: ARG002 - Django's
        """Answer 404: no form completes names, and Django would look up whatever is asked."""
        raise Http404

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Change one's own password, and revoke one's tokens with it where that is wanted."""
        from builds.access.passwords import OwnPasswordView  # noqa: PLC0415 - the site is made before there are models

        if not settings.EDRONE_PASSWORDS:
            raise Http404
        context = {**self.each_context(request), **(extra_context or {})}
        return OwnPasswordView.as_view(success_url=reverse("admin:password_change_done"), extra_context=context)(request)

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:  # noqa: ARG002 - Django's
        from builds.overview.overview import overview  # noqa: PLC0415 - the site is made before there are models

        return overview(request)


def is_entitled(request: HttpRequest) -> bool:
    from builds.access.entitlement import entitled  # noqa: PLC0415 - the site is made before there are models

    return entitled(request.user)
