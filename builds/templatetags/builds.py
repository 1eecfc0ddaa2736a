"""Tags and filters of the pages: every text that somebody else wrote goes through `harmless`."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from builds.logs import ansi
from configs.records.showing import moment
from texts import hidden_characters
from texts.sentence import translated
from web import statuses, times

register = template.Library()
register.filter(moment)
VISIBILITIES = {"public": _("public"), "private": _("private"), "internal": _("internal")}
ADMINISTRATION, TOKEN = "administration", "token "  # as audit records name them
BYTES, SOME = 4, 100  # of HTML, that a character may take on average, and that a short text may take besides
LARGEST_CHARACTER = 6  # bytes of HTML: &quot;
COMMIT = 8  # characters of a commit that people read


@register.filter
def harmless(text: Any, longest: int = 2000) -> SafeString:
    """Show a text that somebody else wrote: escaped, with hidden characters named, and its writing direction kept in."""
    text = str(text)
    cut = "…" if len(text) > longest else ""
    return mark_safe(f"<bdi>{marked(hidden_characters.pieces(text[:longest]), BYTES * longest + SOME, cut)}</bdi>")  # noqa: S308 - all parts are escaped


def marked(pieces: Iterable[hidden_characters.Piece], most: int, cut: str = "") -> str:
    """Join pieces, each escaped, up to a number of bytes of HTML; `cut` follows where all of them fit, and else an ellipsis."""
    found: list[str] = []
    for piece in pieces:
        text = escape(piece.text)
        html = f'<span class="{ansi.SIGN}">{text}</span>' if piece.hidden else text
        if (size := len(html.encode())) > most:
            return "".join([*found, "" if piece.hidden else escape(piece.text[: most // LARGEST_CHARACTER]), cut or "…"])
        most -= size
        found.append(html)
    return "".join([*found, cut])


@register.filter
def lines_of(text: str, longest: int = 100_000) -> SafeString:
    """Show a text of several lines; the page keeps its line ends."""
    lines = text[:longest].replace("\r\n", "\n").split("\n")
    cut = "\n…" if len(text) > longest else ""
    pieces = [piece for line in lines for piece in [hidden_characters.Piece("\n"), *hidden_characters.pieces(line)]]
    return mark_safe(marked(pieces[1:], BYTES * longest + SOME, cut))  # noqa: S308 - all parts are escaped


@register.filter
def one_line(text: str, longest: int = 120) -> SafeString:
    """Show the first line of a text."""
    lines = text[: 4 * longest].strip().splitlines()
    return harmless(lines[0] if lines else "", longest)


@register.filter
def plain(text: Any) -> str:
    """Name hidden characters, for places that hold no markup; the template escapes."""
    return hidden_characters.plain(str(text))[:300]


@register.filter
def commit(text: str) -> str:
    """Shorten a commit."""
    return hidden_characters.plain(text[:COMMIT])


@register.filter
def log_line(spans: list[ansi.Span]) -> SafeString:
    """Write the spans of a line of a log."""
    return mark_safe(  # noqa: S308 - all texts are escaped, classes come from a fixed set
        "".join(
            f'<span class="{span.classes}">{escape(span.text)}</span>' if span.classes else escape(span.text) for span in spans
        )
    )


@register.simple_tag
def status(word: str) -> SafeString:
    """Show a status as a sign and a word in a colour."""
    look = statuses.look(word)
    return format_html(
        '<span class="status {}"><svg viewBox="0 0 16 16" aria-hidden="true" focusable="false">'
        '<circle cx="8" cy="8" r="8"/><path d="{}"/></svg>{}</span>',
        look.colour,
        look.sign,
        harmless(look.word),
    )


@register.filter
def colour(word: str) -> str:
    """Give the colour of a status as a class."""
    return statuses.look(word).colour


@register.filter
def visibility(word: str) -> SafeString:
    """Show who may see a repository in Drone."""
    return harmless(VISIBILITIES.get(word, word))


@register.filter
def means(text: str) -> SafeString:
    """Show by means of what something was done, which records keep in English."""
    if text == ADMINISTRATION:
        return harmless(gettext("administration"))
    return harmless(gettext("token %(name)s") % {"name": text.removeprefix(TOKEN)} if text.startswith(TOKEN) else text)


@register.filter
def said(text: Any) -> SafeString:
    """Show a sentence of edrone's in the reader's language."""
    return harmless(translated(text, gettext), 4000)


@register.filter
def event(word: str) -> SafeString:
    """Show the word of an event."""
    return harmless(statuses.EVENTS.get(word, word))


@register.filter
def duration(seconds: int | None) -> str:
    """Write a duration."""
    return times.duration(seconds)


@register.filter
def next_run(at: datetime | None) -> SafeString:
    """Say when a schedule comes next; Drone writes this down when it last came, so that a moment that is past is overdue."""
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
def labelled(cells: Any, headers: list[dict[str, Any]]) -> list[SafeString]:
    """Tell each cell of Django's lists its column, for phones, where a row is a card; and its role, which a card would lose."""
    return [labelled_cell(cell, column_of(header)) for cell, header in zip(cells, headers, strict=False)]


def labelled_cell(cell: SafeString, column: str) -> SafeString:
    """Add to a cell the name of its column."""
    role = "rowheader" if cell.startswith("<th") else "cell"
    rest = mark_safe(cell[3:])  # noqa: S308 - Django has escaped it
    return format_html('{}role="{}" data-label="{}"{}', mark_safe(f"{cell[:3]} "), role, column, rest)  # noqa: S308 - a tag


def column_of(header: dict[str, Any]) -> str:
    """Name a column; that of the boxes to tick has no name."""
    return "" if "action-checkbox" in header.get("class_attrib", "") else capfirst(str(header["text"]))
