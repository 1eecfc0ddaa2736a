"""System checks as one line, for the start of the server."""

from collections.abc import Sequence

from django.core.checks import ERROR, CheckMessage, run_checks
from django.core.exceptions import ImproperlyConfigured


def run_startup_checks() -> Sequence[str]:
    """Run Django's system checks (those that need no database).

    Returns:
        One line for each warning.

    Raises:
        ImproperlyConfigured: one line with every error, its id and what to do.
    """
    messages = run_checks()
    if errors := [message for message in messages if message.level >= ERROR]:
        raise ImproperlyConfigured(" ".join(map(line, errors)))
    return [line(message) for message in messages]


def line(message: CheckMessage) -> str:
    return f"({message.id}) {message.msg} {message.hint or ''}".strip()
