"""Who did what to a build, or by which it came to be."""

from django.db.models import Q
from django.http import Http404, HttpRequest
from django.template.response import TemplateResponse

from builds.admin.build_page import MAY_SEE_RECORD, about
from builds.admin.pages import find_build, page, shown
from builds.models.audit import AuditRecord

MOST = 100  # records


@page
def record_page(request: HttpRequest, slug: str, number: int) -> TemplateResponse:
    """Show the audit records of a build, the newest first."""
    build = find_build(request, slug, number)
    if not request.user.has_perm(MAY_SEE_RECORD):
        raise Http404
    found = AuditRecord.objects.filter(Q(number=number) | Q(build=number), slug=slug).order_by("-id")
    return shown(request, "admin/builds/record.html", {**about(request, build), "tab": "record", "records": found[:MOST]})
