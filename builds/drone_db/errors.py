"""What can go wrong with Drone's database."""

from django.db import OperationalError

from texts.errors import EdroneError


class DroneDatabaseUnavailable(EdroneError, OperationalError):
    """Drone's database is not configured, does not answer, or is not what edrone can read."""

    status = 503


class DroneDatabaseIsReadOnly(EdroneError):
    """Code of edrone tried to write a table of Drone's."""
