"""Does EDRONE_MANUAL_BUILDS_BY let edrone itself start builds? Said before Drone makes a broken one."""

from django.conf import settings

from builds.drone_db.models import Build
from builds.starting.commands import Wish
from builds.starting.models import Verb
from drone_api.client import Client
from drone_api.errors import DroneError
from pipelines.events import MANUAL_EVENTS
from texts.sentence import Sentence

EVENTS = {Verb.CREATE: "custom", Verb.PROMOTE: "promote", Verb.ROLLBACK: "rollback"}


def refuse_unnamed(client: Client, wish: Wish, build: Build | None) -> None:
    """Refuse what edrone's own configuration endpoint would refuse; where Drone does not say whose token it is, it is asked.

    Raises:
        DroneError: with the login that must be named.
    """
    event = build.event if build and wish.verb == Verb.RESTART else EVENTS.get(wish.verb, "")
    if not settings.EDRONE_MANUAL_BUILDS_BY or event not in MANUAL_EVENTS:
        return
    try:
        login = client.login()
    except DroneError:
        return  # so will the call itself, and say why
    if login in settings.EDRONE_MANUAL_BUILDS_BY:
        return
    client.forget()  # it may be renamed by the next time
    unnamed = Sentence(
        "EDRONE_MANUAL_BUILDS_BY does not name %(login)s, the login of DRONE_TOKEN, so edrone can start no builds by hand; "
        "nothing was done. Add it there, and restart edrone.",
        login=login,
    )
    raise DroneError(unnamed, 503, permanent=True)
