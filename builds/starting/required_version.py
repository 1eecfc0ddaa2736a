"""What older Drone servers cannot do, said before they are asked: they would make a broken build of it, or answer 404."""

import re

from builds.starting.commands import Wish
from builds.starting.models import Verb
from drone_api.client import Client
from drone_api.errors import DroneError
from texts.sentence import Sentence

NUMBER = re.compile(r"v?(\d+)\.(\d+)")
OPERATIONS, DECLINING = (2, 19), (2, 23)


def needed(wish: Wish) -> tuple[int, int] | None:
    """Say which Drone a wish needs; None: any (docs/drone.md 4.3)."""
    if wish.verb == Verb.CREATE and wish.operation:
        return OPERATIONS
    return DECLINING if wish.verb == Verb.DECLINE and wish.stage is None else None


def refuse_old(client: Client, wish: Wish) -> None:
    """Refuse what the server is too old for; where it does not say how old it is, it is asked as any.

    Raises:
        DroneError: with the version that is needed.
    """
    least = needed(wish)
    if least is None:
        return
    try:
        found = NUMBER.match(client.version())
    except DroneError:
        return  # so will the call itself, and say why
    # Some servers say the version before theirs.
    if found is None or (int(found[1]), int(found[2]) + 1) >= least:
        return
    client.forget()  # it may be a newer one by the next time
    what = Sentence("To start operations, you need") if least == OPERATIONS else Sentence("To decline a whole build, you need")
    old = Sentence(
        "%(what)s Drone %(least)s or later. This server is Drone %(version)s, so nothing was done.",
        what=what,
        least=f"{least[0]}.{least[1]}",
        version=found[0],
    )
    raise DroneError(old, 501, permanent=True)
