"""`manage.py grant`: lets a user or a group see or start builds of repositories, for scripts."""

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError

from builds.access.models import Grant, Level
from builds.management.names import list_of
from builds.management.people import holder_of
from configs.management.base import EdroneCommand


class Command(EdroneCommand):
    help = (
        "Let a user, or all users of a group, see (view), start (run) or deploy the builds of repositories. "
        "Each level includes those before it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username", metavar="USERNAME", nargs="?", help="the user; left out with --group")
        parser.add_argument("--group", metavar="GROUP", help="a group, in place of a user")
        parser.add_argument("pattern", metavar="PATTERN", help="*, namespace/* (with the namespaces in it) or namespace/name")
        parser.add_argument("level", metavar="LEVEL", choices=[level.label for level in Level], help="view, run or deploy")
        parser.add_argument(
            "--only", nargs="+", default=[], metavar="NAME", help="operations and targets, * for any characters; else all"
        )

    def handle(self, *_: Any, **options: Any) -> None:
        level = next(level for level in Level if level.label == options["level"])
        holder = holder_of(options["username"], options["group"])
        grant = Grant(**holder, pattern=options["pattern"], level=level, only=list_of(options["only"], "--only"))
        try:
            grant.clean_fields()
            grant.clean()
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        grant, is_new = Grant.objects.get_or_create(**holder, pattern=grant.pattern, level=level, only=grant.only)
        self.stdout.write(f"{grant}" if is_new else f"{grant} (was there)")
