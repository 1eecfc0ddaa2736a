"""Lines of a log with terminal escapes → pieces of text with names of styles. Pure; time grows with the text's length.

Colours and weights (SGR) are kept, from line to line as on a terminal. Everything else that a terminal would act on
(cursor movement, titles, links, other OSC, DCS and APC strings) is left out where it is complete, and shown as a sign
where it is not. After a carriage return a terminal writes over the line; what stays is shown, and a sign says so.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache

from texts import hidden_characters
from web.text import SIGN

REMEMBERED = 16_384  # characters of what is not shown itself, that are looked at for colours
TAIL = 64  # characters in which the end of a line is looked for first
LONGEST = 4000  # characters of one line that are shown; the rest is in the raw log
COLOURS = 16  # the first of them have names in every theme; the other 240 are fixed
GREYS = 232  # the first of 24 greys; before them a cube of six steps of red, green and blue
STEPS = (0, 95, 135, 175, 215, 255)
# Possessive quantifiers: nothing is tried twice, so hostile lines take no longer than others.
ESCAPE = re.compile(
    r"\x1b\[(?P<sgr>[0-9;:]*+)m"
    r"|\x1b\[[0-?]*+[ -/]*+[@-~]"  # every other control sequence
    r"|\x1b[\]PX^_][^\x07\x1b\n]*+(?:\x07|\x1b\\)"  # strings: OSC, DCS, SOS, PM, APC
    r"|\x1b[ -/]++[0-~]|\x1b[0-OQ-WYZ\\`-~]"  # escapes of two or three characters
)
FLAGS = {1: "bold", 2: "faint", 3: "italic", 4: "underlined", 7: "reverse", 9: "struck"}
NAMED = {30 + number: number for number in range(8)} | {90 + number: 8 + number for number in range(8)}
FOREGROUND: dict[int, int | None] = {39: None, **NAMED}
BACKGROUND: dict[int, int | None] = {49: None, **{10 + code: colour for code, colour in NAMED.items()}}
UNDO = {21: "bold", 22: "bold faint", 23: "italic", 24: "underlined", 27: "reverse", 29: "struck"}


@dataclass(frozen=True)
class Style:
    """How a terminal writes at this moment."""

    foreground: int | None = None  # 0 to 255, as xterm numbers them
    background: int | None = None
    flags: frozenset[str] = field(default_factory=frozenset)

    @property
    def classes(self) -> str:
        """Return the names of CSS classes; text on a coloured ground is black or white, so that it can be read."""
        front: int | None = self.foreground
        back: int | str | None = self.background
        if "reverse" in self.flags:
            back = "front" if front is None else front
        ground = "" if back is None else str(back)
        colour = f"b{ground}" if ground else "" if front is None else f"f{front}"
        return " ".join(filter(None, [colour, *sorted(self.flags - {"reverse"})]))


PLAIN = Style()


@dataclass(frozen=True)
class Span:
    """A piece of a line in one style."""

    text: str
    classes: str = ""  # separated by blanks; SIGN: the text names a character that cannot be shown


def lines(texts: Iterable[str], style: Style = PLAIN) -> Iterator[list[Span]]:
    """Cut each line into spans; styles go on from line to line."""
    for text in texts:
        spans, style = line(text, style)
        yield spans


def line(text: str, style: Style = PLAIN) -> tuple[list[Span], Style]:
    """Cut one line into spans.

    Returns:
        The spans, and the style that the next line begins with.
    """
    begin, end = visible(text)
    spans: list[Span] = []
    if begin:
        style = after(text[max(begin - REMEMBERED, 0) : begin], style)
        spans.append(Span("CR", SIGN))
    shown, at = text[begin : min(begin + LONGEST, end)], 0
    for match in ESCAPE.finditer(shown):
        spans += written(shown[at : match.start()], style)
        style = changed(style, match["sgr"])
        at = match.end()
    spans += written(shown[at:], style)
    if end > begin + LONGEST:
        style = after(text[max(begin + LONGEST, end - REMEMBERED) : end], style)
    return spans, style


def visible(text: str) -> tuple[int, int]:
    """Return where what is seen of a line begins and ends: after its last carriage return, and before its line end.

    Nothing long is copied: the only line of a log may have as many characters as the log.
    """
    tail = text[-TAIL:]
    kept = len(tail.rstrip("\r\n"))
    end = len(text) - len(tail) + kept if kept else len(text.rstrip("\r\n"))
    return text.rfind("\r", 0, end) + 1, end


def after(text: str, style: Style = PLAIN) -> Style:
    """Return the style that a terminal has after a text, as far as its last REMEMBERED characters say."""
    text = text[-REMEMBERED:]
    if (reset := max(text.rfind("\x1b[0m"), text.rfind("\x1b[m"))) >= 0:
        style, text = PLAIN, text[reset:]
    if "\x1b" in text:
        for match in ESCAPE.finditer(text):
            style = changed(style, match["sgr"])
    return style


def written(text: str, style: Style) -> list[Span]:
    """Return a text without escapes as spans."""
    classes = style.classes
    return [Span(piece.text, SIGN if piece.hidden else classes) for piece in hidden_characters.pieces(text)]


@lru_cache(maxsize=4096)
def changed(style: Style, sgr: str | None) -> Style:
    """Apply the numbers of one SGR sequence (None: it was another one)."""
    if sgr is None:
        return style
    if sgr in {"", "0"}:
        return PLAIN
    codes, at = numbers(sgr), 0
    while at < len(codes):
        code = codes[at]
        if code in {38, 48}:
            colour, used = extended(codes[at + 1 :])
            if colour is not None:
                style = replace(style, foreground=colour) if code == 38 else replace(style, background=colour)  # noqa: PLR2004
            at += used
        else:
            style = simple(style, code)
        at += 1
    return style


def numbers(sgr: str) -> list[int]:
    """Read the numbers of an SGR sequence; of those with colons only colours use what follows the first."""
    found: list[int] = []
    for group in sgr.split(";"):
        codes = [int(code) if code and len(code) <= len("255") else 0 for code in group.replace("::", ":").split(":")]
        found += codes if codes[0] in {38, 48} else codes[:1]
    return found


def simple(style: Style, code: int) -> Style:
    """Apply one number that stands by itself."""
    if code == 0:
        return PLAIN
    if code in FLAGS:
        return replace(style, flags=style.flags | {FLAGS[code]})
    if code in UNDO:
        return replace(style, flags=style.flags - set(UNDO[code].split()))
    if code in FOREGROUND:
        return replace(style, foreground=FOREGROUND[code])
    if code in BACKGROUND:
        return replace(style, background=BACKGROUND[code])
    return style


def extended(codes: list[int]) -> tuple[int | None, int]:
    """Read what follows 38 or 48: `5;n`, one of 256 colours, or `2;r;g;b`, the nearest of them.

    Returns:
        The colour, and how many numbers it took.
    """
    match codes:
        case [5, number, *_]:
            return (number if number <= 255 else None), 2  # noqa: PLR2004
        case [2, red, green, blue, *_]:
            return nearest(red, green, blue), 4
        case _:
            return None, len(codes)


def nearest(red: int, green: int, blue: int) -> int:
    """Find the colour of xterm's cube of six by six by six, or of its 24 greys, that comes nearest to a true colour.

    Only classes, no style attributes: those a strict Content-Security-Policy forbids.
    """
    wanted = [min(part, 255) for part in (red, green, blue)]
    cube = [min(range(6), key=lambda step: abs(STEPS[step] - part)) for part in wanted]
    grey = min(max(round((sum(wanted) / 3 - 8) / 10), 0), 23)
    choices = (COLOURS + 36 * cube[0] + 6 * cube[1] + cube[2], GREYS + grey)
    return min(choices, key=lambda number: sum((a - b) ** 2 for a, b in zip(rgb(number), wanted, strict=True)))


def rgb(number: int) -> tuple[int, int, int]:
    """Return red, green and blue (0 to 255) of one of xterm's colours from 16 on."""
    if number >= GREYS:
        return (8 + 10 * (number - GREYS),) * 3
    number -= COLOURS
    return STEPS[number // 36], STEPS[number // 6 % 6], STEPS[number % 6]
