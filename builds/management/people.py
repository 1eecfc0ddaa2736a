"""How commands find the user that they name."""

from django.contrib.auth.models import User
from django.core.management.base import CommandError

from texts.suggestions import nearest


def user_named(name: str) -> User:
    """Return the user of this name; raise CommandError with the nearest name if there is none."""
    user = User.objects.filter(username=name).first() if "\0" not in name else None
    if user:
        return user
    near = nearest(name, User.objects.values_list("username", flat=True).iterator())
    hint = f"did you mean {near}?" if near else "make one in the administration, under Users."
    raise CommandError(f"There is no user {name}; {hint}")
