"""JSON as Drone writes it, quickly."""

from collections.abc import Mapping
from typing import Any

import orjson
from rest_framework.renderers import BaseRenderer


class Json(BaseRenderer):
    """Writes whatever an answer holds, with a line end after it."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(self, data: Any, _: str | None = None, __: Mapping[str, Any] | None = None) -> bytes:
        """Turn the answer into bytes."""
        return orjson.dumps(data, option=orjson.OPT_APPEND_NEWLINE)
