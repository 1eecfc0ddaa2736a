"""Every failure of Drone's database becomes DroneDatabaseUnavailable, wherever a query happens to be made."""

import logging
from types import TracebackType

from django.db import DatabaseError, Error, OperationalError
from django.db.utils import DatabaseErrorWrapper
from django.utils.translation import gettext_noop

from builds.drone_db.errors import DroneDatabaseLacks, DroneDatabaseUnavailable
from configs.database.postgresql.pool import AllInUse
from texts.characters import one_line

logger = logging.getLogger(__name__)
GONE = gettext_noop("Drone's database (DRONE_DATABASE_URL) does not answer. See edrone's log for the reason.")
SLOW = gettext_noop("Drone's database took too long to answer. Narrow the search, or try again later.")
BUSY = gettext_noop("edrone is busy: all of its connections to Drone's database are in use. Try again in a moment.")
OTHER = gettext_noop("edrone cannot use Drone's database. Run `manage.py checkdrone` to see what is missing.")
UNREADABLE = gettext_noop(
    "A text in Drone's database, or one that was searched for, does not fit the database's encoding, which should be UTF-8. "
    "See edrone's log for the reason."
)
SENTENCES = {  # by the five characters by which PostgreSQL names an error
    "57014": SLOW,  # query canceled
    "42501": OTHER,  # insufficient privilege
    "42P01": OTHER,  # undefined table
    "42703": OTHER,  # undefined column
    "3F000": OTHER,  # invalid schema
    "22021": UNREADABLE,  # character not in repertoire
    "22P05": UNREADABLE,  # untranslatable character
}


class OneFailure(DatabaseErrorWrapper):
    """Translates errors as Django does, then into DroneDatabaseUnavailable."""

    def __exit__(
        self, exc_type: type[BaseException] | None, exc_value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Raise DroneDatabaseUnavailable in place of what says that the database cannot be read."""
        try:
            super().__exit__(exc_type, exc_value, traceback)
        except Error as error:
            if sentence := sentence_for(error, getattr(exc_value, "pgcode", None)):
                # What the database says may name hosts and users: it is for the log only.
                logger.warning("Drone's database: %s", one_line(error))
                raise (DroneDatabaseLacks if sentence == OTHER else DroneDatabaseUnavailable)(sentence) from error
            raise


def sentence_for(error: Error, code: str | None) -> str | None:
    """Return the sentence for a failure; None where the fault is edrone's own.

    Args:
        error: what Django made of it.
        code: of SENTENCES, where it is PostgreSQL's.
    """
    if "readonly database" in str(error):  # SQLite's word; PostgreSQL's is no OperationalError
        return None
    if isinstance(error.__cause__, AllInUse):
        return BUSY
    if code in SENTENCES:
        return SENTENCES[code]
    if isinstance(error, OperationalError) and str(error).startswith("no such "):
        return OTHER
    if isinstance(error, DatabaseError) and type(error) not in {OperationalError, DatabaseError}:
        return None
    return GONE
