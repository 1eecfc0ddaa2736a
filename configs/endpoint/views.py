"""The address that Drone asks: DRONE_YAML_ENDPOINT."""

import time
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NoReturn

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpResponse
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request
from rest_framework.views import APIView

from configs.endpoint import answers, signature
from configs.endpoint.drone_server import known
from configs.endpoint.request_log import record, request_id_of
from configs.records.recorder import keep
from pipelines import build_request
from pipelines.build_request import BuildRequest
from pipelines.errors import ClockOff, ConfigError, Malformed
from pipelines.resolve.manual_builds import refuse_others, refuse_parameters
from pipelines.resolve.resolve import Resolved, resolve
from pipelines.tree.tree import Tree

WHAT_FOR = (
    "This address is for a Drone server, which POSTs signed requests to it: set DRONE_YAML_ENDPOINT of the Drone server to it. "
    "To ask it as Drone does: manage.py askconfig."
)


class WhateverIsAccepted(BaseContentNegotiation):
    """Refuse nobody over an Accept header: Drone sends a media type of its own."""

    def select_renderer(self, _: Any, renderers: Any, __: Any = None) -> Any:
        """Take the first renderer."""
        return renderers[0], renderers[0].media_type


class ConfigView(APIView):
    """Give the configuration of a build to the Drone server."""

    authentication_classes = ()
    permission_classes = ()
    content_negotiation_class = WhateverIsAccepted
    http_method_names = ("post",)

    def post(self, request: Request) -> HttpResponse:
        """Verify, parse, resolve, record, answer."""
        started, asked = time.perf_counter(), None
        result: Resolved | ConfigError | None = None  # as long as edrone itself may have failed
        try:
            asked = build_request.parse(verify(request))
            result = keep(asked, today(asked))
        except ClockOff as error:
            result = error
            with suppress(Malformed):  # it is signed by Drone
                asked = build_request.parse(read_body(request))
        except ConfigError as error:
            result = error
        finally:
            record(asked, result, time.perf_counter() - started, request_id_of(request.META.get("HTTP_X_REQUEST_ID", "")))
        return answers.answer(result, settings.EDRONE_SHOW_ERRORS, stage_starts=bool(asked and asked.number))

    def perform_authentication(self, request: Request) -> None:
        """Look for no user: `verify` says who asks."""

    def http_method_not_allowed(self, request: Any, *_: Any, **__: Any) -> NoReturn:
        """Say what this address is for."""
        raise MethodNotAllowed(request.method, detail=WHAT_FOR)


def today(asked: BuildRequest) -> Resolved | ConfigError:
    """Resolve a build from the tree as it is; an error is a result too, since the build may have been served before."""
    try:
        refuse_others(asked, settings.EDRONE_MANUAL_BUILDS_BY, known.login)
        found = resolve(asked, Tree(settings.EDRONE_PROJECTS), settings.EDRONE_NAMESPACES)
        refuse_parameters(asked, found)
    except ConfigError as error:
        return error
    return found


def read_body(request: Request) -> bytes:
    """Read the raw body, unless it says itself that it is too large."""
    try:
        body: bytes = request.body
    except RequestDataTooBig:
        raise build_request.too_large() from None
    except OSError:  # the connection broke
        raise Malformed("The body did not arrive whole.") from None
    return body


def verify(request: Request) -> bytes:
    """Check the signature, unless the operator chose to do without, and give the body."""
    if settings.EDRONE_ALLOW_UNSIGNED:
        return read_body(request)
    meta = request.META

    def header(name: str) -> str | None:
        return meta.get(environ_key(name))

    secrets, tolerance = settings.DRONE_YAML_SECRETS, settings.EDRONE_DATE_TOLERANCE
    return signature.verify(header, lambda: read_body(request), secrets, datetime.now(UTC), tolerance)


@lru_cache(maxsize=64)  # the same few names in every request
def environ_key(header: str) -> str:
    """Give the name under which WSGI hands over a header."""
    key = header.upper().replace("-", "_")
    return key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"
