"""The body of Drone's requests, whatever media types their headers name."""

from typing import Any

from django.core.exceptions import RequestDataTooBig
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request

from pipelines import build_request
from pipelines.errors import Malformed


class AnyMediaType(BaseContentNegotiation):
    """Refuses nobody over Accept: Drone has media types of its own, and its signature covers them."""

    def select_renderer(self, _: Any, renderers: Any, __: Any = None) -> Any:
        return renderers[0], renderers[0].media_type


def read_body(request: Request, largest: int = build_request.LARGEST_BODY) -> bytes:
    """Read the raw body, of up to `largest` bytes.

    Raises:
        Malformed: it says itself that it is too large, or the connection broke.
    """
    try:
        if largest > build_request.LARGEST_BODY:
            return read_large_body(request, largest)
        body: bytes = request.body
    except RequestDataTooBig:
        raise build_request.too_large(largest) from None
    except OSError:
        raise Malformed("The body did not arrive whole.") from None
    return body


def read_large_body(request: Request, largest: int) -> bytes:
    """Read a body that Django's own limit, which is for forms, would refuse, and keep it where Django does."""
    django_request: Any = request._request  # noqa: SLF001 - so Django REST framework documents it
    if int(request.META.get("CONTENT_LENGTH") or 0) > largest:
        raise RequestDataTooBig
    if not hasattr(django_request, "_body"):
        django_request._body = django_request.read()  # noqa: SLF001
    body: bytes = django_request._body  # noqa: SLF001
    return body
