"""JSON as Drone writes it, quickly."""

import logging
from collections.abc import Mapping
from typing import Any

import msgspec
from rest_framework.renderers import BaseRenderer

from builds.rest.errors import FAILED

logger = logging.getLogger(__name__)


class Json(BaseRenderer):
    """Writes whatever an answer holds, with a line end after it."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(self, data: Any, _: str | None = None, context: Mapping[str, Any] | None = None) -> bytes:
        """Turn the answer into bytes; what cannot be written is 500 in Drone's form, for no view catches it any more."""
        try:
            return msgspec.json.encode(data) + b"\n"
        except (TypeError, ValueError, RecursionError) as error:
            logger.error("An answer cannot be written as JSON.", exc_info=error)  # noqa: TRY400 - as rest/errors.py logs them
            if context and (response := context.get("response")):
                response.status_code = 500
            return msgspec.json.encode({"message": FAILED}) + b"\n"
