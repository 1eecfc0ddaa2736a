"""The address that Drone asks: DRONE_YAML_ENDPOINT."""

import time
from contextlib import suppress
from typing import Any, NoReturn, cast

from django.conf import settings
from django.http import HttpResponse
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.request import Request
from rest_framework.views import APIView

from configs.endpoint.answers import answer
from configs.endpoint.authentication import DroneSignature
from configs.endpoint.drone_server import known
from configs.endpoint.parsing import AnyMediaType, BuildRequestParser
from configs.endpoint.request_log import log_and_count, request_id_of
from configs.records.recorder import recorded
from pipelines.build_request import BuildRequest, parse
from pipelines.errors import ClockOff, ConfigError, Malformed
from pipelines.resolve.manual_builds import refuse_others, refuse_parameters
from pipelines.resolve.resolve import Resolved, resolve
from pipelines.tree.tree import Tree

WHAT_FOR = (
    "This address is for a Drone server, which POSTs signed requests to it: set DRONE_YAML_ENDPOINT of the Drone server to it. "
    "To ask it as Drone does: manage.py askconfig."
)


class DroneExtensionView(APIView):
    """What the addresses for a Drone server share: who may ask, how errors are answered, the request log and its metrics."""

    authentication_classes = (DroneSignature,)
    permission_classes = ()
    parser_classes = (BuildRequestParser,)
    content_negotiation_class = AnyMediaType
    http_method_names = ("post",)

    build: BuildRequest | None = None  # None where it could not be read, or is not Drone's
    result: Resolved | ConfigError | None = None  # None as long as edrone itself may fail

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Answer, and log and count each answer, refusal and failure."""
        if request.method != "POST":
            return super().dispatch(request, *args, **kwargs)  # 405
        started = time.perf_counter()
        try:
            return super().dispatch(request, *args, **kwargs)
        finally:
            seconds = time.perf_counter() - started
            log_and_count(self.build, self.result, seconds, request_id_of(request.META.get("HTTP_X_REQUEST_ID", "")))

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse other methods before anybody has to sign."""
        if request.method != "POST":
            self.http_method_not_allowed(request)
        super().initial(request, *args, **kwargs)

    def handle_exception(self, exc: Exception) -> Any:
        """Answer errors of the request and of the tree as EDRONE_SHOW_ERRORS says."""
        if not isinstance(exc, ConfigError):
            return super().handle_exception(exc)
        self.result = exc
        if isinstance(exc, ClockOff):
            with suppress(Malformed):  # it is signed by Drone: the log may say which build it was
                self.build = self.drones_build()
        return self.answer(self.result)

    def drones_build(self) -> BuildRequest:
        """Return the build that Drone asks about; Django REST framework asks no parser about an empty body."""
        return cast(BuildRequest, self.request.data) or parse(b"")

    def answer(self, result: Resolved | ConfigError) -> HttpResponse:
        """Return the result in the form that Drone expects."""
        return answer(result, settings.EDRONE_SHOW_ERRORS, stage_starts=bool(self.build and self.build.number))

    def http_method_not_allowed(self, request: Any, *_: Any, **__: Any) -> NoReturn:
        """Say what this address is for."""
        raise MethodNotAllowed(request.method, detail=WHAT_FOR)


class ConfigurationView(DroneExtensionView):
    """Give the configuration of a build to the Drone server."""

    def post(self, _: Request) -> HttpResponse:
        """Answer what the build was served before, else what the tree says."""
        self.build = build = self.drones_build()
        self.result = recorded(build, from_tree(build))
        return self.answer(self.result)


def from_tree(build: BuildRequest) -> Resolved | ConfigError:
    """Resolve a build from the tree as it is; an error is a result too, since the build may have been served before."""
    try:
        refuse_others(build, settings.EDRONE_MANUAL_BUILDS_BY, known.login)
        resolved = resolve(build, Tree(settings.EDRONE_PROJECTS), settings.EDRONE_NAMESPACES)
        refuse_parameters(build, resolved)
    except ConfigError as error:
        return error
    return resolved
