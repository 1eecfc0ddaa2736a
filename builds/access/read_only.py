"""Lists of the administration that are only looked at."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from builds.access.rules import visible
from web.admin_lists import Bounded
from web.paginators import OnePage
from web.text import plain_lines

ROWS = 50  # on a page


class ReadOnly(Bounded, admin.ModelAdmin):  # type: ignore[type-arg]  # takes no argument when it runs
    """Rows of the repositories that the reader may see; only edrone itself writes them."""

    paginator = OnePage
    change_list_template = "admin/configs/change_list.html"
    list_per_page = ROWS
    list_max_show_all = 0
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    actions = None
    sortable_by = ()

    def has_add_permission(self, *_: Any) -> bool:
        return False

    def has_change_permission(self, *_: Any) -> bool:
        return False

    def has_delete_permission(self, *_: Any) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(visible(request.user))

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return without_hidden(super().changelist_view(request, extra_context))

    def changeform_view(self, *arguments: Any, **named: Any) -> HttpResponse:
        return without_hidden(super().changeform_view(*arguments, **named))

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        return without_hidden(super().history_view(request, object_id, extra_context))


def without_hidden(response: HttpResponse) -> HttpResponse:
    """Name the hidden characters of a page of Django's own, wherever Django writes them: cells, titles, breadcrumbs."""
    if isinstance(response, TemplateResponse):
        response.add_post_render_callback(name_hidden)
    return response


def name_hidden(response: HttpResponse) -> None:
    response.content = plain_lines(response.content.decode()).encode()
