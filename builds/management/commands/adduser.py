"""`manage.py adduser`: a user without any rights, to be given some with `grant`."""

import getpass
import sys
import warnings
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError

from builds.access.rules import has_rights
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
            user.set_password(checked(password_read(piped=options["password_stdin"]), user))
        user.save()
        user.groups.set(groups)
        rights = "" if has_rights(user) else ", and may see nothing yet: see `manage.py grant`"
        self.stdout.write(f"{user.username} is made{rights}.")


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


def password_read(*, piped: bool) -> str:
    """Read a password from standard input, or ask for it."""
    try:
        password = sys.stdin.readline().rstrip("\r\n") if piped else typed_password()
        password.encode()  # bytes that are no text come as surrogates
    except UnicodeError:
        raise CommandError("The password is not UTF-8; nothing was done.") from None
    return password


def typed_password() -> str:
    """Ask the terminal for a password, twice."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", getpass.GetPassWarning)  # without a terminal it would read and show what is piped
            password = getpass.getpass("Password: ")
            if getpass.getpass("Password (again): ") != password:
                raise CommandError("The passwords differ; nothing was done.")
    except (EOFError, getpass.GetPassWarning):
        raise CommandError("There is no terminal to ask: add --password-stdin or --no-password.") from None
    return password


def checked(password: str, user: User) -> str:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise CommandError(" ".join(error.messages)) from None
    return password
