"""Checks that EDRONE_MANUAL_BUILDS_BY names the login of DRONE_TOKEN; otherwise Drone would create a broken build."""

from django.conf import settings

from builds.drone_db.models import Build
from builds.drone_server.version import learn_login
from builds.starting.commands import BuildCommand
from builds.starting.models import Verb
from drone_api.client import Client
from drone_api.errors import DroneError
from pipelines.events import MANUAL_EVENTS
from texts.sentence import Sentence

EVENTS = {Verb.CREATE: "custom", Verb.PROMOTE: "promote", Verb.ROLLBACK: "rollback"}


def refuse_unnamed_login(client: Client, command: BuildCommand, build: Build | None) -> None:
    """Refuse a command whose build edrone's own configuration endpoint would refuse.

    Raises:
        DroneError: with the login that must be named.
    """
    event = build.event if build and command.verb == Verb.RESTART else EVENTS.get(command.verb, "")
    if not settings.EDRONE_MANUAL_BUILDS_BY or event not in MANUAL_EVENTS:
        return
    try:
        login = client.login()
    except DroneError:
        return  # the call itself will fail too, and report why
    learn_login(login)
    if login in settings.EDRONE_MANUAL_BUILDS_BY:
        return
    client.forget()  # it may be renamed by the next time
    raise DroneError(
        Sentence(
            "EDRONE_MANUAL_BUILDS_BY does not name %(login)s, the login of DRONE_TOKEN, so edrone can start no builds by hand; "
            "nothing was done. Add it there, and restart edrone.",
            login=login,
        ),
        503,
        permanent=True,
    )
