"""`manage.py askaddresses`: what `helm test` runs, beside `askconfig`."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from configs.client.addresses import check_addresses
from configs.management.arguments import url_of
from configs.management.base import EdroneCommand


class Command(EdroneCommand):
    help = "Ask each address of a running edrone that a Drone server needs, and its health, whether edrone answers there."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--url", default=settings.EDRONE_ADDRESS, help="edrone's address without a path; default: %(default)s"
        )

    def handle(self, *_: Any, **options: Any) -> None:
        checks = list(check_addresses(url_of(options["url"]).rstrip("/")))
        for check in checks:
            self.stdout.write(f"{'ok' if check.is_right else 'WRONG'}  {check.url}  {check.words}")
        if wrong := sum(not check.is_right for check in checks):
            raise CommandError(f"{wrong} of {len(checks)} answers are not those of a healthy edrone.")
