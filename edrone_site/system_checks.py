"""System checks of the site."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004 - Django's own name
from django.core.exceptions import ImproperlyConfigured

SHORTEST_KEY = 32  # characters; below 50 `check --deploy` warns (security.W009)


@register()
def secret_key(**_: Any) -> Sequence[CheckMessage]:
    try:
        if len(settings.SECRET_KEY) >= SHORTEST_KEY:
            return []
    except ImproperlyConfigured:
        pass  # Django raises it if the key is empty
    return [
        Error(
            f"SECRET_KEY is not set, or shorter than {SHORTEST_KEY} characters.",
            hint="Set it to a long random text and keep it, for example from: openssl rand -hex 32",
            id="site.E001",
        )
    ]


@register(Tags.security, deploy=True)
def https(**_: Any) -> Sequence[CheckMessage]:
    """Ask for EDRONE_HSTS, which sets what four checks of Django ask for."""
    if settings.EDRONE_HSTS:
        return []
    return [
        Warning(
            "EDRONE_HSTS is not set: browsers may use http, cookies go over it too, and nobody is moved to https.",
            hint="Set it to 31536000 (a year, in seconds) where a proxy in front ends TLS and sends X-Forwarded-Proto.",
            id="site.W001",
        )
    ]
