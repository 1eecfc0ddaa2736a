"""The administration's login, which slows down whoever guesses passwords."""

from typing import Any

from django.contrib.admin.forms import AdminAuthenticationForm

from builds.access.throttle import give_back, of_a_login, refusal


class LoginForm(AdminAuthenticationForm):
    """Looks at no password while somebody has to wait: not even at the right one, which would tell."""

    def clean(self) -> dict[str, Any]:
        """Count the try, then look at the password; a right one is not counted."""
        address = str(self.request.META.get("REMOTE_ADDR", "")) if self.request else ""
        limits = of_a_login(str(self.cleaned_data.get("username") or ""), address)
        if refused := refusal(*limits):
            raise refused
        cleaned = super().clean()
        give_back(*limits)
        return cleaned
