"""What was served to which build, and the last errors, for people who may look at them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from builds.access.read_only import ReadOnly
from builds.served.build_keys import bind_number
from configs.records.models import ConfigFile, LastError, ServedConfig
from configs.records.showing import before, coloured, difference, text_of
from web.labels import EVENTS, SPANS, TIMES
from web.paginators import Uncounted
from web.times import moment

INDEXED = {"id__lt", "slug", "ref", "event", "number", "time"}  # what a list can be narrowed by, in its address
BUILD = (
    "repository", "numbered", "event_word", "action", "ref", "after", "target", "deploy_to", "made_from", "trigger", "author",
    "sender",
)  # fmt: skip
SERVED = ("file_link", "conversion", "sources", "hash", "served_at", "late", "version", "revision", "yaml")
CHANGES = ("previous", "changes")
MOST_FILES = 1000  # states of the files of one path, the newest of which a search finds


class EventFilter(admin.SimpleListFilter):
    """Events, without asking the database which there are."""

    title, parameter_name = _("event"), "event"

    def lookups(self, *_: Any) -> Sequence[tuple[str, Any]]:
        return list(EVENTS.items())

    def queryset(self, _: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows.filter(event=self.value()) if self.value() else rows


class TimeFilter(admin.SimpleListFilter):
    """Spans of time; by id, which grows with time, so that an index gives the newest first."""

    title, parameter_name = _("time"), "time"

    def lookups(self, *_: Any) -> Sequence[tuple[str, Any]]:
        return list(TIMES.items())

    def queryset(self, _: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        name = (self.value() or "").removeprefix("-")
        if name not in SPANS:
            return rows
        start = datetime.now(UTC) - SPANS[name]
        if not (self.value() or "").startswith("-"):
            return rows.filter(served__gte=start)
        last = ServedConfig.objects.filter(served__lt=start).order_by("-served").values_list("pk", flat=True).first()
        return rows.filter(pk__lte=last or 0, served__lt=start)


@admin.register(ServedConfig)
class ServedConfigAdmin(ReadOnly):
    empty = _(
        "No records. Each configuration that Drone was given is listed here, with the file that it came from. If Drone has never "
        "asked, connect it: docs/connecting.md. You see the records of repositories that your grants include."
    )
    list_display = ("served_at", "repository", "build_link", "event_word", "branch_or_tag", "file_link", "trigger")
    list_display_links = ("served_at",)
    list_filter = (EventFilter, TimeFilter)
    list_select_related = ("file",)
    search_fields = ("slug",)  # what is searched: get_search_results
    search_help_text = _("namespace/name of a repository, build number, branch or tag, refs/…, or a file of the tree (….yaml)")
    fieldsets = (
        (_("Build"), {"fields": BUILD}),
        (_("Served configuration"), {"fields": SERVED}),
        (_("Changes"), {"fields": CHANGES}),
    )

    class Media:
        css: ClassVar = {"all": ["web/served.css"]}

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Allow what an index finds: any other would read all records."""
        return lookup in INDEXED

    def get_queryset(self, request: HttpRequest) -> QuerySet[ServedConfig]:
        """Read the file with each record, and its text for one record's page."""
        match = request.resolver_match
        is_detail = match is not None and match.url_name == "configs_servedconfig_change"
        return super().get_queryset(request).select_related("file__text" if is_detail else "file").order_by("-id")

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return (*BUILD, *SERVED, *CHANGES)

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> tuple[QuerySet[Any], bool]:
        """Search by what an index finds."""
        words = search_term.split()
        for number in filter(is_number, words):
            bind_number(number_of(number), next((word for word in words if "/" in word), ""))
        for word in words:
            queryset = queryset.filter(condition(word, self.get_queryset(request)))
        return queryset, False

    @admin.display(description=_("served"))
    def served_at(self, record: ServedConfig) -> SafeString:
        return moment(record.served)

    @admin.display(description=_("event"))
    def event_word(self, record: ServedConfig) -> Any:
        return EVENTS.get(record.event, record.event)

    @admin.display(description=_("repository"))
    def repository(self, record: ServedConfig) -> SafeString:
        """Name the repository, which leads to all that it was served."""
        return listed(record.slug, slug=record.slug)

    @admin.display(description=_("build"))
    def build_link(self, record: ServedConfig) -> SafeString | str:
        """Lead to the build, where its number is known."""
        if not record.number:
            return "-"
        address = reverse("admin:builds_build", kwargs={"slug": record.slug, "number": record.number})
        return format_html('<a href="{}">#{}</a>', address, record.number)

    @admin.display(description=_("build"))
    def numbered(self, record: ServedConfig) -> str:
        """Return the number, or say when it will be known."""
        return str(record.number) if record.number else gettext("shown after you open the build or search for its number")

    @admin.display(description=_("parent build"))
    def made_from(self, record: ServedConfig) -> str:
        """Return the number of the build that was restarted or promoted."""
        return f"#{record.parent}" if record.parent else "-"

    @admin.display(description=_("ref"))
    def branch_or_tag(self, record: ServedConfig) -> SafeString:
        """Name the ref, which leads to all that was served for it."""
        return listed(record.ref, slug=record.slug, ref=record.ref)

    @admin.display(description=_("file"))
    def file_link(self, record: ServedConfig) -> SafeString:
        """Name the file, which leads to all builds that it served."""
        return listed(str(record.file), q=record.file.path)

    @admin.display(description=_("source files"))
    def sources(self, record: ServedConfig) -> str:
        return gettext(", ").join(record.file.shown_sources)

    @admin.display(description=_("SHA-256 of the text"))
    def hash(self, record: ServedConfig) -> str:
        return record.file.text_id or gettext("none: the repository uses its own file")

    @admin.display(description=_("YAML, with the origin of each part"))
    def yaml(self, record: ServedConfig) -> SafeString:
        return coloured(text_of(record, explained=True))

    @admin.display(description=_("previous record of this branch"))
    def previous(self, record: ServedConfig) -> SafeString | str:
        """Name what the same branch was served before."""
        old = before(record)
        if old is None:
            return gettext("no earlier record")
        address = reverse("admin:configs_servedconfig_change", args=[old.pk])
        return format_html('<a href="{}">{}</a>, {}', address, old, moment(old.served))

    @admin.display(description=_("changes since then"))
    def changes(self, record: ServedConfig) -> SafeString | str:
        old = before(record)
        if old is None:
            return "-"
        return coloured(diff, diff=True) if (diff := difference(old, record)) else gettext("none: the text is the same")


