"""What can go wrong while builds are read or started; each message is a whole sentence for the person who reads it."""

from django.db import OperationalError
from django.utils.translation import gettext

from texts.sentence import Sentence, told


class BuildsError(Exception):
    """The base. `status` is the HTTP status of the answer."""

    status = 500
    replayed = False  # told once more, to a repeat with the same Idempotency-Key
    wait = 0  # seconds after which it may be asked again; 0: nobody knows


class DroneDatabaseUnavailable(BuildsError, OperationalError):
    """Drone's database is not configured, does not answer, or is not what edrone can read."""

    status = 503


class DroneDatabaseIsReadOnly(BuildsError):
    """Code of edrone tried to write a table of Drone's."""


def said(error: Exception) -> str:
    """Give the message of an error in the reader's language; `str` gives it in English, as it is logged, kept and sent."""
    text = error.args[0] if error.args else ""
    return told(text, gettext) if isinstance(text, Sentence) or not text else gettext(text)
