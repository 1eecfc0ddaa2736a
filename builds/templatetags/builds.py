"""Tags and filters of what Drone's tables hold."""

import re
from datetime import datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from builds.drone_db.production import is_production
from builds.logs import ansi
from texts import hidden_characters
from web import statuses
from web.labels import EVENTS
from web.text import harmless, plain
from web.times import moment

register = template.Library()
VISIBILITIES = {"public": _("public"), "private": _("private"), "internal": _("internal")}
MEANS = {"administration": _("administration"), "demonstration": _("demonstration")}  # as audit records name them
TOKEN, DEMONSTRATION = "token ", "demonstration, "  # what they begin with
COMMIT = 8  # characters of a commit that people read


@register.filter
def commit(text: str) -> str:
    return hidden_characters.plain(text[:COMMIT])


@register.filter
def log_line(spans: list[ansi.Span]) -> SafeString:
    """Return the spans of a line of a log as HTML."""
    texts = (f'<span class="{span.classes}">{escape(span.text)}</span>' if span.classes else escape(span.text) for span in spans)
    return mark_safe("".join(texts))  # noqa: S308 - all texts are escaped, classes come from a fixed set


@register.simple_tag
def sign(status: str) -> SafeString:
    """Return a status as its sign alone, where there is little room; the word is there on hover and for screen readers."""
    look = statuses.look(status)
    return format_html(
        '<span class="status {}" title="{}"><svg viewBox="0 0 16 16" aria-hidden="true" focusable="false">'
        '<circle cx="8" cy="8" r="8"/><path d="{}"/></svg><span class="visually-hidden">{}</span></span>',
        look.colour,
        plain(str(look.word)),
        look.sign,
        harmless(look.word),
    )


@register.filter
def of(values: dict[Any, Any], key: Any) -> Any:
    return values.get(key)


@register.filter
def visibility(word: str) -> SafeString:
    """Return who may see a repository in Drone."""
    return harmless(VISIBILITIES.get(word, word))


@register.filter
def means(text: str) -> SafeString:
    """Return in the reader's language through what something was done; audit records keep it in English."""
    way = text.removeprefix(DEMONSTRATION)
    shown = MEANS.get(way, way)
    if way.startswith(TOKEN):
        shown = gettext("token %(name)s") % {"name": way.removeprefix(TOKEN)}
    return harmless(shown if way == text else gettext("demonstration, %(means)s") % {"means": shown})


@register.filter
def reason(error: str) -> str:
    """Write an error on one line, without what stands before edrone's own: also Drone's words, where its linter refuses it."""
    return re.sub(r"^(linter: unsupported os: )?edrone: ", "", " ".join(error.split()))


@register.filter
def event(word: str) -> SafeString:
    return harmless(EVENTS.get(word, word))


@register.filter
def next_run(at: datetime | None) -> SafeString:
    """Say when a schedule comes next. Drone writes this down when it last came, so a moment that is past is overdue."""
    if at is None:
        return harmless(gettext("unknown"))
    return format_html("{} {}", gettext("overdue since"), moment(at)) if at < timezone.now() else moment(at)


@register.filter
def place(build: Any) -> str:
    """Name what was built: a tag, a branch, or for a pull request `#7 feature → master`."""
    for prefix in ("refs/heads/", "refs/tags/"):
        if build.ref.startswith(prefix):
            return str(build.ref.removeprefix(prefix))
    if build.event == "pull_request" and build.source:
        numbers = [part for part in build.ref.split("/") if part.isdecimal()]
        return " ".join([f"#{number}" for number in numbers[:1]] + [f"{build.source} → {build.target}"])
    return str(build.ref or build.target)


@register.filter
def since(build: Any) -> datetime | None:
    """Return since when a build is where it deployed to: it is there once the build has finished."""
    return build.finished_at if build.finished else build.created_at  # type: ignore[no-any-return]  # Moment is not typed


register.filter(is_production)
