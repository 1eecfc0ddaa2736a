"""How commands find the user or the group that they name."""

from typing import Any

from django.contrib.auth.models import Group, User
from django.core.management.base import CommandError

from builds.access.user_names import made_by_signing_in, provider_in
from texts.suggestions import nearest


def user_named(name: str) -> User:
    """Return the user of this name; raise CommandError with the nearest name if there is none."""
    user = User.objects.filter(username=name).first() if "\0" not in name else None
    if user:
        return user
    near = nearest(name, User.objects.values_list("username", flat=True).iterator())
    if provider := provider_in(name):
        suggestion = f"; did you mean {near}?" if near else "."
        raise CommandError(f"There is no user {name}{suggestion} {made_by_signing_in(provider)} After that, run this again.")
    hint = f"did you mean {near}?" if near else "make one with `manage.py adduser`."
    raise CommandError(f"There is no user {name}; {hint}")


def group_named(name: str) -> Group:
    """Return the group of this name; raise CommandError with the nearest name if there is none."""
    group = Group.objects.filter(name=name).first() if "\0" not in name else None
    if group:
        return group
    near = nearest(name, Group.objects.values_list("name", flat=True).iterator())
    hint = f"did you mean {near}?" if near else "make one in the administration, under Groups."
    raise CommandError(f"There is no group {name}; {hint}")


def holder_of(user: str | None, group: str | None) -> dict[str, Any]:
    """Return whom a grant is for, as fields of Grant."""
    if bool(user) == bool(group):
        raise CommandError("Name a user, or a group with --group.")
    return {"group": group_named(group)} if group else {"user": user_named(str(user))}
