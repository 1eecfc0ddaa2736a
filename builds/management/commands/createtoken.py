"""`manage.py createtoken`: a token of the API, for scripts."""

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError

from builds.access.drone_rights import drone_rights
from builds.access.models import Level, refuse_pattern
from builds.access.token_models import DAYS, MOST_DAYS, make_token
from builds.freezes.access import seen_by
from builds.management.people import user_named
from configs.management.base import EdroneCommand


class Command(EdroneCommand):
    help = "Make an API token for a user and print it. It is shown this once; revoke it in the administration."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username", metavar="USERNAME")
        parser.add_argument("--days", type=int, default=DAYS, help=f"how long it is valid; {DAYS} where nothing is said")
        parser.add_argument("--name", default="createtoken", help="what it is for, as the administration shows it")
        parser.add_argument("--level", choices=[level.label for level in Level], help="at most this; view is for reading only")
        parser.add_argument("--pattern", help="only these repositories: namespace/* or namespace/name")
        parser.add_argument("--ends-with-password", action="store_true", help="a new password of the user revokes it")
        parser.add_argument("--ends-with-rights", action="store_true", help="it ends when the user may see nothing any more")

    def handle(self, *_: Any, **options: Any) -> None:
        user = user_named(options["username"])
        if not 1 <= options["days"] <= MOST_DAYS:
            raise CommandError(f"--days must be from 1 to {MOST_DAYS}.")
        if not user.is_active:
            raise CommandError(f"{user} is not active, so a token could do nothing. Activate the user in the administration.")
        limits = {name: options[name] for name in ("ends_with_password", "ends_with_rights")}
        pattern = options["pattern"] or ""
        level = next((level for level in Level if level.label == options["level"]), None)
        try:
            if options["pattern"] is not None:
                refuse_pattern(options["pattern"])
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        token = make_token(user, options["name"][:100], options["days"], level=level, pattern=pattern, **limits)
        user.edrone_token = token  # type: ignore[attr-defined]  # builds/access/rules.py narrows by it
        if not seen_by(user) and not drone_rights(user).unknown:
            where = f" of {pattern}" if pattern else ""
            self.stderr.write(
                f"{user} may not see any repository{where} yet, so this token shows nothing: manage.py grant {user} …"
            )
        self.stdout.write(token.text)
