"""The admin pages of audit records."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from builds.access.read_only import ReadOnly
from builds.drone_db.masking import LONGEST_NAME, LONGEST_VALUE, shown_parameters
from builds.starting.models import AuditRecord
from builds.templatetags.builds import means
from web.labels import SPANS, TIMES
from web.statuses import look
from web.templatetags.web import said
from web.text import harmless
from web.times import moment

OFFERED = ("day", "week", "month")
DONE = (
    "at",
    "username",
    "by_means",
    "verb",
    "repository",
    "number",
    "stage",
    "branch",
    "commit",
    "operation",
    "target",
    "build_message",
    "parameters",
    "override",
    "left_out",
)
ENDED = ("outcome", "status", "answer_said", "build_link", "build_look", "ended")


class SpanFilter(admin.SimpleListFilter):
    title, parameter_name = _("time"), "time"

    def lookups(self, *_: Any) -> Sequence[tuple[str, Any]]:
        return [(name, TIMES[name]) for name in OFFERED]

    def queryset(self, _: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        name = self.value()
        return rows.filter(time__gte=datetime.now(UTC) - SPANS[name]) if name in OFFERED else rows


@admin.register(AuditRecord)
class AuditAdmin(ReadOnly):
    empty = _(
        "No records. Whoever starts, approves, cancels or deploys a build through edrone is listed here, with the outcome. "
        "To start a build, open a repository and choose what to run. "
        "You see the records of repositories that your grants include."
    )
    list_display = ("at", "username", "by_means", "verb", "repository", "what", "outcome", "build_link")
    list_display_links = ("at",)
    list_filter = ("verb", "outcome", SpanFilter)
    search_fields = ("slug",)  # what is searched: get_search_results
    search_help_text = _("namespace/name of a repository, or the name of a user")
    readonly_fields = (*DONE, *ENDED)
    fieldsets = ((_("Request"), {"fields": DONE}), (_("Result"), {"fields": ENDED}))

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> tuple[QuerySet[Any], bool]:
        for word in search_term.split():
            queryset = queryset.filter(Q(slug=word) if "/" in word else Q(username=word))
        return queryset, False

    @admin.display(description=_("time"))
    def at(self, record: AuditRecord) -> SafeString:
        return moment(record.time)

    @admin.display(description=_("via"))
    def by_means(self, record: AuditRecord) -> SafeString:
        return means(record.means)

    @admin.display(description=_("message"))
    def answer_said(self, record: AuditRecord) -> SafeString | str:
        return said(record.said) if record.message else "-"

    @admin.display(description=_("build status"))
    def build_look(self, record: AuditRecord) -> SafeString | str:
        return harmless(look(record.build_status).word) if record.build_status else "-"

    @admin.display(description=_("finished at"))
    def ended(self, record: AuditRecord) -> SafeString:
        return moment(record.finished)

    @admin.display(description=_("repository"))
    def repository(self, record: AuditRecord) -> str:
        """Name the repository, and the build that it was done to."""
        return f"{record.slug} #{record.number}" if record.number else record.slug

    @admin.display(description=_("details"))
    def what(self, record: AuditRecord) -> str:
        return record.operation or record.target or record.branch

    @admin.display(description=_("only what failed"))
    def left_out(self, record: AuditRecord) -> str:
        return gettext("Yes") if record.only_failed else "-"

    @admin.display(description=_("parameters"))
    def parameters(self, record: AuditRecord) -> SafeString | str:
        """List the first parameters; masked when they were written, and by today's rules once more."""
        shown = shown_parameters(record.params)
        lines = [f"{name[:LONGEST_NAME]}={value[:LONGEST_VALUE]}" for name, value in shown.first.items()]
        if shown.more:
            more = ngettext("%(counter)s more parameter", "%(counter)s more parameters", shown.more)
            lines.append(more % {"counter": shown.more})
        return format_html_join("\n", "<div>{}</div>", ((line,) for line in lines)) or "-"

    @admin.display(description=_("build"))
    def build_link(self, record: AuditRecord) -> SafeString | str:
        if not record.build:
            return "-"
        address = reverse("admin:builds_build", kwargs={"slug": record.slug, "number": record.build})
        return format_html('<a href="{}">#{}</a>', address, record.build)
