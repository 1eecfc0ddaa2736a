"""Whether somebody may see anything at all. Everybody on the forge can sign in; most of them are nobody here."""

from typing import Any

from builds.access.rules import grants_of, has_rights
from builds.drone_db.errors import DroneDatabaseUnavailable


def entitled(user: Any) -> bool:
    """Return whether an active user has a grant, or a permission of Django's.

    Raises:
        DroneDatabaseUnavailable: only what Drone says may give them something, and nobody can tell.
    """
    if not user.is_active:
        return False
    try:
        return has_rights(user) or bool(user.get_all_permissions())
    except DroneDatabaseUnavailable:
        if grants_of(user) or user.get_all_permissions():
            return True
        raise
