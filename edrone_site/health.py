"""Is the process up (/healthz), and can it do its work (/readyz)?"""

import logging

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse

from configs.records import own_database
from pipelines.tree.tree import Tree
from texts.characters import one_line

logger = logging.getLogger(__name__)


def alive(_: HttpRequest) -> HttpResponse:
    """Answer that the process runs; nothing else is looked at."""
    return HttpResponse("OK\n", content_type="text/plain")


def ready(request: HttpRequest) -> JsonResponse:
    """Answer 200 where everything that a request needs is there, else 503; each part by name, with its state.

    `?exclude=PART` leaves a part out, as Kubernetes' own /readyz does. Drone is answered without the database too, so a
    probe that decides over Drone's requests must not ask for it.
    """
    parts = {"tree": tree_state, "database": database_state}
    excluded = set(request.GET.getlist("exclude"))
    if unknown := sorted(excluded - parts.keys()):
        sentence = f"exclude={unknown[0]}: there is no such part; there are {', '.join(parts)}."
        return JsonResponse({"status": "not asked rightly", "message": sentence}, status=400)
    states = {name: "excluded" if name in excluded else look() for name, look in parts.items()}
    well = all(state in {"ok", "excluded"} for state in states.values())
    return JsonResponse({"status": "ready" if well else "not ready", **states}, status=200 if well else 503)


def tree_state() -> str:
    """Can the tree be read?"""
    return Tree(settings.EDRONE_PROJECTS).problem() or "ok"


def database_state() -> str:
    """Can edrone's own database be used? What it says otherwise goes to the log: it may name hosts and users."""
    try:
        return own_database.problem() or "ok"
    except DatabaseError as error:
        logger.warning("edrone's own database: %s", one_line(error))
        return f"{own_database.trouble(error)} The log says why."
