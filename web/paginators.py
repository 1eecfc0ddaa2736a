"""Pages of lists in the administration that count nothing."""

from functools import cached_property
from typing import Any

from django.contrib import admin
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest

from web.admin_lists import Bounded


class OnePage(Paginator):  # type: ignore[type-arg]  # takes no argument when it runs
    """The first page alone: nothing is counted. Older records are reached by `?id__lt=`, as fast as the newest."""

    @cached_property
    def count(self) -> int:
        """Return the number of rows on the page, and one more where there are older ones."""
        return len(self.rows)

    @cached_property
    def rows(self) -> list[Any]:
        """Read the page and one row more."""
        return list(self.object_list[: self.per_page + 1])

    def page(self, number: Any) -> Any:  # noqa: ARG002 - Django's
        """Return the page, whatever its number."""
        return Page(self.rows[: self.per_page], 1, self)

    @property
    def older(self) -> int | None:
        """Return the id before which the next page begins, where there is one."""
        return self.rows[self.per_page - 1].pk if len(self.rows) > self.per_page else None


class UpToHere(Paginator):  # type: ignore[type-arg]  # takes no argument when it runs
    """The pages up to the one asked for, and the next where there is one: what comes after is not counted."""

    object_list: QuerySet[Any]
    here = 1  # the page asked for

    @cached_property
    def count(self) -> int:
        """Return the number of rows up to the end of the page, and one more where there are others."""
        return len(self.object_list.values_list("pk")[: self.here * self.per_page + 1])


class Uncounted(Bounded):
    """A list that is short as a rule, in any order; beside Django's class."""

    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_max_show_all = 0

    def get_paginator(self, request: HttpRequest, queryset: QuerySet[Any], per_page: int, *_: Any, **__: Any) -> UpToHere:
        """Return which page is asked for."""
        paginator = UpToHere(queryset, per_page)
        asked = request.GET.get("p", "")
        paginator.here = int(asked[:6]) if asked.isdecimal() else 1
        return paginator
