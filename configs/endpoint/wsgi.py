"""Drone's way around what only browsers need."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

from django.core.handlers.exception import convert_exception_to_response
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpResponse

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class DroneFirst:
    """WSGI middleware that answers Drone's requests before Django's handler, its middleware and its signals.

    They need none of them, nor a database connection that they would look after, and they would take a third of the time
    (docs/performance.md).
    """

    def __init__(
        self,
        application: Application,
        views: Mapping[str, Callable[..., Any]],
        request_class: type[WSGIRequest],
        headers: Mapping[str, str],
    ) -> None:
        """Wrap the application.

        Args:
            application: answers everything else.
            views: by the paths that Drone POSTs to.
            request_class: what the views are given.
            headers: of every answer.
        """
        self.application, self.request_class, self.headers = application, request_class, list(headers.items())
        self.views = {path: convert_exception_to_response(view) for path, view in views.items()}

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        view = self.views.get(environ["PATH_INFO"]) if environ["REQUEST_METHOD"] == "POST" else None
        if view is None:
            return self.application(environ, start_response)
        response = cast(HttpResponse, view(self.request_class(environ)))
        start_response(f"{response.status_code} {response.reason_phrase}", [*response.items(), *self.headers])
        return [response.content]
