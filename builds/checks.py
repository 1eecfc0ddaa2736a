"""System checks of the builds."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Warning, register  # noqa: A004 - Django's own name


@register()
def drone_api(**_: Any) -> Sequence[CheckMessage]:
    """Half a connection to Drone's API is none."""
    wanted = {"DRONE_SERVER": settings.DRONE_SERVER, "DRONE_TOKEN": settings.DRONE_TOKEN}
    missing = [name for name, value in wanted.items() if not value]
    if len(missing) != 1:
        return []
    return [
        Warning(
            f"{missing[0]} is not set, so edrone cannot use Drone's API.",
            hint="Set both DRONE_SERVER and DRONE_TOKEN, as for Drone's CLI, or neither.",
            id="builds.W001",
        )
    ]
