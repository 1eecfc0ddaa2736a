"""`/api/audit`: who started what."""

from datetime import UTC, datetime, timedelta

from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from builds.access.rules import visible
from builds.rest.base import ApiView, whole
from builds.rest.errors import BadRequest
from builds.rest.paging import cursor, next_link, position_of
from builds.rest.parameters import EPOCH, moment, per_page_of, texts
from builds.rest.shapes import Shape
from builds.starting.models import AuditRecord, Outcome, Verb

PERMISSION = "builds.view_auditrecord"
LIST = "audit"
NAMES = {"repository": "slug", "user": "username"} | {name: name for name in ("verb", "outcome", "operation", "target")}
WORDS = {"verb": Verb.values, "outcome": Outcome.values}


class AuditView(ApiView):
    """The audit records of the repositories that the user may see."""

    alternatives = frozenset({*NAMES, "build"})
    parameters = alternatives | {"since", "until", "cursor", "per_page"}

    def get(self, request: Request) -> Response:
        """List a page of records, newest first."""
        if not request.user.has_perm(PERMISSION):
            raise PermissionDenied("Forbidden: this needs the permission “Can view audit record”, which an administrator gives.")
        query = request.query_params
        records = AuditRecord.objects.filter(visible(request.user)).order_by("-id")
        for name, column in NAMES.items():
            if values := texts(query, name):
                refuse_other_words(name, values)
                records = records.filter(**{f"{column}__in": values})
        if numbers := texts(query, "build"):
            records = records.filter(build__in=[whole(number, "build") for number in numbers])
        since, until, before = moment(query, "since"), moment(query, "until"), position_of(LIST, query)
        if since is not None:
            records = records.filter(time__gte=at(since))
        if until is not None:
            records = records.filter(time__lt=at(until))
        if before is not None:
            records = records.filter(id__lt=before)
        size = per_page_of(query)
        rows = list(records[: size + 1])
        more = {"Link": next_link(request, cursor(LIST, rows[size - 1].pk))} if len(rows) > size else {}
        return Response([audit_shape(row) for row in rows[:size]], headers=more)


def refuse_other_words(name: str, values: tuple[str, ...]) -> None:
    """Refuse words that no record can have, instead of answering an empty list."""
    words = WORDS.get(name)
    for value in values:
        if words and value not in words:
            raise BadRequest(f"“{value}” is no {name}; there are {', '.join(words)}.")


def at(microseconds: int) -> datetime:
    """Convert microseconds since 1970; times beyond the calendar become its first or last day."""
    try:
        return EPOCH + timedelta(microseconds=microseconds)
    except OverflowError:
        return datetime(9999 if microseconds > 0 else 1, 1, 1, tzinfo=UTC)


def audit_shape(row: AuditRecord) -> Shape:
    """Return a record as JSON; times are Unix seconds as in Drone's answers, 0 for not yet."""
    return {
        "id": row.pk,
        "time": int(row.time.timestamp()),
        "finished": int(row.finished.timestamp()) if row.finished else 0,
        "user": row.username,
        "means": row.means,
        "verb": row.verb,
        "repository": row.slug,
        "number": row.number or 0,
        "stage": row.stage or 0,
        "branch": row.branch,
        "commit": row.commit,
        "operation": row.operation,
        "target": row.target,
        "build_message": row.build_message,
        "params": row.params,
        "override": row.override,
        "only_failed": row.only_failed,
        "outcome": row.outcome,
        "status": row.status or 0,
        "message": row.message,
        "build": row.build or 0,
        "build_status": row.build_status,
    }
