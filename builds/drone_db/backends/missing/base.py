"""A backend on which every use raises that Drone's database is not configured."""

from typing import Any, NoReturn

from django.db.backends.dummy import base
from django.utils.translation import gettext_noop

from builds.drone_db.errors import DroneDatabaseUnavailable

SENTENCE = gettext_noop("edrone is not connected to Drone's database: set DRONE_DATABASE_URL to see builds.")


def refuse(*_: Any, **__: Any) -> NoReturn:
    raise DroneDatabaseUnavailable(SENTENCE)


class DatabaseOperations(base.DatabaseOperations):
    quote_name = refuse


class DatabaseWrapper(base.DatabaseWrapper):
    vendor = "missing"
    display_name = "no database"
    ops_class = DatabaseOperations
    ensure_connection = cursor = _cursor = set_autocommit = refuse
