"""Every use says that Drone's database is not configured."""

from typing import Any, NoReturn

from django.db.backends.dummy import base
from django.utils.translation import gettext_noop

from builds.errors import DroneDatabaseUnavailable

SENTENCE = gettext_noop("edrone is not connected to Drone's database: set DRONE_DATABASE_URL to see builds.")


class DatabaseWrapper(base.DatabaseWrapper):
    """Refuses before anything is looked for."""

    vendor = "missing"
    display_name = "no database"

    def refuse(self, *_: Any, **__: Any) -> NoReturn:
        """Say what to set."""
        raise DroneDatabaseUnavailable(SENTENCE)

    ensure_connection = cursor = _cursor = set_autocommit = refuse
