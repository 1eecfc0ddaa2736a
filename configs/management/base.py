"""What all commands share: an error is one sentence on standard error, and exit code 1."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from texts.errors import EdroneError


class EdroneCommand(BaseCommand):
    requires_system_checks = ()  # a command needs only a part of the settings, and checks that part

    def execute(self, *args: Any, **options: Any) -> str | None:
        try:
            return super().execute(*args, **options)
        except EdroneError as error:
            raise CommandError(str(error)) from None
