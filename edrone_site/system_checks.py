"""System checks of the site."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import ImproperlyConfigured

SHORTEST_KEY = 32  # characters


@register()
def secret_key(**_: Any) -> Sequence[CheckMessage]:
    """Django signs sessions with SECRET_KEY."""
    try:
        if len(settings.SECRET_KEY) >= SHORTEST_KEY:
            return []
    except ImproperlyConfigured:
        pass  # Django's own word for an empty one
    return [
        Error(
            f"SECRET_KEY is not set, or shorter than {SHORTEST_KEY} characters.",
            hint="Set it to a long random text and keep it, for example from: openssl rand -hex 32",
            id="site.E001",
        )
    ]
