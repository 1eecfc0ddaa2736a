"""Is the process up (/healthz), and can it do its work (/readyz)?"""

import logging

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse

from configs.tree import Tree

logger = logging.getLogger(__name__)


def alive(_: HttpRequest) -> HttpResponse:
    """Answer that the process runs; nothing else is looked at."""
    return HttpResponse("OK\n", content_type="text/plain")


def ready(_: HttpRequest) -> JsonResponse:
    """Answer 200 where everything that a request needs is there, else 503; each part by name, with its state."""
    states = {"tree": tree_state(), "database": database_state()}
    well = all(state == "ok" for state in states.values())
    return JsonResponse({"status": "ready" if well else "not ready", **states}, status=200 if well else 503)


def tree_state() -> str:
    """Can the tree be read?"""
    return Tree(settings.EDRONE_PROJECTS).problem() or "ok"


def database_state() -> str:
    """Does edrone's own database answer? What it says otherwise goes to the log: it may name hosts and users."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        logger.warning("edrone's own database does not answer: %s", " ".join(str(error).split()))
        return "edrone's own database (DATABASE_URL) does not answer; the log says why"
    return "ok"
