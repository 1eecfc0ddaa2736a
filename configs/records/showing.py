"""Records as text and HTML: with the origin of each part, and compared with the record before."""

from functools import lru_cache
from itertools import accumulate

from django.db.models import Q, QuerySet
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from configs.records.models import ServedConfig
from configs.records.packing import unpacked
from pipelines.language.origins import annotated
from texts.differences import TooDifferent, ended, lines_of, unified
from web import highlighting
from web.text import plain_lines

LARGEST = 200_000  # characters that are compared: more takes seconds
MOST_COLOURED, MOST_PLAIN = 90_000, 35_000  # bytes of HTML of a text: first in colours, then without
LONGEST = MOST_COLOURED + MOST_PLAIN  # characters that are looked at: more would not be shown; `showconfig` prints all of a text


def text_of(record: ServedConfig, *, explained: bool = False) -> str:
    """Return the YAML that was served; `explained`: with comments that say where each part came from."""
    resolved = unpacked(record.file)
    if resolved.yaml is None:
        note = gettext("The repository uses its own file (kind: repository). edrone answered 204.")
        return f"# {note}\n"
    return annotated(resolved.yaml, resolved.origins) if explained else resolved.yaml


def before(record: ServedConfig) -> ServedConfig | None:
    """Find what the same branch was served before.

    A hand-started operation (event custom, with an action) is compared with the same operation, all else with all else.
    """
    same: QuerySet[ServedConfig] = ServedConfig.objects.select_related("file__text").filter(
        repo_id=record.repo_id, slug=record.slug, target=record.target, conversion=record.conversion, pk__lt=record.pk
    )
    operation = Q(event="custom") & ~Q(action="")
    if record.event == "custom" and record.action:
        return same.filter(event="custom", action=record.action).order_by("-id").first()
    return same.exclude(operation).order_by("-id").first()


def difference(old: ServedConfig, new: ServedConfig) -> str:
    """Compare what two builds were served line by line, as `diff -u` does; empty where it is equal."""
    return compared(text_of(old), text_of(new), named(old), named(new))


def compared(old: str, new: str, old_name: str, new_name: str) -> str:
    """Compare two texts line by line; the names head them, as those of files."""
    if old == new:
        return ""
    too_long = gettext("The texts differ and are too long to compare here.") + "\n"
    if max(len(old), len(new)) > LARGEST:
        return too_long
    try:
        return "".join(map(ended, unified(lines_of(old), lines_of(new), old_name, new_name)))
    except TooDifferent:
        return too_long


def named(record: ServedConfig) -> str:
    """Name a record as a file of a difference."""
    return f"{record.file} ({record}, {record.served:%Y-%m-%d %H:%M:%S} UTC)"


def coloured(text: str, *, diff: bool = False) -> SafeString:
    """Write a text as HTML, in colours by classes of served.css: a long one without, and a very long one cut."""
    text = plain_lines(f"{text[:LONGEST]}\n…" if len(text) > LONGEST else text)
    start, lines = text[:MOST_COLOURED], text.split("\n")
    complete = start.count("\n") + (start == text)  # the last line may be cut
    inner = list((highlighting.of_difference if diff else highlighting.of_yaml)(lines[:complete]))
    sizes = accumulate(len(line.encode(errors="replace")) + 1 for line in inner)
    shown = [line for line, size in zip(inner, sizes, strict=True) if size <= MOST_COLOURED]
    rest = "\n".join(lines[len(shown) :])
    plain = cut_to(rest, MOST_PLAIN)
    body = "\n".join([*shown, escape(plain)] if len(shown) < len(lines) else shown)
    note = "" if plain == rest else format_html('\n…</pre><p class="quiet">{}</p>', gettext("Only the beginning is shown here."))
    return mark_safe(f'<pre class="served" tabindex="0">{body}{note or "</pre>"}')  # noqa: S308 - all parts are escaped


def cut_to(text: str, most: int) -> str:
    """Return as much of the beginning of a text as fits into `most` bytes of HTML."""
    sizes = accumulate(map(html_size, text[:most]))
    return text[: sum(size <= most for size in sizes)]


@lru_cache(1024)  # since Django takes a microsecond for each, and texts have few different ones
def html_size(character: str) -> int:
    return len(escape(character).encode(errors="replace"))
