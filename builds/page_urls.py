"""Builds and repositories in Django's administration: its addresses, menu and templates, and pages of edrone's own.

Which rows a user sees is decided by grants. Django's permissions know models, not repositories, and are not asked.
"""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import URLPattern, path

from builds.browsing import build_page, builds_list, home, record_page, repo_pages
from builds.drone_db.models import Build, Repo
from builds.logs import log_page
from builds.served import config_page
from builds.served.admin import Unwritten
from builds.starting import act_page, run_page


class Browsed(Unwritten):
    """A table that is looked at: by everybody who may log in, each within their grants."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Leave it out of the list of models: the menu leads here."""
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let people look."""
        return admin.site.has_permission(request)


@admin.register(Build)
class BuildAdmin(Browsed):
    """Builds."""

    def get_urls(self) -> list[URLPattern]:
        """Give the addresses of everything that belongs to builds."""
        build = "<path:slug>/<int:number>/"  # what belongs to it follows `-/`, which no repository is called
        step = build + "-/{}/<int:stage>/<int:step>/"
        return [
            path("", builds_list.builds_list, name="builds_build_changelist"),
            path("-/now/", home.live, name="builds_now"),
            path(step.format("step"), build_page.build_page, name="builds_step"),
            path(step.format("live"), build_page.live, name="builds_live-step"),
            path(step.format("log"), log_page.whole, name="builds_log"),
            path(step.format("log") + "<int:first>-<int:last>/", log_page.part, name="builds_part"),
            path(step.format("log") + "after/<int:after>/", log_page.tail, name="builds_tail"),
            path(step.format("log") + "file/", log_page.raw, name="builds_raw"),
            path(build + "-/live/", build_page.live, name="builds_live"),
            path(build + "-/configuration/", config_page.config_page, name="builds_config"),
            path(build + "-/configuration/file/", config_page.raw, name="builds_config-file"),
            path(build + "-/record/", record_page.record_page, name="builds_record"),
            path(build + "-/do/<str:verb>/", act_page.act_page, name="builds_act"),
            path(build + "-/do/<str:verb>/<int:stage>/", act_page.act_page, name="builds_act-stage"),
            path(build, build_page.build_page, name="builds_build"),
        ]


@admin.register(Repo)
class RepoAdmin(Browsed):
    """Repositories."""

    def get_urls(self) -> list[URLPattern]:
        """Give the addresses of the list and of a repository."""
        return [
            path("", repo_pages.repos_list, name="builds_repo_changelist"),
            path("<path:slug>/-/run/", run_page.run_page, name="builds_run"),
            path("<path:slug>/", repo_pages.repo_page, name="builds_repo"),
        ]
