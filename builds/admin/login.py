"""The administration's login, which slows down whoever guesses passwords."""

from typing import Any

from django.contrib.admin.forms import AdminAuthenticationForm
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from builds.throttle import LOGIN, LOGIN_FROM_AN_ADDRESS, Limit, failed, wait


class LoginForm(AdminAuthenticationForm):
    """Looks at no password while somebody has to wait: not even at the right one, which would tell."""

    def clean(self) -> dict[str, Any]:
        """Check that nobody has to wait; then the password."""
        counted = self.counted()
        if seconds := max(wait(limit, *who) for limit, *who in counted):
            raise ValidationError(
                _("Too many wrong passwords. Try again in %(minutes)s minutes."),
                code="throttled",
                params={"minutes": seconds // 60 + 1},
            )
        try:
            return super().clean()
        except ValidationError:
            for limit, *who in counted:
                failed(limit, *who)
            raise

    def counted(self) -> tuple[tuple[Limit, *tuple[str, ...]], ...]:
        """Say under what a failure is counted."""
        name = str(self.cleaned_data.get("username") or "").casefold()
        address = str(self.request.META.get("REMOTE_ADDR", "")) if self.request else ""
        return (LOGIN_FROM_AN_ADDRESS, name, address), (LOGIN, name)
