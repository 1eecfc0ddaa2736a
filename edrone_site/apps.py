"""The site as Django apps: one with checks and commands, and the administration with edrone's own first page."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin


class SiteConfig(AppConfig):
    name = "edrone_site"
    default = True

    def ready(self) -> None:
        from edrone_site import system_checks  # noqa: F401, PLC0415


class Administration(admin.AdminConfig):
    default = False
    default_site = "edrone_site.administration.Site"
