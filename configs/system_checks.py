"""System checks of the configuration endpoint."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register  # noqa: A004 - Django's own name

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
def tree(**_: Any) -> Sequence[CheckMessage]:
    """A tree that is not there yet is only a warning: git-sync may bring it a moment later."""
    problem = Tree(settings.EDRONE_PROJECTS).problem()
    if not problem:
        return []
    return [Warning(problem, hint="Every build gets this as its error until the tree is there.", id="configs.W001")]
