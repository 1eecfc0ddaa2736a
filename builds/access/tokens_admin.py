"""The admin pages of API tokens: everybody creates, sees and revokes their own; superusers see and revoke all."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy

from builds.access.limit_field import LimitField
from builds.access.logged_changes import LoggedChanges
from builds.access.token_models import DAYS, MOST_DAYS, TOKEN_LEVELS, ApiToken
from web.paginators import Uncounted
from web.times import moment

LIMITS = ("name", "pattern", "level", "ends_with_password", "ends_with_rights")


class TokenForm(forms.ModelForm):  # type: ignore[type-arg]  # generic only in the stubs
    days = forms.IntegerField(
        min_value=1,
        max_value=MOST_DAYS,
        initial=DAYS,
        label=gettext_lazy("Days"),
        help_text=gettext_lazy("How many days the token is valid."),
    )

    class Meta:
        model = ApiToken
        fields = LIMITS
        field_classes: ClassVar = {"pattern": LimitField}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if level := self.fields.get("level"):  # there is no field on the page of a token that exists
            level.choices = [("", gettext_lazy("as much as I may")), *TOKEN_LEVELS]  # type: ignore[attr-defined]  # of ChoiceField


@admin.register(ApiToken)
class ApiTokenAdmin(LoggedChanges, Uncounted, admin.ModelAdmin):  # type: ignore[type-arg]  # generic only in the stubs
    """Deleting a token revokes it. Nobody needs a permission for their own tokens."""

    form = TokenForm
    empty = gettext_lazy(
        "No API tokens. With a token, programs and Drone's command line use edrone in your name, with your grants. "
        "Add the first one."
    )
    list_display = ("name", "start", "user", "limits", "made", "until", "used")
    search_fields = ("name", "user__username")
    list_select_related = ("user",)

    @admin.display(description=gettext_lazy("limited to"))
    def limits(self, token: ApiToken) -> str:
        level = token.get_level_display() if token.level else ""
        return gettext(", ").join(filter(None, [str(level), token.pattern])) or "-"

    @admin.display(description=gettext_lazy("created"), ordering="created")
    def made(self, token: ApiToken) -> SafeString:
        return moment(token.created)

    @admin.display(description=gettext_lazy("expires"), ordering="expires")
    def until(self, token: ApiToken) -> SafeString:
        return moment(token.expires)

    @admin.display(description=gettext_lazy("last used"), ordering="last_used")
    def used(self, token: ApiToken) -> SafeString:
        return moment(token.last_used)

    def get_fields(self, _: HttpRequest, obj: ApiToken | None = None) -> Any:
        return (*LIMITS[:3], "days", *LIMITS[3:]) if obj is None else (*self.list_display, *LIMITS[3:])

    def get_readonly_fields(self, request: HttpRequest, obj: ApiToken | None = None) -> Any:
        return () if obj is None else self.get_fields(request, obj)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiToken]:
        tokens = super().get_queryset(request)
        return tokens if request.user.is_superuser else tokens.filter(user_id=request.user.pk)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return is_entitled(request)

    def has_view_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        return is_entitled(request) and may_touch(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return is_entitled(request)

    def has_change_permission(self, *_: Any, **__: Any) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        return is_entitled(request) and may_touch(request, obj)

    def save_model(self, request: HttpRequest, obj: ApiToken, form: Any, change: Any) -> None:  # noqa: ARG002 - Django's
        """Make the token the user's own."""
        obj.user = request.user  # type: ignore[assignment]  # whoever is here is logged in
        obj.renew(form.cleaned_data["days"])
        obj.save()

    def response_add(self, request: HttpRequest, obj: ApiToken, *_: Any) -> HttpResponse:
        """Show the token's text in this response only: it is never in a message, a session or a second page."""
        context = self.admin_site.each_context(request) | {
            "title": gettext_lazy("API token created"),
            "token": obj,
            "opts": self.opts,
        }
        return TemplateResponse(request, "access/token_made.html", context)


def is_entitled(request: HttpRequest) -> bool:
    return admin.site.has_permission(request)


def may_touch(request: HttpRequest, token: ApiToken | None) -> bool:
    return token is None or request.user.is_superuser or token.user_id == request.user.pk
