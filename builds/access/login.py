"""The login form of the administration, which limits wrong passwords, and the end of a session."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import user_logged_in
from django.contrib.auth.forms import AuthenticationForm, UsernameField
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.dispatch import receiver
from django.forms import TextInput
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from builds.access.throttle import log, trying_password
from configs.records.own_database import delete_some


class ShortUsername(UsernameField):
    """Shows no more of what was sent than its maximum: anybody may send a megabyte."""

    def bound_data(self, data: Any, initial: Any) -> Any:
        shown = super().bound_data(data, initial)
        return shown[: self.max_length] if isinstance(shown, str) else shown


class LoginForm(AuthenticationForm):
    """Checks no password while the user has to wait, not even the right one: that would tell which one is right."""

    username = ShortUsername(widget=TextInput(attrs={"autofocus": True}))  # the rest as Django's

    def clean(self) -> dict[str, Any]:
        if not settings.EDRONE_PASSWORDS:
            raise ValidationError(_("edrone takes no passwords here: sign in with a provider."))
        address = str(self.request.META.get("REMOTE_ADDR", "")) if self.request else ""
        username = str(self.cleaned_data.get("username") or "")
        if not (username and self.cleaned_data.get("password")):
            return super().clean()  # nothing is tried: to count it would cost anybody who sends it less than edrone
        with trying_password(username, address):
            data = super().clean()
        if self.get_user():
            log("right", username, address)
        return data


@receiver(user_logged_in)
def set_end(request: HttpRequest, **_: Any) -> None:
    """Let a session end at a time, not so long after it was last written to: whoever has stolen one could keep it for ever."""
    request.session.set_expiry(timezone.now() + timedelta(seconds=settings.SESSION_COOKIE_AGE))
    forget_ended_sessions()


def forget_ended_sessions() -> None:
    """Delete some of the sessions that have ended; called where one begins, it keeps up."""
    delete_some(Session.objects.filter(expire_date__lt=timezone.now()).order_by("expire_date"))
