"""The lists and forms of users and groups: Django's, in the look of edrone's other lists."""

from http import HTTPStatus
from typing import Any

from allauth.socialaccount.models import SocialAccount
from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from builds.access.logged_changes import LoggedChanges
from builds.access.passwords import NewPassword, about_tokens, valid_tokens
from builds.access.token_endings import deactivate
from builds.access.user_names import refuse_user_name
from web.paginators import Uncounted
from web.times import moment

FOR_SUPERUSERS = (SocialAccount,)  # whatever permissions somebody has
OF_NOTICES = "change_channel"  # for those who may make channels; the administration has no list of them
PERMISSIONS = {
    "add": _("Can add %(model)s"),
    "change": _("Can change %(model)s"),
    "delete": _("Can delete %(model)s"),
    "view": _("Can view %(model)s"),
}


def name_of(permission: Permission) -> str:
    form = PERMISSIONS.get(permission.codename.partition("_")[0])
    return str(form % {"model": permission.content_type.name} if form else permission.name)


class Permissions(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]  # generic only in the stubs
    """Labels permissions in the reader's language; their names in the database are English."""

    def label_from_instance(self, obj: Any) -> str:
        return name_of(obj)


def is_shown(kind: ContentType) -> bool:
    model = kind.model_class()
    return model is not None and admin.site.is_registered(model) and model not in FOR_SUPERUSERS


def offered() -> QuerySet[Permission]:
    """Return the permissions that mean something: on the models that the administration shows, and that of the page Notices."""
    kinds = [kind.pk for kind in ContentType.objects.all() if is_shown(kind)]
    meant = Q(content_type__in=kinds) | Q(content_type__app_label="builds", codename=OF_NOTICES)
    return Permission.objects.filter(meant).select_related("content_type")


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
        left_out = {"named", "password"}  # the latter is a button that leads to the form of a new one
        shown = {self.field: "named"}
        return [
            (title, options | {"fields": [shown.get(name, name) for name in options["fields"] if name not in left_out]})
            for title, options in fieldsets
        ]

    @admin.display(description=_("permissions"))
    def named(self, holder: Any) -> str:
        held = offered().filter(pk__in=getattr(holder, self.field).all())
        return gettext(", ").join(map(name_of, held)) or "-"

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest | None = None, **options: Any) -> Any:
        options["widget"] = forms.CheckboxSelectMultiple
        if db_field.name == self.field:
            options |= {"form_class": Permissions, "queryset": offered()}
        return super().formfield_for_manytomany(db_field, request, **options)  # type: ignore[misc]  # this is one half


class NameOfNobodyElse(forms.ModelForm):  # type: ignore[type-arg]  # generic only in the stubs
    """Mixin of the forms that give a user a name."""

    def clean_username(self) -> str:
        name: str = self.cleaned_data["username"]
        refuse_user_name(name, self.instance.username)
        return name


class NewUser(NameOfNobodyElse, AdminUserCreationForm):  # type: ignore[type-arg]  # likewise
    pass


class ChangedUser(NameOfNobodyElse, UserChangeForm):  # type: ignore[type-arg]  # likewise
    pass


admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(User)
class People(LoggedChanges, Uncounted, NamingPermissions, UserAdmin):  # type: ignore[type-arg]  # generic only in the stubs
    field = "user_permissions"
    list_display = ("username", "full_name", "email", "groups_of", "may_everything", "state", "last_seen")
    list_filter = ("is_active", "is_superuser", "groups")
    readonly_fields = ("last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Person"), {"fields": ("first_name", "last_name", "email")}),
        (_("Access"), {"fields": ("is_active", "is_superuser", "groups")}),
        (_("Permissions"), {"fields": ("user_permissions",), "classes": ("collapse",)}),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    form = ChangedUser
    add_form = NewUser
    change_password_form = NewPassword
    change_user_password_template = "access/user_password.html"  # noqa: S105 - a template

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).prefetch_related("groups")

    @admin.display(description=_("name"), ordering="first_name")
    def full_name(self, user: User) -> str:
        return user.get_full_name()

    @admin.display(description=_("groups"))
    def groups_of(self, user: User) -> str:
        return gettext(", ").join(sorted(group.name for group in user.groups.all()))

    @admin.display(description=_("access"), ordering="-is_superuser")
    def may_everything(self, user: User) -> str:
        return gettext("superuser") if user.is_superuser else ""

    @admin.display(description=_("state"), ordering="is_active")
    def state(self, user: User) -> str:
        return "" if user.is_active else gettext("deactivated")

    @admin.display(description=_("last login"), ordering="last_login")
    def last_seen(self, user: User) -> SafeString:
        return moment(user.last_login)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Save a user; one that is not active any more loses sessions and tokens, as on the page People and access."""
        super().save_model(request, obj, form, change)
        if "is_active" in form.changed_data and not obj.is_active:
            deactivate(obj)

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
class Groups(LoggedChanges, Uncounted, NamingPermissions, GroupAdmin):
    field = "permissions"
    fieldsets = ((None, {"fields": ("name",)}), (_("Permissions"), {"fields": ("permissions",), "classes": ("collapse",)}))
    empty = _("No groups. A group collects users, so that one grant reaches all of them. Add the first one.")
