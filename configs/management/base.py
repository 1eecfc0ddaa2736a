"""What all commands share: an error is one sentence on standard error, and exit code 1."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, ProgrammingError

from texts.characters import one_line
from texts.errors import EdroneError


class EdroneCommand(BaseCommand):
    requires_system_checks = ()  # a command needs only a part of the settings, and checks that part

    def execute(self, *args: Any, **options: Any) -> str | None:
        try:
            return super().execute(*args, **options)
        except EdroneError as error:
            raise CommandError(str(error)) from None
        except (OperationalError, ProgrammingError) as error:
            from configs.records.own_database import trouble  # noqa: PLC0415 - most commands ask no database

            raise CommandError(f"{trouble(error)} ({one_line(error)})") from error
