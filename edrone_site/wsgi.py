"""The application that a WSGI server runs. It refuses to start where the settings cannot work."""

import gc
import os
import sys
from collections.abc import Callable
from typing import Any

from django.core.wsgi import get_wsgi_application

from edrone_site.metrics_slots import count_in_slot

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "edrone_site.settings")
count_in_slot()
site = get_wsgi_application()

from django.conf import settings  # noqa: E402 - Django must be set up before
from django.urls import resolve, reverse  # noqa: E402

from builds.drone_server import version as drone_version  # noqa: E402
from configs.database.postgresql import base as postgresql  # noqa: E402
from configs.endpoint.wsgi import DroneFirst  # noqa: E402
from edrone_site import metrics, stopping  # noqa: E402
from edrone_site.middleware import HEADERS  # noqa: E402
from edrone_site.request_limits import RequestLimits  # noqa: E402
from edrone_site.startup_checks import run_startup_checks  # noqa: E402
from edrone_site.thread_limit import ThreadLimit  # noqa: E402
from edrone_site.utf8_request import Utf8Request  # noqa: E402

run_startup_checks()
if settings.EDRONE_METRICS:
    metrics.begin()
postgresql.begin()
drone_version.begin()
stopping.begin()

site.request_class = Utf8Request


def views_of(*names: str) -> dict[str, Callable[..., Any]]:
    """Return the views of addresses for a Drone server, by path."""
    paths = [reverse(f"{name}{slash}") for name in names for slash in ("", "-slash")]
    return {path: resolve(path).func for path in paths}


drones = views_of("config", "convert", "validate")
events = views_of("events")  # which every receiver of Drone's events can send: they share the threads of pages
# Probes that wait for no database take no time and are always answered: busy pages must not take the pod away from Drone.
probes = [reverse("healthz"), f"{reverse('readyz')}?exclude=database"]
others = DroneFirst(site, events, Utf8Request, HEADERS)
all_but_one = settings.EDRONE_THREADS - 1
pages = RequestLimits(ThreadLimit(others, all_but_one, [*drones, *probes]), [*drones, *events])
application = DroneFirst(pages, drones, Utf8Request, HEADERS)

# A page takes the interpreter for tens of milliseconds. A configuration request asks for it several times, and waits each time
# until it is taken away: not 5 ms, as Python has it (docs/performance.md).
sys.setswitchinterval(0.001)  # seconds
gc.freeze()  # what is loaded by now stays; the collector need not look at it again and again
