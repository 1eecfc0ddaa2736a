"""`manage.py createsuperuser`: Django's, which refuses the names that `adduser` refuses."""

from django.contrib.auth.management.commands.createsuperuser import Command as DjangoCommand
from django.core.exceptions import ValidationError

from builds.access.user_names import refuse_user_name


class Command(DjangoCommand):
    def _validate_username(self, username: str, verbose_field_name: str, database: str) -> str | None:
        """Return what is wrong with a name, also with one that was typed: Django asks this before it makes the user."""
        if error := super()._validate_username(username, verbose_field_name, database):  # type: ignore[misc]  # not in the stubs
            return str(error)
        try:
            refuse_user_name(username)
        except ValidationError as refusal:
            return " ".join(refusal.messages)
        return None
