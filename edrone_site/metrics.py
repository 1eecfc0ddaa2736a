"""/metrics in the form of Prometheus: the configuration endpoint's numbers, and the state of the site."""

import os
import platform
import socket
import sys
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler

from django.conf import settings
from django.db import connections
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, make_wsgi_app
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import ThreadingWSGIServer, choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from configs.metrics import extension_metrics
from edrone_site import health
from edrone_site.metrics_slots import FOLDER, in_one_worker
from pipelines.tree.revision import revision_of

MOST_SCRAPES = 32  # at once, on a port of their own


@csrf_exempt  # to say that it takes no POST
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Answer a scrape, or 404 if the metrics are off or on a port of their own."""
    if not settings.EDRONE_METRICS or settings.EDRONE_METRICS_PORT:
        raise Http404
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    return HttpResponse(encode(registry()), content_type=content_type)


def begin() -> None:
    """Make all metrics, so that they start at 0, and serve EDRONE_METRICS_PORT. Call it in a worker before its first request."""
    extension_metrics()
    if settings.EDRONE_METRICS_PORT and os.environ.get(FOLDER):
        in_one_worker(serve_own_port)


def serve_own_port() -> None:
    """Answer scrapes on EDRONE_METRICS_PORT for as long as this worker runs."""
    scraped = (settings.HOST, settings.EDRONE_METRICS_PORT)
    ScrapeServer.address_family = socket.getaddrinfo(*scraped, type=socket.SOCK_STREAM)[0][0]
    with ScrapeServer(scraped, SilentHandler) as server:
        server.set_app(make_wsgi_app(registry(own_connections=True)))
        server.serve_forever()


class SilentHandler(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


class ScrapeServer(ThreadingWSGIServer):
    """Answers each connection in a thread. Past MOST_SCRAPES the oldest is ended: one that sends nothing holds a thread."""

    def __init__(self, *arguments: Any) -> None:
        self.unfinished: list[socket.socket] = []  # connections, the oldest first
        super().__init__(*arguments)

    def process_request(self, request: Any, client_address: Any) -> None:
        self.unfinished.append(request)
        if len(self.unfinished) > MOST_SCRAPES:
            with suppress(OSError):  # its client has just closed it
                self.unfinished.pop(0).shutdown(socket.SHUT_RDWR)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with suppress(ValueError):
            self.unfinished.remove(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print no traceback where only the client is gone."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


@cache
def registry(*, own_connections: bool = False) -> CollectorRegistry:
    """Return what all workers counted (without a server: what this process counted), and the state now."""
    metrics = CollectorRegistry()
    if os.environ.get(FOLDER):
        MultiProcessCollector(metrics)  # type: ignore[no-untyped-call]
    else:
        metrics.register(extension_metrics().registry)
    metrics.register(SiteState(own_connections=own_connections))
    return metrics


class SiteState(Collector):
    """What is looked up at each scrape.

    `own_connections`: the scrape is not a request of Django's, which would close its database connections.
    """

    def __init__(self, *, own_connections: bool) -> None:
        self.own_connections = own_connections

    def describe(self) -> Iterable[Metric]:
        """Name no metrics in advance, so that nothing is looked up when edrone starts."""
        return ()

    def collect(self) -> Iterable[Metric]:
        build = GaugeMetricFamily("edrone_build_info", "The version of edrone that runs.", labels=["version", "python"])
        build.add_metric([settings.EDRONE_VERSION, platform.python_version()], 1)
        ready = GaugeMetricFamily("edrone_ready", "1 where this part of edrone can do its work.", labels=["part"])
        ready.add_metric(["tree"], health.tree_state() == "ok")
        ready.add_metric(["database"], health.database_state() == "ok")
        revision = revision_of(settings.EDRONE_PROJECTS)
        tree = GaugeMetricFamily("edrone_tree_info", "The commit of the tree, where it can be known.", labels=["revision"])
        tree.add_metric([revision.name], 1)
        changed = GaugeMetricFamily("edrone_tree_changed_timestamp_seconds", "When the tree last changed, in Unix seconds.")
        changed.add_metric([], revision.changed)
        if self.own_connections:
            connections.close_all()
        return build, ready, tree, changed
