"""The login form of the administration, which limits wrong passwords."""

from typing import Any

from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.forms import UsernameField
from django.forms import TextInput

from builds.access.throttle import login_limits, refusal, take_back


class ShortUsername(UsernameField):
    """Shows no more of what was sent than its maximum: anybody may send a megabyte."""

    def bound_data(self, data: Any, initial: Any) -> Any:
        shown = super().bound_data(data, initial)
        return shown[: self.max_length] if isinstance(shown, str) else shown


class LoginForm(AdminAuthenticationForm):
    """Checks no password while the user has to wait, not even the right one: that would tell which one is right."""

    username = ShortUsername(widget=TextInput(attrs={"autofocus": True}))  # the rest as Django's

    def clean(self) -> dict[str, Any]:
        address = str(self.request.META.get("REMOTE_ADDR", "")) if self.request else ""
        limits = login_limits(str(self.cleaned_data.get("username") or ""), address)
        if refused := refusal(*limits):
            raise refused
        cleaned = super().clean()
        take_back(*limits)
        return cleaned
