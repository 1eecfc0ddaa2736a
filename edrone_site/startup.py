"""What stops edrone from starting, said in one line."""

from collections.abc import Sequence

from django.core.checks import ERROR, CheckMessage, run_checks
from django.core.exceptions import ImproperlyConfigured


def refuse_what_cannot_work() -> Sequence[str]:
    """Run Django's system checks (those that need no database).

    Returns:
        The warnings, each a line.

    Raises:
        ImproperlyConfigured: one line with each error, its id and what to do.
    """
    messages = run_checks()
    if errors := [message for message in messages if message.level >= ERROR]:
        raise ImproperlyConfigured(" ".join(map(line, errors)))
    return [line(message) for message in messages]


def line(message: CheckMessage) -> str:
    """Write a message with its id and its hint."""
    return f"({message.id}) {message.msg} {message.hint or ''}".strip()
