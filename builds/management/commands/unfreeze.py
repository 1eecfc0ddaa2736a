"""`manage.py unfreeze`: lifts a freeze, for scripts."""

from argparse import ArgumentParser
from datetime import UTC
from typing import Any

from django.core.management.base import CommandError

from builds.freezes.actions import lifted
from builds.freezes.models import Freeze
from builds.freezes.reading import not_over
from configs.management.base import EdroneCommand


class Command(EdroneCommand):
    help = "Lift a freeze, by the number that `freeze` printed; without one, list those that hold or are planned."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("number", metavar="NUMBER", type=int, nargs="?")
        parser.add_argument("--by", default="manage.py", metavar="NAME", help="who lifts it")

    def handle(self, *_: Any, **options: Any) -> None:
        if options["number"] is None:
            for current in not_over():
                self.stdout.write(line(current))
            return
        freeze = Freeze.objects.filter(pk=options["number"]).first() if 0 < options["number"] < 2**63 else None
        if freeze is None:
            raise CommandError(f"There is no freeze {options['number']}; `unfreeze` without a number lists them.")
        self.stdout.write(f"lifted: {freeze}" if lifted(freeze, options["by"]) else f"{freeze} was over already")


def line(freeze: Freeze) -> str:
    """Return a freeze with all that tells it from others of the same names."""
    begins, ends = (
        f"{time.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if time else "it is lifted" for time in (freeze.begins, freeze.ends)
    )
    return f"{freeze} · {begins} until {ends} · {freeze.username}: {freeze.reason}"
