"""Drone's signature as Django REST framework's authentication."""

from datetime import UTC, datetime
from functools import lru_cache

from django.conf import settings
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from configs.endpoint import signature
from configs.endpoint.parsing import read_body


class DroneSignature(BaseAuthentication):
    """Lets pass what Drone signed, or everything where EDRONE_ALLOW_UNSIGNED says so. Drone is no user of edrone."""

    def authenticate(self, request: Request) -> None:
        """Verify the request.

        Raises:
            ConfigError: see signature.verify and read_body.
        """
        if settings.EDRONE_ALLOW_UNSIGNED:
            return
        meta = request.META

        def header(name: str) -> str | None:
            return meta.get(environ_key(name))

        secrets, tolerance = settings.DRONE_YAML_SECRETS, settings.EDRONE_DATE_TOLERANCE
        signature.verify(header, lambda: read_body(request), secrets, datetime.now(UTC), tolerance)


@lru_cache(maxsize=64)  # the same few names in every request
def environ_key(header: str) -> str:
    """Return the name under which WSGI hands over a header."""
    key = header.upper().replace("-", "_")
    return key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"
