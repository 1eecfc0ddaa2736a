"""Which repositories may a reader see? Grants say so. This app has none: who has them registers here how they are asked."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet

Row = TypeVar("Row", bound=Model)
Condition = Callable[[Any], Q | None]  # of a user: which rows, by their `slug`; None: all
conditions: list[Condition] = []


def narrow(rows: QuerySet[Row], user: Any) -> QuerySet[Row]:
    """Take the rows of repositories that a user may see."""
    for condition in conditions:
        if (seen := condition(user)) is not None:
            rows = rows.filter(seen)
    return rows
