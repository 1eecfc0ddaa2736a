"""System checks of the configuration endpoint."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register  # noqa: A004 - Django's own name
from django.core.exceptions import ImproperlyConfigured

from pipelines.tree.tree import Tree


@register()
def secret(**_: Any) -> Sequence[CheckMessage]:
    """Without a secret anybody could ask for any pipeline."""
    secrets, unsigned = settings.DRONE_YAML_SECRETS, settings.EDRONE_ALLOW_UNSIGNED
    if secrets and unsigned:
        return [
            Error(
                "DRONE_YAML_SECRET and EDRONE_ALLOW_UNSIGNED are both set.",
                hint="Unset EDRONE_ALLOW_UNSIGNED: with it, the secret would protect nothing.",
                id="configs.E002",
            )
        ]
    if unsigned:
        return [
            Warning(
                "EDRONE_ALLOW_UNSIGNED is on: whoever reaches this server can read every pipeline.",
                hint="Set DRONE_YAML_SECRET here and at the Drone server, and unset EDRONE_ALLOW_UNSIGNED.",
                id="configs.W002",
            )
        ]
    if not secrets:
        return [
            Error(
                "DRONE_YAML_SECRET is not set, so no request of Drone could be verified.",
                hint="Set it to the same value as at the Drone server, or set EDRONE_ALLOW_UNSIGNED=true to do without.",
                id="configs.E001",
            )
        ]
    return []


@register()
def events_secret(**_: Any) -> Sequence[CheckMessage]:
    """Drone gives the secret of its events to every receiver that it has: it must open nothing else."""
    others = {
        "DRONE_YAML_SECRET": settings.DRONE_YAML_SECRETS,
        "DRONE_TOKEN": [settings.DRONE_TOKEN],
        "SECRET_KEY": secret_key(),
    }
    return [
        Error(
            f"EDRONE_EVENTS_SECRET and {name} are the same.",
            hint="Set EDRONE_EVENTS_SECRET, and DRONE_WEBHOOK_SECRET of the Drone server, to another long random text.",
            id="configs.E003",
        )
        for name, secrets in others.items()
        if set(settings.EDRONE_EVENTS_SECRETS) & set(secrets)
    ]


def secret_key() -> list[str]:
    """Return it, or none: that it is not set is an error of its own."""
    with suppress(ImproperlyConfigured):
        return [settings.SECRET_KEY]
    return []


@register()
def signing(**_: Any) -> Sequence[CheckMessage]:
    """Drone signs, so it must be known where it is."""
    if settings.EDRONE_SIGN and not (settings.DRONE_SERVER and settings.DRONE_TOKEN):
        return [
            Error(
                "EDRONE_SIGN is on, and edrone cannot ask Drone to sign.",
                hint="Set DRONE_SERVER and DRONE_TOKEN, or unset EDRONE_SIGN.",
                id="configs.E004",
            )
        ]
    return []


@register()
def tree(**_: Any) -> Sequence[CheckMessage]:
    """A tree that is not there yet is only a warning: git-sync may bring it a moment later."""
    problem = Tree(settings.EDRONE_PROJECTS).problem()
    if not problem:
        return []
    return [Warning(problem, hint="Every build gets this as its error until the tree is there.", id="configs.W001")]
