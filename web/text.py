"""Texts that somebody else wrote, as HTML: escaped, bounded, with hidden characters named."""

from collections.abc import Iterable
from typing import Any

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from texts import hidden_characters
from texts.hidden_characters import Piece

SIGN = "hidden-sign"  # the CSS class of signs that stand for what cannot be shown
BYTES, SOME = 4, 100  # of HTML, that a character may take on average, and that a short text may take besides
LARGEST_CHARACTER = 6  # bytes of HTML: &quot;


def harmless(text: Any, longest: int = 2000) -> SafeString:
    """Return a text as HTML, its writing direction kept in."""
    text = str(text)
    cut = "…" if len(text) > longest else ""
    html = bounded(hidden_characters.pieces(text[:longest]), BYTES * longest + SOME, cut)
    return mark_safe(f"<bdi>{html}</bdi>")  # noqa: S308 - all parts are escaped


def lines_of(text: str, longest: int = 100_000) -> SafeString:
    """Return a text of several lines as HTML for a place that keeps line ends."""
    lines = text[:longest].replace("\r\n", "\n").split("\n")
    cut = "\n…" if len(text) > longest else ""
    pieces = [piece for line in lines for piece in [Piece("\n"), *hidden_characters.pieces(line)]]
    return mark_safe(bounded(pieces[1:], BYTES * longest + SOME, cut))  # noqa: S308 - all parts are escaped


def bounded(pieces: Iterable[Piece], most: int, cut: str) -> str:
    """Join pieces, each escaped, up to a number of bytes of HTML; `cut` follows where all of them fit, and else an ellipsis."""
    parts: list[str] = []
    for piece in pieces:
        text = escape(piece.text)
        html = f'<span class="{SIGN}">{text}</span>' if piece.hidden else text
        if (size := len(html.encode())) > most:
            return "".join([*parts, "" if piece.hidden else escape(piece.text[: most // LARGEST_CHARACTER]), cut or "…"])
        most -= size
        parts.append(html)
    return "".join([*parts, cut])


def one_line(text: str, longest: int = 120) -> SafeString:
    """Return the first line of a text as HTML."""
    lines = text[: 4 * longest].strip().splitlines()
    return harmless(lines[0] if lines else "", longest)


def plain(text: Any) -> str:
    """Name hidden characters, for places that hold no markup; the template escapes."""
    return whole(text)[:300]


def whole(text: Any) -> str:
    """Name hidden characters in the value of a field, uncut: a shortened value would be sent in the place of what was written."""
    return hidden_characters.plain(str(text))


def plain_lines(text: str) -> str:
    """Name hidden characters in a text of several lines, other than the line ends."""
    return "\n".join(hidden_characters.plain(line) for line in text.split("\n"))
