"""The login form of the administration, which limits wrong passwords."""

from typing import Any

from django.contrib.admin.forms import AdminAuthenticationForm

from builds.access.throttle import login_limits, refusal, take_back


class LoginForm(AdminAuthenticationForm):
    """Checks no password while the user has to wait, not even the right one: that would tell which one is right."""

    def clean(self) -> dict[str, Any]:
        address = str(self.request.META.get("REMOTE_ADDR", "")) if self.request else ""
        limits = login_limits(str(self.cleaned_data.get("username") or ""), address)
        if refused := refusal(*limits):
            raise refused
        cleaned = super().clean()
        take_back(*limits)
        return cleaned
