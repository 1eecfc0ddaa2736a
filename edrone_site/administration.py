"""Django's administration with a first page of builds."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import URLPattern
from django.views.decorators.cache import cache_control


class Site(admin.AdminSite):
    """The administration; who may log in sees what grants show."""

    site_url = None
    enable_nav_sidebar = False  # the pages have a menu of their own, also on a phone

    def get_urls(self) -> list[Any]:
        """Let no cache keep the pages of one's own password."""
        urls = super().get_urls()
        for url in urls:
            if isinstance(url, URLPattern) and url.name in {"password_change", "password_change_done"}:
                url.callback = cache_control(private=True, no_store=True)(url.callback)
        return urls

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """Show what runs, what failed lately, and the reader's own builds; then Django's list of models."""
        from builds.admin.home import context  # noqa: PLC0415 - the site is made before there are models

        return super().index(request, context(request) | (extra_context or {}))
