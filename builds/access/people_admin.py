"""Django's admin pages of users and groups, with permissions in the reader's language."""

from http import HTTPStatus
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from builds.access.passwords import NewPassword, about_tokens, valid_tokens
from web.paginators import Uncounted

PERMISSIONS = {
    "add": _("Can add %(model)s"),
    "change": _("Can change %(model)s"),
    "delete": _("Can delete %(model)s"),
    "view": _("Can view %(model)s"),
}


def name_of(permission: Permission) -> str:
    form = PERMISSIONS.get(permission.codename.partition("_")[0])
    kind = permission.content_type
    return f"{kind} | {form % {'model': kind.name} if form else permission.name}"


class Permissions(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]  # generic only in the stubs
    """Labels permissions in the reader's language; their names in the database are English."""

    def label_from_instance(self, obj: Any) -> str:
        return name_of(obj)


def is_shown(kind: ContentType) -> bool:
    model = kind.model_class()
    return model is not None and admin.site.is_registered(model)


class NamingPermissions:
    """Mixin of both pages: names permissions in the reader's language, and offers only those that mean something."""

    field: str  # the one that holds permissions
    filter_horizontal: Any = ()  # Django's two boxes with arrows have parts that screen readers cannot name

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        names = super().get_readonly_fields(request, obj)  # type: ignore[misc]  # this is one half
        return names if self.has_change_permission(request, obj) else (*names, "named")  # type: ignore[attr-defined]  # likewise

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)  # type: ignore[misc]  # likewise
        if self.has_change_permission(request, obj):  # type: ignore[attr-defined]  # likewise
            return fieldsets
        return [
            (
                title,
                options | {"fields": ["named" if name == self.field else name for name in options["fields"] if name != "named"]},
            )
            for title, options in fieldsets
        ]

    @admin.display(description=_("permissions"))
    def named(self, holder: Any) -> str:
        held = getattr(holder, self.field).select_related("content_type")
        return gettext(", ").join(name_of(permission) for permission in held if is_shown(permission.content_type)) or "-"

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest | None = None, **options: Any) -> Any:
        """Offer only permissions on models that the administration shows; others allow nothing."""
        options["widget"] = forms.CheckboxSelectMultiple
        if db_field.name == self.field:
            kinds = [kind.pk for kind in ContentType.objects.all() if is_shown(kind)]
            permissions = Permission.objects.filter(content_type__in=kinds).select_related("content_type")
            options |= {"form_class": Permissions, "queryset": permissions}
        return super().formfield_for_manytomany(db_field, request, **options)  # type: ignore[misc]  # this is one half


admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(User)
class People(Uncounted, NamingPermissions, UserAdmin):  # type: ignore[type-arg]  # generic only in the stubs
    field = "user_permissions"
    readonly_fields = ("last_login", "date_joined")
    change_password_form = NewPassword
    change_user_password_template = "access/user_password.html"  # noqa: S105 - a template

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002 - Django's
        user = self.get_object(request, unquote(id))
        before = valid_tokens(user).count() if user else 0
        response = super().user_change_password(request, id, form_url)
        if user and response.status_code == HTTPStatus.FOUND and getattr(response, "url", "") != request.get_full_path():
            if user != request.user:
                messages.success(request, gettext("All sessions of %(user)s have ended.") % {"user": user.get_username()})
            if sentence := about_tokens(user, before):
                messages.success(request, sentence)
        return response


@admin.register(Group)
class Groups(Uncounted, NamingPermissions, GroupAdmin):
    field = "permissions"
