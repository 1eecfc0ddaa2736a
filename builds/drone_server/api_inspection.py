"""Inspects Drone's API: whether edrone reaches it, and what DRONE_TOKEN is good for. Changes nothing at Drone."""

from collections.abc import Iterator

from django.conf import settings

from builds.drone_server.client import client_of
from drone_api.errors import DroneError

FINE, ERROR = "fine", "error"


def inspect_api() -> Iterator[tuple[str, str]]:
    """Yield sentences, each after FINE or ERROR; none where neither DRONE_SERVER nor DRONE_TOKEN is set."""
    server, token = settings.DRONE_SERVER, settings.DRONE_TOKEN
    if not server:
        if token:
            yield ERROR, "DRONE_SERVER is not set, so edrone cannot use Drone's API."
        return
    client = client_of(server, token, settings.DRONE_CA_FILE)
    client.forget()
    try:
        yield FINE, f"Drone's API answers at {server}, as version {client.version()}."
        if not token:
            yield ERROR, "DRONE_TOKEN is not set, so edrone cannot use Drone's API."
            return
        account = client.account()
    except DroneError as error:
        yield ERROR, str(error)
        return
    if account.is_admin:
        yield FINE, f"DRONE_TOKEN is the token of {account.login}, an administrator of Drone."
    else:
        who = f"DRONE_TOKEN is the token of {account.login}, who is no administrator of Drone."
        yield ERROR, f"{who} Set it to the token of one, as docs/connecting.md says (8. Starting builds)."
