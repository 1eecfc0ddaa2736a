"""The configuration that a build was served, and where each part of it came from."""

from django.http import HttpRequest
from django.template.response import TemplateResponse

from builds.admin.build_page import about
from builds.admin.pages import find_build, page, shown
from builds.models import Build
from configs.identity import BuildKey
from configs.models import ServedConfig
from configs.served import served_for


@page
def config_page(request: HttpRequest, slug: str, number: int) -> TemplateResponse:
    """Show the exact YAML and its sources."""
    build = find_build(request, slug, number)
    record = served(build)
    return shown(request, "admin/builds/config.html", {**about(build), "tab": "config", "record": record, "yaml": record and record.file.text and record.file.text.yaml})


def served(build: Build) -> ServedConfig | None:
    """Find what a build was served."""
    key = BuildKey(
        repo_id=build.repo_id,
        build_id=build.id,
        number=build.number,
        event=build.event,
        action=build.action,
        ref=build.ref,
        after=build.after,
        target=build.target,
        deploy_to=build.deploy_to,
        parent=build.parent,
        trigger=build.trigger,
        created=build.created,
        params=build.params,
    )
    return served_for(key)
