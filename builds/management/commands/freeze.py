"""`manage.py freeze`: keeps targets, operations or branches from being started, for scripts."""

from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError

from builds.drone_db.models import Repo
from builds.freezes.actions import checked, messages_of, store
from builds.freezes.local_time import NoSuchTime, moment
from builds.freezes.models import Freeze
from builds.freezes.unknown_names import unknown_names
from builds.management.names import list_of
from configs.management.base import EdroneCommand

ARGUMENTS = {
    "pattern": "PATTERN", "targets": "NAME", "branches": "--branch", "reason": "--reason", "begins": "--from", "ends": "--until",
    "username": "--by",
}  # fmt: skip


class Command(EdroneCommand):
    help = "Freeze targets, operations or branches of repositories: nothing that the freeze covers is started while it holds."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("pattern", metavar="PATTERN", help="*, namespace/* (with the namespaces in it) or namespace/name")
        parser.add_argument("targets", metavar="NAME", nargs="*", help="targets and operations, * for any characters")
        parser.add_argument(
            "--branch", action="append", default=[], metavar="NAME", help="also builds of a branch; a tag is refs/tags/NAME"
        )
        parser.add_argument("--reason", required=True, help="why; everybody who meets the freeze reads it")
        parser.add_argument("--from", dest="begins", metavar="TIME", help="such as 2026-12-24T18:00+01:00; left out: now")
        parser.add_argument("--until", dest="ends", metavar="TIME", help="likewise; left out: until it is lifted")
        parser.add_argument("--by", default="manage.py", metavar="NAME", help="who freezes")

    def handle(self, *_: Any, **options: Any) -> None:
        begins, ends = (time_of(options[name]) for name in ("begins", "ends"))
        freeze = Freeze(
            pattern=options["pattern"],
            targets=list_of(options["targets"], "NAME"),
            branches=list_of(options["branch"], "--branch"),
            reason=options["reason"],
            username=options["by"],
            ends=ends,
            **({"begins": begins} if begins else {}),
        )
        try:
            store(checked(freeze))
        except ValidationError as error:
            raise CommandError(messages_of(error, ARGUMENTS)) from None
        self.stdout.write(str(freeze))
        for note in unknown_names(freeze, Repo.objects.all):
            self.stderr.write(str(note))


def time_of(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return moment(text)
    except NoSuchTime:
        raise CommandError(f"{text!r} is no time with its zone: write one such as 2026-12-24T18:00+01:00.") from None
