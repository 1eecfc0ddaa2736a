"""Drone's signature as Django REST framework's authentication."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache

from django.conf import settings
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from configs.endpoint import signature
from configs.endpoint.parsing import read_body


class ExtensionSignature(BaseAuthentication):
    """Lets pass what Drone signed for one of its extensions. Drone is no user of edrone."""

    extension: signature.Extension

    def secrets(self) -> Sequence[str]:
        """Return the secrets that Drone may sign with."""
        raise NotImplementedError

    def authenticate(self, request: Request) -> None:
        """Verify the request.

        Raises:
            ConfigError: see signature.verify and read_body.
        """
        meta = request.META

        def header(name: str) -> str | None:
            return meta.get(environ_key(name))

        clock = signature.Clock(datetime.now(UTC), settings.EDRONE_DATE_TOLERANCE)
        signature.verify(self.extension, header, lambda: self.body(request), self.secrets(), clock)

    def body(self, request: Request) -> bytes:
        return read_body(request, self.extension.largest)


class DroneSignature(ExtensionSignature):
    """Lets pass requests for a configuration, unsigned ones too where EDRONE_ALLOW_UNSIGNED says so.

    Also then the media type must be right: a Drone whose other extension is set to this address would take a configuration for
    an answer to what it asked.
    """

    extension = signature.CONFIGURATION

    def secrets(self) -> Sequence[str]:
        secrets: Sequence[str] = settings.DRONE_YAML_SECRETS
        return secrets

    def authenticate(self, request: Request) -> None:
        if settings.EDRONE_ALLOW_UNSIGNED:
            signature.check_extension(self.extension, (), request.META.get("HTTP_ACCEPT"))
        else:
            super().authenticate(request)


class ConversionSignature(DroneSignature):
    extension = signature.CONVERSION


@lru_cache(maxsize=64)  # the same few names in every request
def environ_key(header: str) -> str:
    """Return the name under which WSGI hands over a header."""
    key = header.upper().replace("-", "_")
    return key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"
