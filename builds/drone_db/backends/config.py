"""The entry of Django's DATABASES for Drone's database. No models here: the settings import it."""

import os
from typing import Any
from urllib.parse import quote

from configs.database.postgresql.deadline import SECONDS_OF_A_STATEMENT, SECONDS_TO_CONNECT

SECONDS_TO_WAIT = 2  # while Drone writes its SQLite file; a thread is held
SECONDS_KEPT = 60  # of SQLite, for the next request of the thread
# A host that vanished without a word is noticed after some 11 seconds.
KEEPALIVES = {"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3, "tcp_user_timeout": 11_000}


def read_only(database: dict[str, Any] | None) -> dict[str, Any]:
    """Return an entry of DATABASES that can only read; None stands for a database that is not configured."""
    if database is None:
        return {"ENGINE": "builds.drone_db.backends.missing"}
    if database["ENGINE"].endswith("sqlite3"):
        # mode=ro: a missing file is not created.
        return {
            "ENGINE": "builds.drone_db.backends.sqlite3",
            "NAME": f"file:{quote(os.path.abspath(database['NAME']))}?mode=ro",
            # Every thread that people have asked may keep one: 1 MB of pages each, not 2; the system keeps the file's anyway.
            "OPTIONS": {"timeout": SECONDS_TO_WAIT, "init_command": "PRAGMA cache_size=-1000"},
            "CONN_MAX_AGE": SECONDS_KEPT,
            "CONN_HEALTH_CHECKS": True,
        }
    options = {"connect_timeout": SECONDS_TO_CONNECT, **KEEPALIVES, **database.get("OPTIONS", {})}
    guards = f"-c default_transaction_read_only=on -c statement_timeout={SECONDS_OF_A_STATEMENT}s"
    options["options"] = f"{options.get('options', '')} {guards}".strip()
    return database | {
        "ENGINE": "builds.drone_db.backends.postgresql",
        "OPTIONS": options,
        "DISABLE_SERVER_SIDE_CURSORS": True,
    }
