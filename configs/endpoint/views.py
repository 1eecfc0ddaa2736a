"""The address that Drone asks: DRONE_YAML_ENDPOINT."""

import time
from typing import Any, NoReturn

from django.conf import settings
from django.http import HttpResponse
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.request import Request
from rest_framework.views import APIView

from configs.endpoint.answers import answer, conversion
from configs.endpoint.authentication import ConversionSignature, DroneSignature, ExtensionSignature
from configs.endpoint.drone_server import known
from configs.endpoint.only_failed import announced
from configs.endpoint.parsing import AnyMediaType, read_body
from configs.endpoint.request_log import log_and_count, request_id_of
from configs.endpoint.signing import signed
from configs.records.recorder import recorded
from pipelines.build_request import BuildRequest, parse, parse_conversion
from pipelines.errors import ConfigError
from pipelines.resolve.manual_builds import refuse_other_target, refuse_others, refuse_parameters
from pipelines.resolve.own_file import convert
from pipelines.resolve.resolve import Resolved, resolve
from pipelines.tree.tree import Tree

SECONDS = 4.5  # to answer Drone, whatever it waits for: a restart's announcement, a signature, the record


class DroneExtensionView(APIView):
    """What the addresses for a Drone server share: each says itself who may ask, what is read, and what is answered."""

    permission_classes = ()
    parser_classes = ()
    content_negotiation_class = AnyMediaType
    http_method_names = ("post",)
    authentication_classes: tuple[type[ExtensionSignature]]
    what_for: str  # a sentence for whoever asks with another method

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse other methods before anybody has to sign."""
        if request.method != "POST":
            self.http_method_not_allowed(request)
        super().initial(request, *args, **kwargs)

    def body(self) -> bytes:
        """Read the body, as far as its signature has not had to."""
        return read_body(self.request, self.authentication_classes[0].extension.largest)

    def http_method_not_allowed(self, request: Any, *_: Any, **__: Any) -> NoReturn:
        raise MethodNotAllowed(request.method, detail=self.what_for)


class ConfigurationView(DroneExtensionView):
    """Give the configuration of a build to the Drone server."""

    authentication_classes = (DroneSignature,)
    what_for = (
        "This address is for a Drone server, which POSTs signed requests to it: set DRONE_YAML_ENDPOINT of the Drone server "
        "to it. To ask it as Drone does: manage.py askconfig."
    )

    purpose = "configuration"  # as the log says it
    build: BuildRequest | None = None  # None where it could not be read, or is not Drone's
    result: Resolved | ConfigError | None = None  # None as long as edrone itself may fail
    end: float  # of the monotonic clock: when Drone is answered

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Answer, and log and count each answer, refusal and failure."""
        if request.method != "POST":
            return super().dispatch(request, *args, **kwargs)  # 405
        started = time.monotonic()
        self.end = started + SECONDS
        try:
            return super().dispatch(request, *args, **kwargs)
        finally:
            seconds = time.monotonic() - started
            request_id = request_id_of(request.META.get("HTTP_X_REQUEST_ID", ""))
            log_and_count(self.build, self.result, seconds, request_id, self.purpose)

    def post(self, _: Request) -> HttpResponse:
        """Answer what the build was served before, else what the tree says."""
        self.build = build = parse(self.body())
        self.result = recorded(build, from_tree(build, self.end), self.end)
        return self.answer(self.result)

    def handle_exception(self, exc: Exception) -> Any:
        """Answer errors of the request and of the tree as EDRONE_SHOW_ERRORS says."""
        if not isinstance(exc, ConfigError):
            return super().handle_exception(exc)
        self.result = exc
        return self.answer(self.result)

    def answer(self, result: Resolved | ConfigError) -> HttpResponse:
        """Return the result in the form that Drone expects."""
        return answer(result, settings.EDRONE_SHOW_ERRORS, stage_starts=bool(self.build and self.build.number))


class ConversionView(ConfigurationView):
    """Resolve what a repository's own file extends."""

    authentication_classes = (ConversionSignature,)
    what_for = (
        "This address is for a Drone server, which POSTs signed requests to it: set DRONE_CONVERT_PLUGIN_ENDPOINT of the Drone "
        "server to it. To ask it as Drone does: manage.py askconfig --convert FILE."
    )
    purpose = "conversion"

    def post(self, _: Request) -> HttpResponse:
        """Answer how the text was converted for this build before, else what the tree makes of it."""
        request = parse_conversion(self.body())
        self.build, text = request.build, request.text
        converted = convert_own_file(request.build, text)
        # What extends nothing never does: there is nothing that the build must be given again.
        unchanged = isinstance(converted, Resolved) and converted.yaml is None
        self.result = converted if unchanged else recorded(request.build, converted, self.end, own_file=text)
        return self.answer(self.result)

    def answer(self, result: Resolved | ConfigError) -> HttpResponse:
        return conversion(result)


def convert_own_file(build: BuildRequest, text: str) -> Resolved | ConfigError:
    """Resolve a text in the tree as it is; an error is a result too, since the build may have been served before."""
    try:
        converted = convert(build, text, Tree(settings.EDRONE_PROJECTS), settings.EDRONE_NAMESPACES)
    except ConfigError as error:
        return error
    return converted or Resolved(None, f"/{build.config_path}", ())


def from_tree(build: BuildRequest, end: float) -> Resolved | ConfigError:
    """Resolve a build from the tree as it is; an error is a result too, since the build may have been served before."""
    try:
        refuse_others(build, settings.EDRONE_MANUAL_BUILDS_BY, known.login)
        refuse_other_target(build)
        if only_failed := announced(build, end):
            return only_failed
        resolved = resolve(build, Tree(settings.EDRONE_PROJECTS), settings.EDRONE_NAMESPACES)
        refuse_parameters(build, resolved)
    except ConfigError as error:
        return error
    return signed(build, resolved, end)