@admin.register(LastError)
class LastErrorAdmin(Uncounted, ReadOnly):
    """The last error of each repository, the newest first."""

    change_list_template = "admin/change_list.html"  # the newest has not the largest id
    empty = _(
        "No errors. Where edrone cannot serve a build, the last reason of each repository is listed here; "
        "the build's page says it too."
    )
    list_display = ("at", "slug", "build", "event_word", "ref", "message")
    list_display_links = ("at",)
    fields = ("at", "slug", "build", "event_word", "ref", "target", "trigger", "message", "version", "revision")
    readonly_fields = ("at", "build", "event_word")
    search_fields = ("slug",)
    search_help_text = _("namespace/name of a repository")

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> tuple[QuerySet[Any], bool]:
        return (queryset.filter(slug=search_term.strip()) if search_term.strip() else queryset), False

    @admin.display(description=_("time"))
    def at(self, error: LastError) -> SafeString:
        return moment(error.time)

    @admin.display(description=_("build"))
    def build(self, error: LastError) -> str:
        """Return the number; a build that was being triggered has none."""
        return str(error.number) if error.number else "-"

    @admin.display(description=_("event"))
    def event_word(self, error: LastError) -> Any:
        return EVENTS.get(error.event, error.event)


def is_number(word: str) -> bool:
    """Is a word the number of a build?"""
    return word.isdecimal() and word.isascii()


def number_of(word: str) -> int:
    """Return the number, which a column holds."""
    return min(int(word[:19]), 2**63 - 1)


def condition(word: str, seen: QuerySet[ServedConfig]) -> Q:
    """Return what a word of a search means among the records that the reader may see; each is one that an index finds."""
    if is_number(word):
        return Q(number=number_of(word))
    if word.endswith((".yaml", ".yml")):
        path = word.removeprefix("projects/")
        files = ConfigFile.objects.filter(path=path).values_list("pk", flat=True)[:MOST_FILES]
        return Q(file__in=list(files))
    if word.startswith("refs/"):
        return Q(ref=word)
    # One after the other, since an index gives the newest first for one value only.
    meanings = [Q(slug=word)] * ("/" in word) + [Q(ref=f"refs/heads/{word}"), Q(ref=f"refs/tags/{word}")]
    return next((meaning for meaning in meanings if seen.filter(meaning).exists()), Q(pk__in=[]))


def listed(text: str, **parameters: str) -> SafeString:
    """Write a link to the list of records that have something in common."""
    return format_html('<a href="{}?{}">{}</a>', reverse("admin:configs_servedconfig_changelist"), urlencode(parameters), text)
