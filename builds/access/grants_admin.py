"""The admin pages of grants, for users with Django's permissions on them; usually superusers."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import CharField, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from builds.access.limit_field import LimitField
from builds.access.logged_changes import LoggedChanges
from builds.access.models import Grant
from web.paginators import Uncounted

READ = ("whom", "pattern", "level", "only")


@admin.register(Grant)
class GrantAdmin(LoggedChanges, Uncounted, admin.ModelAdmin):  # type: ignore[type-arg]  # generic only in the stubs
    empty = _(
        "No grants, so only superusers see builds. A grant lets a user or a group view, run or deploy repositories. "
        "Add the first one."
    )
    list_display = READ
    list_filter = ("level",)
    search_fields = ("user__username", "group__name", "pattern")
    formfield_overrides: ClassVar = {CharField: {"form_class": LimitField}}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Grant]:
        return super().get_queryset(request).select_related("user", "group")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return READ if self.is_only_read(request, obj) else super().get_fields(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return READ if self.is_only_read(request, obj) else super().get_readonly_fields(request, obj)

    def is_only_read(self, request: HttpRequest, obj: Any) -> bool:
        """Return whether the reader may not change a grant; Django would link to its user, whom they may not see either."""
        return obj is not None and not self.has_change_permission(request, obj)

    @admin.display(description=_("user or group"))
    def whom(self, grant: Grant) -> str:
        return str(grant.user or gettext("group %(name)s") % {"name": grant.group})
