"""The admin page of accounts at providers, where a superuser connects one to a user; allauth's own pages are taken away."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django import forms
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from builds.access.logged_changes import LoggedChanges
from builds.signing_in.accounts import disconnect
from builds.signing_in.known import LONGEST_UID, PROXY
from web.paginators import Uncounted

for model in (EmailAddress, SocialAccount, SocialApp, SocialToken):
    admin.site.unregister(model)


class AccountForm(forms.ModelForm):  # type: ignore[type-arg]  # generic only in the stubs
    provider = forms.ChoiceField(label=_("Provider"))
    uid = forms.CharField(
        label=_("Id there"),
        max_length=LONGEST_UID,
        help_text=_(
            "What the provider identifies the person by: the number of the user at GitHub, GitLab and Gitea, the claim "
            "“sub” at OpenID Connect, the name that a proxy sends. The login is not it, since it can pass to somebody else."
        ),
    )

    class Meta:
        model = SocialAccount
        fields = ("user", "provider", "uid")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "provider" not in self.fields:  # the page that only shows one
            return
        proxy: list[Any] = [(PROXY, _("Trusted proxy"))] if settings.EDRONE_TRUSTED_PROXIES else []
        self.fields["provider"].choices = [(known.id, known.name) for known in settings.SIGN_IN.values()] + proxy  # type: ignore[attr-defined]  # of ChoiceField


@admin.register(SocialAccount)
class Accounts(LoggedChanges, Uncounted, admin.ModelAdmin):  # type: ignore[type-arg]  # generic only in the stubs
    """For superusers only: whoever may connect an account to any user can become that user."""

    form = AccountForm
    list_display = ("login", "provider", "uid", "user", "last_login")
    list_select_related = ("user",)
    search_fields = ("uid", "user__username")

    @admin.display(description=_("login"))
    def login(self, account: SocialAccount) -> str:
        return str(account.extra_data.get("login", "-"))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return superuser(request) and bool(settings.SIGN_IN or settings.EDRONE_TRUSTED_PROXIES)

    def has_view_permission(self, request: HttpRequest, obj: SocialAccount | None = None) -> bool:  # noqa: ARG002 - Django's
        return superuser(request)

    has_add_permission = has_view_permission
    has_delete_permission = has_view_permission

    def has_change_permission(self, *_: Any, **__: Any) -> bool:
        return False

    def get_fields(self, _: HttpRequest, obj: SocialAccount | None = None) -> Any:
        return self.list_display if obj else ("user", "provider", "uid")

    def get_readonly_fields(self, _: HttpRequest, obj: SocialAccount | None = None) -> Any:
        return self.list_display if obj else ()

    def delete_model(self, _: HttpRequest, obj: SocialAccount) -> None:
        disconnect(obj)

    def delete_queryset(self, _: HttpRequest, queryset: Any) -> None:
        for account in queryset:
            disconnect(account)


def superuser(request: HttpRequest) -> bool:
    return bool(request.user.is_active and request.user.is_superuser)
