"""Refuses what an older Drone server cannot do: it would create a broken build, or answer 404."""

import re

from builds.starting.commands import BuildCommand
from builds.starting.models import Verb
from drone_api.client import Client
from drone_api.errors import DroneError
from texts.sentence import Sentence

NUMBER = re.compile(r"v?(\d+)\.(\d+)")
OPERATIONS, DECLINING = (2, 19), (2, 23)


def required_version(command: BuildCommand) -> tuple[int, int] | None:
    """Return the oldest Drone that supports a command; None where all do (docs/drone.md 4.3)."""
    if command.verb == Verb.CREATE and command.operation:
        return OPERATIONS
    return DECLINING if command.verb == Verb.DECLINE and command.stage is None else None


def refuse_old_drone(client: Client, command: BuildCommand) -> None:
    """Refuse what the server is too old for. A server that does not tell its version is asked nevertheless.

    Raises:
        DroneError: naming the version that is required.
    """
    least = required_version(command)
    if least is None:
        return
    try:
        version = NUMBER.match(client.version())
    except DroneError:
        return  # the call itself will fail too, and report why
    # Some servers say the version before theirs.
    if version is None or (int(version[1]), int(version[2]) + 1) >= least:
        return
    client.forget()  # it may be a newer one by the next time
    numbers = {"least": f"{least[0]}.{least[1]}", "version": version[0]}
    to_start = Sentence(
        "To start operations, you need Drone %(least)s or later. This server is Drone %(version)s, so nothing was done.",
        **numbers,
    )
    to_decline = Sentence(
        "To decline a whole build, you need Drone %(least)s or later. This server is Drone %(version)s, so nothing was done. "
        "Decline its stages one by one, or cancel it.",
        **numbers,
    )
    raise DroneError(
        to_start if least == OPERATIONS else to_decline,
        501,
        permanent=True,
    )
