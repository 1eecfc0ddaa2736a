"""Forms and page that change a password, and can revoke the API tokens of its owner along with it."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.forms import AdminPasswordChangeForm as OwnPasswordForm
from django.contrib.auth.forms import AdminPasswordChangeForm, SetUnusablePasswordMixin
from django.contrib.auth.models import User
from django.contrib.auth.views import PasswordChangeView
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from builds.access.throttle import trying_password
from builds.access.token_endings import end_with_password
from builds.access.token_models import ApiToken


class RevokingTokens(forms.Form):
    """Mixin of forms that change a password: offers to revoke the user's valid tokens, if there are any."""

    user: User

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(user, *args, **kwargs)  # type: ignore[arg-type]  # this is one half
        if number := valid_tokens(user).count():
            label = ngettext("Also revoke the %(number)s valid API token", "Also revoke all %(number)s valid API tokens", number)
            self.fields["revoke_tokens"] = forms.BooleanField(
                required=False,
                label=label % {"number": number},
                help_text=_("A new password does not change them: whoever has one of them goes on using the API."),
            )

    def save(self, commit: bool = True) -> Any:
        """Change the password and revoke the tokens, both or neither."""
        with transaction.atomic():
            user = super().save(commit)  # type: ignore[misc]  # this is one half
            end_with_password(user)  # also where the password is taken away, which Django tells no validator
            if self.cleaned_data.get("revoke_tokens"):
                ApiToken.objects.filter(user=user).delete()
        return user


class OwnPassword(RevokingTokens, OwnPasswordForm):
    """Changes one's own password. Wrong old passwords are limited as at the login."""

    def __init__(self, user: User, *args: Any, address: str = "", **kwargs: Any) -> None:
        super().__init__(user, *args, **kwargs)
        self.address = address

    def clean_old_password(self) -> str:
        with trying_password(self.user.get_username(), self.address):
            return super().clean_old_password()


class NewPassword(RevokingTokens, AdminPasswordChangeForm):  # type: ignore[type-arg]  # generic only in the stubs
    """Changes a user's password. Its help text is lazy: Django's is in the language of the process, not of the reader."""

    usable_password_help_text = format_lazy(  # type: ignore[assignment]  # as lazy as its first half
        '{}<ul id="id_unusable_warning" class="messagelist"><li class="warning">{}</li></ul>',
        SetUnusablePasswordMixin.usable_password_help_text,
        _("If disabled, the current password for this user will be lost."),
    )


class OwnPasswordView(PasswordChangeView):
    form_class = OwnPassword
    title = _("Change password")

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"address": str(self.request.META.get("REMOTE_ADDR", ""))}

    def form_valid(self, form: Any) -> HttpResponse:
        before = valid_tokens(form.user).count()
        response = super().form_valid(form)
        messages.success(self.request, gettext("You stay logged in here; your sessions in other browsers have ended."))
        if sentence := about_tokens(form.user, before):
            messages.success(self.request, sentence)
        return response


def valid_tokens(user: User) -> "QuerySet[ApiToken]":
    """Return the tokens of a user that have not expired."""
    return ApiToken.objects.filter(user=user, expires__gt=timezone.now())


def about_tokens(user: User, before: int) -> str:
    """Return a sentence on how many tokens stayed valid or were revoked; empty where there were none before."""
    if not before:
        return ""
    if left := valid_tokens(user).count():
        sentence = ngettext(
            "%(number)s API token of %(user)s is still valid.", "%(number)s API tokens of %(user)s are still valid.", left
        )
    else:
        sentence = ngettext(
            "%(number)s API token of %(user)s was revoked.", "%(number)s API tokens of %(user)s were revoked.", before
        )
    return sentence % {"number": left or before, "user": user.get_username()}
