"""Text that somebody else wrote, made harmless to look at: control characters and what reorders or hides text get names.

Escaping (`<`, `&`) is the template's business. Pure.
"""

import re
from dataclasses import dataclass

# Everything that a terminal or a browser would act on instead of showing it: C0 and C1 controls (tab excepted), line and
# paragraph separators, the marks that turn the writing direction (Unicode Bidi_Control), invisible operators and fillers,
# tags, and lone surrogates, which no page could be encoded with.
HIDDEN = (
    "\x00-\x08\x0a-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\u3164\ud800-\udfff\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e007f"
)
RUN = re.compile(f"([{HIDDEN}])\\1*")
# What the first 32 characters are called: pictures of them are missing in many fonts.
CONTROLS = (
    *("NUL", "SOH", "STX", "ETX", "EOT", "ENQ", "ACK", "BEL", "BS", "TAB", "LF", "VT", "FF", "CR", "SO", "SI"),
    *("DLE", "DC1", "DC2", "DC3", "DC4", "NAK", "SYN", "ETB", "CAN", "EM", "SUB", "ESC", "FS", "GS", "RS", "US"),
)
SHOWN_AT_ONCE = 3  # the same sign more often than this is shown once, with the number of times


@dataclass(frozen=True)
class Piece:
    """A part of a text, visible or hidden throughout."""

    text: str  # without anything hidden
    hidden: bool = False  # True: `text` names a character that would not be seen


def pieces(text: str) -> list[Piece]:
    """Cut a text into what can be shown as it is and the names of what cannot."""
    result, at = [], 0
    for match in RUN.finditer(text):
        if match.start() > at:
            result.append(Piece(text[at : match.start()]))
        result.append(Piece(name(match[1], len(match[0])), hidden=True))
        at = match.end()
    if at < len(text):
        result.append(Piece(text[at:]))
    return result


def name(character: str, times: int = 1) -> str:
    """Return the name of a character, repeated: ESC for escape, U+202E for what has no short name."""
    number = ord(character)
    short = CONTROLS[number] if number < len(CONTROLS) else "DEL" if character == "\x7f" else f"U+{number:04X}"
    return " ".join([short] * times) if times <= SHOWN_AT_ONCE else f"{times} {short}"


def plain(text: str) -> str:
    """Return the text in one string, for places that hold no markup: titles, attributes."""
    return RUN.sub(lambda match: f"[{name(match[1], len(match[0]))}]", text)
