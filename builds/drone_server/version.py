"""Asks Drone for its version and for the login of DRONE_TOKEN, in a thread of its own: no request waits for the answers."""

import logging
import re
import threading
import time

from django.conf import settings

from builds.drone_server.client import client_of
from configs.endpoint.drone_server import known
from drone_api.client import Client
from drone_api.errors import DroneError

SHOWS_STAGE_ERRORS = (2, 28, 1)  # as 2.28.2 calls itself too (docs/drone.md 1.6, 4.1)
NAMES_PARENT = (2, 28)  # 1.10.1 does not; between them nobody looked
NUMBER = re.compile(r"v?(\d+)\.(\d+)\.(\d+)")
AGAIN, SOON, FIRST = 300.0, 60.0, 3.0  # seconds until it is asked again; where it did not answer; where it never has

logger = logging.getLogger(__name__)


def begin() -> None:
    """Start the thread, if DRONE_SERVER is set."""
    if settings.DRONE_SERVER:
        threading.Thread(target=keep_asking, name="acquaintance", daemon=True).start()


def keep_asking() -> None:
    """Ask every few minutes: Drone may be started after edrone, and be upgraded."""
    client = client_of(settings.DRONE_SERVER, settings.DRONE_TOKEN, settings.DRONE_CA_FILE)
    missed, problem = FIRST, ""
    while True:
        try:
            ask(client)
        except DroneError as error:  # what was known stays
            if str(error) != problem:
                problem = str(error)
                logger.warning("edrone cannot use Drone's API: %s", problem)
            time.sleep(SOON if error.permanent else missed)
        else:
            missed, problem = SOON, ""
            time.sleep(AGAIN)


def ask(client: Client) -> None:
    """Ask the server, and keep the answers for the configuration endpoint.

    Raises:
        DroneError: there is no answer, or none of Drone's.
    """
    client.forget()
    number = NUMBER.match(client.version())
    version = tuple(map(int, number.groups())) if number else (0,)
    known.shows_stage_errors, known.names_parent = version >= SHOWS_STAGE_ERRORS, version >= NAMES_PARENT
    if settings.DRONE_TOKEN:
        learn_login(client.login())


def learn_login(login: str) -> None:
    """Keep the login of DRONE_TOKEN for the configuration endpoint and access rules, from whichever call has told it."""
    before, known.login = known.login, login
    if settings.EDRONE_MANUAL_BUILDS_BY and login != before and login not in settings.EDRONE_MANUAL_BUILDS_BY:
        logger.warning(
            "EDRONE_MANUAL_BUILDS_BY does not name %s, the login of DRONE_TOKEN: no custom build, promotion or rollback "
            "can be started at edrone. Add it, and restart edrone.",
            login,
        )
