"""`manage.py createtoken`: a token of the API, for scripts."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from builds.access.token_models import DAYS, MOST_DAYS, make_token
from builds.management.people import user_named
from configs.management.base import EdroneCommand


class Command(EdroneCommand):
    help = "Make an API token for a user and print it. It is shown this once; revoke it in the administration."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username", metavar="USERNAME")
        parser.add_argument("--days", type=int, default=DAYS, help=f"how long it is valid; {DAYS} where nothing is said")
        parser.add_argument("--name", default="createtoken", help="what it is for, as the administration shows it")

    def handle(self, *_: Any, **options: Any) -> None:
        user = user_named(options["username"])
        if not 1 <= options["days"] <= MOST_DAYS:
            raise CommandError(f"--days must be from 1 to {MOST_DAYS}.")
        if not user.is_active:
            raise CommandError(f"{user} is not active, so a token could do nothing. Activate the user in the administration.")
        self.stdout.write(make_token(user, options["name"][:100], options["days"]).text)
