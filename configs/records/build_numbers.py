"""Which build is meant by a number? A record has none before somebody asks about its build once more, as most never do.

Drone's table of builds knows all numbers. This app does not: who reads that table registers here how to look a number up.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress

from django.db import DatabaseError

from configs.records.identity import BuildKey
from configs.records.rules import bind_all

Finder = Callable[[int, str], Sequence[BuildKey]]  # of a number and a repository's full name, empty for all repositories
finders: list[Finder] = []


def bind_number(number: int, slug: str = "") -> None:
    """Bind the records of builds with this number to them, as far as Drone's table is there and can be read."""
    with suppress(DatabaseError):
        bind_all(keys_of(number, slug))


def keys_of(number: int, slug: str = "") -> list[BuildKey]:
    """Give the builds with this number that Drone's table has now; none where it is not there or cannot be read."""
    found: list[BuildKey] = []
    for find in finders:
        with suppress(DatabaseError):
            found += find(number, slug)
    return found
