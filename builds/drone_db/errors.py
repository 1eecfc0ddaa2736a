"""Errors of Drone's database."""

from django.db import OperationalError

from texts.errors import EdroneError


class DroneDatabaseUnavailable(EdroneError, OperationalError):
    """Drone's database is not configured, does not answer, or lacks what edrone reads."""

    status = 503


class DroneDatabaseLacks(DroneDatabaseUnavailable):
    """It answers, but lacks a table or column, or does not let edrone's role read it."""


class DroneDatabaseIsReadOnly(EdroneError):
    """Code in edrone tried to write one of Drone's tables."""
