"""Django's pages of users and groups, with permissions named in the reader's language."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

PERMISSIONS = {
    "add": _("Can add %(model)s"),
    "change": _("Can change %(model)s"),
    "delete": _("Can delete %(model)s"),
    "view": _("Can view %(model)s"),
}


class Permissions(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]  # generic only in the stubs
    """Chooses permissions; their names in the database are English."""

    def label_from_instance(self, obj: Any) -> str:
        """Name one."""
        form = PERMISSIONS.get(obj.codename.partition("_")[0])
        return f"{obj.content_type} | {form % {'model': obj.content_type.name} if form else obj.name}"


def is_shown(kind: ContentType) -> bool:
    """Has the administration pages of it?"""
    model = kind.model_class()
    return model is not None and admin.site.is_registered(model)


class NamingPermissions:
    """What the pages of users and groups share; beside Django's own."""

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest | None = None, **given: Any) -> Any:
        """Offer the permissions of what the administration shows: those of other tables allow nothing."""
        if db_field.name.endswith("permissions"):
            kinds = [kind.pk for kind in ContentType.objects.all() if is_shown(kind)]
            found = Permission.objects.filter(content_type__in=kinds).select_related("content_type")
            given |= {"form_class": Permissions, "queryset": found}
        return super().formfield_for_manytomany(db_field, request, **given)  # type: ignore[misc]  # this is one half


admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(User)
class People(NamingPermissions, UserAdmin):  # type: ignore[type-arg]  # generic only in the stubs
    """Users."""


@admin.register(Group)
class Groups(NamingPermissions, GroupAdmin):
    """Groups."""
