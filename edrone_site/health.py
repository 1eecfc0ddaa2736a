"""Is the process up (/healthz), and can it do its work (/readyz)?"""

import logging

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from configs.records import own_database
from pipelines.tree.tree import Tree
from texts.characters import one_line

logger = logging.getLogger(__name__)


@csrf_exempt  # to say that it takes no POST
@require_safe
def alive(_: HttpRequest) -> HttpResponse:
    """Answer 200 if the process runs, without looking at anything else."""
    return HttpResponse("OK\n", content_type="text/plain")


@csrf_exempt  # to say that it takes no POST
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """Answer 200 if everything that a request needs is there, else 503, with the state of each part by name.

    `?exclude=PART` leaves a part out, as in Kubernetes' own /readyz. Drone is answered without the database too, so a probe
    that decides whether Drone's requests come here must exclude it.
    """
    parts = {"tree": tree_state, "database": database_state}
    excluded = set(request.GET.getlist("exclude"))
    if unknown := sorted(excluded - parts.keys()):
        sentence = f"exclude={unknown[0]}: there is no such part; there are {', '.join(parts)}."
        return JsonResponse({"status": "not asked rightly", "message": sentence}, status=400)
    states = {name: "excluded" if name in excluded else look() for name, look in parts.items()}
    healthy = all(state in {"ok", "excluded"} for state in states.values())
    return JsonResponse({"status": "ready" if healthy else "not ready", **states}, status=200 if healthy else 503)


def tree_state() -> str:
    """Return "ok", or why the tree cannot be read."""
    return Tree(settings.EDRONE_PROJECTS).problem() or "ok"


def database_state() -> str:
    """Return "ok", or what is wrong with edrone's own database. Its message goes to the log only: it may name hosts and users."""
    try:
        return own_database.problem() or "ok"
    except DatabaseError as error:
        logger.warning("edrone's own database: %s", one_line(error))
        return f"{own_database.trouble(error)} The log says why."
