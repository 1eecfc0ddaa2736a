"""The admin pages of grants, for users with Django's permissions on them; usually superusers."""

from typing import ClassVar

from django.contrib import admin
from django.db.models import CharField, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from builds.access.limit_field import LimitField
from builds.access.logged_changes import LoggedChanges
from builds.access.models import Grant
from web.paginators import Uncounted


@admin.register(Grant)
class GrantAdmin(LoggedChanges, Uncounted, admin.ModelAdmin):  # type: ignore[type-arg]  # generic only in the stubs
    empty = _(
        "No grants, so only superusers see builds. A grant lets a user or a group view, run or deploy repositories. "
        "Add the first one."
    )
    list_display = ("whom", "pattern", "level", "only")
    list_filter = ("level",)
    search_fields = ("user__username", "group__name", "pattern")
    formfield_overrides: ClassVar = {CharField: {"form_class": LimitField}}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Grant]:
        return super().get_queryset(request).select_related("user", "group")

    @admin.display(description=_("user or group"))
    def whom(self, grant: Grant) -> str:
        return str(grant.user or gettext("group %(name)s") % {"name": grant.group})
