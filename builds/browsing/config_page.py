"""The configuration that a build was served, where each part of it came from, and how it differs from the one before."""

from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from builds.access.finding import find_build
from builds.browsing.build_page import about
from builds.served.build_keys import key_of
from builds.served.error_place import lines_at
from configs.records.rules import shown_for
from configs.records.showing import before, coloured, difference, text_of
from web.pages import shown


def raw(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Return the YAML that was served as a file."""
    build = find_build(request, slug, number)
    if not (record := shown_for(key_of(build))):
        raise Http404
    return HttpResponse(
        text_of(record).encode(errors="replace"),
        content_type="text/plain; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="build-{number}.yaml"'},
    )


def config_page(request: HttpRequest, slug: str, number: int) -> TemplateResponse:
    build = find_build(request, slug, number)
    context = {**about(request, build), "tab": "config", "record": (record := shown_for(key_of(build)))}
    if place := context["error_place"]:
        context["error_lines"] = lines_at(place, build)
    if record:
        old = before(record)
        changes = difference(old, record) if old else ""
        context |= {
            "yaml": coloured(text_of(record, explained=True)),
            "old": old,
            "changes": coloured(changes, diff=True) if changes else "",
        }
    return shown(request, "browsing/config.html", context)
