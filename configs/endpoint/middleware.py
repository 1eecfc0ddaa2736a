"""Drone's way around what only browsers need."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse

from configs.endpoint.views import ConfigurationView


def drone_first(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Answer the configuration endpoint before sessions, logins, CSRF tokens and messages are looked at.

    It uses none of them, and they would take a third of its time (docs/performance.md).
    """
    view = ConfigurationView.as_view()
    addresses = {reverse("config"), reverse("config-slash")}

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if request.method == "POST" and request.path_info in addresses:
            return view(request)
        return get_response(request)

    return middleware
