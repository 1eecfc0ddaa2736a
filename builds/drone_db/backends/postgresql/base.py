"""edrone's PostgreSQL backend with one error for every failure."""

from functools import cached_property

from builds.drone_db.backends.failures import OneFailure
from configs.database.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    """What is read-only about it is in the options of the connection (builds/drone_db/backends/config.py)."""

    @cached_property
    def wrap_database_errors(self) -> OneFailure:
        return OneFailure(self)
