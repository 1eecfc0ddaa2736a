"""The audit records of a build: who started it, and what was done to it, through edrone."""

from django.conf import settings
from django.db.models import Q
from django.http import Http404, HttpRequest
from django.template.response import TemplateResponse

from builds.access.finding import find_build
from builds.browsing.build_page import MAY_SEE_RECORD, about
from builds.drone_db.masking import Shown, shown_parameters
from builds.drone_db.models import Build
from builds.starting.models import AuditRecord
from web.pages import shown

MOST = 100  # records
MOST_PARAMETERS = 20  # of each


def record_page(request: HttpRequest, slug: str, number: int) -> TemplateResponse:
    """Show the audit records of a build, the newest first."""
    build = find_build(request, slug, number)
    if not request.user.has_perm(MAY_SEE_RECORD):
        raise Http404
    records = AuditRecord.objects.filter(Q(number=number) | Q(build=number), slug=slug).order_by("-id")[:MOST]
    context = {"tab": "record", "records": [(record, parameters_of(record)) for record in records if is_of(record, build)]}
    return shown(request, "browsing/record.html", {**about(request, build), **context})


def parameters_of(record: AuditRecord) -> Shown:
    """Return the first parameters; masked when they were written, and by today's rules once more."""
    return shown_parameters(record.params, MOST_PARAMETERS)


def is_of(record: AuditRecord, build: Build) -> bool:
    """Is a record of its number of this very build? A repository that was deleted and activated anew counts from 1 again."""
    if record.number == build.number:  # by Drone's clock, which goes no more wrong than edrone tolerates
        return record.time.timestamp() >= build.created - settings.EDRONE_DATE_TOLERANCE
    answer = record.answer or {}
    return (answer.get("id"), answer.get("created")) == (build.id, build.created)
