"""The configuration that a build was served, and where each part of it came from."""

from django.http import HttpRequest
from django.template.response import TemplateResponse

from builds.admin.build_page import about
from builds.admin.pages import find_build, page, shown
from builds.api.views.config import key_of
from configs.served import served_for


@page
def config_page(request: HttpRequest, slug: str, number: int) -> TemplateResponse:
    """Show the exact YAML and its sources."""
    build = find_build(request, slug, number)
    record = served_for(key_of(build))
    return shown(request, "admin/builds/config.html", {**about(build), "tab": "config", "record": record, "yaml": record and record.file.text and record.file.text.yaml})
