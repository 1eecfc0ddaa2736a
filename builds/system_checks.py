"""System checks of the builds; those of Drone's database run with `manage.py check --database drone`."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004 - Django's own name
from django.db import connections

from builds.drone_db.errors import DroneDatabaseUnavailable
from builds.drone_db.inspection import inspect

HINT = "`manage.py checkdrone` says more; docs/running.md has the grants."


@register(Tags.database)
def drone_database(databases: Sequence[str] | None = None, **_: Any) -> Sequence[CheckMessage]:
    """Compare Drone's database with what edrone reads."""
    if "drone" not in (databases or ()):
        return []
    try:
        inspection = inspect(connections["drone"])
    except DroneDatabaseUnavailable as error:
        return [Error(str(error), hint="Look at DRONE_DATABASE_URL.", id="builds.E001")]
    return [
        *(Error(sentence, hint=HINT, id="builds.E002") for sentence in inspection.differences),
        *(Warning(sentence, hint=HINT, id="builds.W001") for sentence in inspection.warnings),
    ]


@register()
def drone_forge(**_: Any) -> Sequence[CheckMessage]:
    """Refuse a forge that nobody can sign in with. The notices worker needs no way to sign in, and starts without."""
    forge = settings.EDRONE_DRONE_FORGE
    if not settings.EDRONE_GRANTS_FROM_DRONE or forge in settings.SIGN_IN:
        return []
    return [
        Error(
            f"EDRONE_DRONE_FORGE is {forge}, but nobody can sign in with it, so nobody would get what Drone says of them.",
            hint=f"Set EDRONE_{forge.upper()}_CLIENT_ID and EDRONE_{forge.upper()}_CLIENT_SECRET.",
            id="builds.E003",
        )
    ]


@register()
def drone_api(**_: Any) -> Sequence[CheckMessage]:
    """Warn where only one of DRONE_SERVER and DRONE_TOKEN is set."""
    wanted = {"DRONE_SERVER": settings.DRONE_SERVER, "DRONE_TOKEN": settings.DRONE_TOKEN}
    missing = [name for name, value in wanted.items() if not value]
    if len(missing) != 1:
        return []
    return [
        Warning(
            f"{missing[0]} is not set, so edrone cannot use Drone's API.",
            hint="Set both DRONE_SERVER and DRONE_TOKEN, as for Drone's CLI, or neither.",
            id="builds.W002",
        )
    ]


@register()
def trusted_proxies(**_: Any) -> Sequence[CheckMessage]:
    """Warn where every address counts as a proxy, as 0.0.0.0/0 does."""
    return [
        Warning(
            f"EDRONE_TRUSTED_PROXIES names {network}: whoever reaches this server can sign in as anybody.",
            hint="Name the addresses or networks of your proxies only.",
            id="builds.W003",
        )
        for network in settings.EDRONE_TRUSTED_PROXIES
        if not network.prefixlen
    ]
