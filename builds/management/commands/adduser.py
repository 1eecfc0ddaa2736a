"""`manage.py adduser`: a user without any rights, to be given some with `grant`."""

import getpass
import sys
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError

from builds.access.user_names import refuse_user_name
from builds.management.people import group_named
from configs.management.base import EdroneCommand


class Command(EdroneCommand):
    help = "Make a user, who may see nothing until you grant something. Asks for a password."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username", metavar="USERNAME")
        parser.add_argument(
            "--group", action="append", default=[], metavar="GROUP", help="a group to add the user to; repeatable"
        )
        ways = parser.add_mutually_exclusive_group()
        ways.add_argument("--no-password", action="store_true", help="the user has API tokens only, or signs in elsewhere")
        ways.add_argument("--password-stdin", action="store_true", help="read the password from standard input, one line")

    def handle(self, *_: Any, **options: Any) -> None:
        user = new_user(options["username"])
        groups = [group_named(name) for name in options["group"]]
        if options["no_password"]:
            user.set_unusable_password()
        else:
            user.set_password(
                checked(sys.stdin.readline().rstrip("\r\n") if options["password_stdin"] else typed_password(), user)
            )
        user.save()
        user.groups.set(groups)
        self.stdout.write(f"{user.username} is made, and may see nothing yet: see `manage.py grant`.")


def new_user(name: str) -> User:
    """Return the user to save.

    Raises:
        CommandError: Django, or the name of somebody else, does not allow this name.
    """
    user = User(username=User.normalize_username(name), is_staff=True)
    try:
        user.clean_fields(exclude=["password"])
    except ValidationError as error:
        raise CommandError(f"{name!a} cannot be a user name: {' '.join(error.messages)}") from None
    try:
        refuse_user_name(name)
    except ValidationError as error:
        raise CommandError(f"{name!a} cannot be added. {' '.join(error.messages)}") from None
    return user


def typed_password() -> str:
    """Ask the terminal for a password, twice."""
    try:
        password = getpass.getpass("Password: ")
        if getpass.getpass("Password (again): ") != password:
            raise CommandError("The passwords differ; nothing was done.")
    except EOFError:
        raise CommandError("There is no terminal to ask: add --password-stdin or --no-password.") from None
    return password


def checked(password: str, user: User) -> str:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise CommandError(" ".join(error.messages)) from None
    return password
