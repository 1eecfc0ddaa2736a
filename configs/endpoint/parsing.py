"""The body of Drone's requests for Django REST framework, whatever media types their headers name."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import RequestDataTooBig
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.request import Request

from pipelines import build_request
from pipelines.errors import Malformed


class AnyMediaType(BaseContentNegotiation):
    """Refuses nobody over Accept or Content-Type: Drone has media types of its own, and its signature covers them."""

    def select_parser(self, _: Any, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(self, _: Any, renderers: Any, __: Any = None) -> Any:
        return renderers[0], renderers[0].media_type


class BuildRequestParser(BaseParser):
    """Turns the body into a BuildRequest, which is `request.data`."""

    media_type = "application/json"

    def parse(self, _: Any, __: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        """Read the raw body, which DroneSignature has read already, rather than the stream: it keeps to the limit."""
        return build_request.parse(read_body((parser_context or {})["request"]))


def read_body(request: Request) -> bytes:
    """Read the raw body.

    Raises:
        Malformed: it says itself that it is too large, or the connection broke.
    """
    try:
        body: bytes = request.body
    except RequestDataTooBig:
        raise build_request.too_large() from None
    except OSError:
        raise Malformed("The body did not arrive whole.") from None
    return body
