"""How commands read lists of names."""

from django.core.management.base import CommandError

from builds.access.models import patterns_in


def list_of(names: list[str], argument: str) -> str:
    """Return names as the list that a grant or a freeze keeps.

    Raises:
        CommandError: the argument is given, and empty. A script's variable was, most likely; it does not mean all, or nothing.
    """
    text = ", ".join(names)
    if names and not patterns_in(text):
        raise CommandError(f"There is no name in {argument}: write one, or leave it out.")
    return text
