"""`manage.py grant`: lets a user see or start builds of repositories, for scripts."""

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError

from builds.access.models import Grant, Level
from builds.management.people import user_named
from configs.management.base import EdroneCommand


class Command(EdroneCommand):
    help = "Let a user see (view), start (run) or deploy the builds of repositories. Each level includes those before it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username", metavar="USERNAME")
        parser.add_argument("pattern", metavar="PATTERN", help="*, namespace/* (with the namespaces in it) or namespace/name")
        parser.add_argument("level", metavar="LEVEL", choices=[level.label for level in Level], help="view, run or deploy")
        parser.add_argument(
            "--only", nargs="+", default=[], metavar="NAME", help="operations and targets, * for any characters; else all"
        )

    def handle(self, *_: Any, **options: Any) -> None:
        level = next(level for level in Level if level.label == options["level"])
        grant = Grant(
            user=user_named(options["username"]), pattern=options["pattern"], level=level, only=", ".join(options["only"])
        )
        try:
            grant.clean_fields()
            grant.clean()
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        grant, made = Grant.objects.get_or_create(user=grant.user, pattern=grant.pattern, level=level, only=grant.only)
        self.stdout.write(f"{grant}" if made else f"{grant} (was there)")
