"""`manage.py changepassword`: Django's, which also says what becomes of the user's API tokens."""

import getpass
from typing import Any

from django.contrib.auth.management.commands.changepassword import Command as DjangoCommand
from django.contrib.auth.models import User
from django.core.management.base import CommandParser

from builds.access.passwords import about_tokens, valid_tokens
from builds.access.token_models import ApiToken

HINT = "Revoke them in the administration, under API tokens, or repeat this command with --revoke-tokens."


class Command(DjangoCommand):
    help = "Change a user's password. API tokens stay valid unless you add --revoke-tokens."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--revoke-tokens", action="store_true", help="also revoke all API tokens of the user")

    def handle(self, *args: Any, **options: Any) -> str:
        done = super().handle(*args, **options)
        user = User.objects.get(username=options["username"] or getpass.getuser())
        before = valid_tokens(user).count()
        if options["revoke_tokens"]:
            ApiToken.objects.filter(user=user).delete()
        hint = HINT if before and not options["revoke_tokens"] else ""
        return "\n".join(filter(None, [done, about_tokens(user, before), hint]))
