"""Drone's way around what only browsers need."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

from django.core.handlers.exception import convert_exception_to_response
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpResponse
from django.urls import reverse

from configs.endpoint.views import ConfigurationView

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class DroneFirst:
    """WSGI middleware that answers the configuration endpoint before Django's handler, its middleware and its signals.

    The endpoint uses none of them, nor a database connection that they would look after, and they would take a third of its time
    (docs/performance.md).
    """

    def __init__(self, application: Application, request_class: type[WSGIRequest], headers: Mapping[str, str]) -> None:
        self.application, self.request_class, self.headers = application, request_class, list(headers.items())
        self.addresses = {reverse("config"), reverse("config-slash")}
        self.view = convert_exception_to_response(ConfigurationView.as_view())

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] != "POST" or environ["PATH_INFO"] not in self.addresses:
            return self.application(environ, start_response)
        response = cast(HttpResponse, self.view(self.request_class(environ)))
        start_response(f"{response.status_code} {response.reason_phrase}", [*response.items(), *self.headers])
        return [response.content]
