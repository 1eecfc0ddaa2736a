"""Django's pages of users and groups, with permissions named in the reader's language."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.db.models import ManyToManyField
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

PERMISSIONS = {
    "add": _("Can add %(model)s"),
    "change": _("Can change %(model)s"),
    "delete": _("Can delete %(model)s"),
    "view": _("Can view %(model)s"),
}


class Permissions(forms.ModelMultipleChoiceField):
    """Chooses permissions; their names in the database are English."""

    def label_from_instance(self, obj: Any) -> str:
        """Name one."""
        form = PERMISSIONS.get(obj.codename.partition("_")[0])
        return f"{obj.content_type} | {form % {'model': obj.content_type.name} if form else obj.name}"


class NamingPermissions:
    """What the pages of users and groups share; beside Django's own."""

    def formfield_for_manytomany(self, db_field: ManyToManyField[Any, Any], request: HttpRequest, **given: Any) -> Any:
        """Offer the permissions of what the administration shows: those of other tables allow nothing."""
        if db_field.name.endswith("permissions"):
            shown = [ContentType.objects.get_for_model(model).pk for model in admin.site._registry]  # noqa: SLF001 - documented nowhere else
            found = Permission.objects.filter(content_type__in=shown).select_related("content_type")
            given |= {"form_class": Permissions, "queryset": found}
        return super().formfield_for_manytomany(db_field, request, **given)  # type: ignore[misc]  # this is one half


admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(User)
class People(NamingPermissions, UserAdmin):
    """Users."""


@admin.register(Group)
class Groups(NamingPermissions, GroupAdmin):
    """Groups."""
