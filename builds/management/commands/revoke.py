"""`manage.py revoke`: takes grants away from a user or a group, for scripts."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from builds.access.models import Grant
from builds.management.people import holder_of
from configs.management.base import EdroneCommand


class Command(EdroneCommand):
    help = "Remove the grants that a user or a group has with a pattern, or all of them. What groups and Drone give stays."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("words", metavar="USERNAME PATTERN", nargs="*", help="the user, left out with --group; the pattern")
        parser.add_argument("--group", metavar="GROUP", help="a group, in place of a user")
        parser.add_argument("--all", action="store_true", help="remove all grants of the user or group, in place of a pattern")

    def handle(self, *_: Any, **options: Any) -> None:
        words = list(options["words"])
        user = None if options["group"] or not words else words.pop(0)
        holder = holder_of(user, options["group"])
        if len(words) != (0 if options["all"] else 1):
            raise CommandError("Name one pattern as the grant has it, such as 'shop/*', or add --all.")
        grants = Grant.objects.filter(**holder).select_related("user", "group")
        removed = list(grants if options["all"] else grants.filter(pattern=words[0]))
        if not removed:
            raise CommandError(f"{next(iter(holder.values()))} has no such grant{of(grants)}.")
        Grant.objects.filter(pk__in=[grant.pk for grant in removed]).delete()
        for grant in removed:
            self.stdout.write(f"removed: {grant}")


def of(grants: Any) -> str:
    """Say which patterns there are."""
    patterns = sorted(set(grants.values_list("pattern", flat=True)))
    return f", but for {', '.join(patterns)}" if patterns else ""
