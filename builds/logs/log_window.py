"""The lines of a log that a browser gets at once: as many as a page of bounded size holds. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from builds.logs import ansi
from texts.hidden_characters import HIDDEN

MOST_LINES = 1000
MOST_WEIGHT = 150_000  # about the bytes of a window's HTML
LINE = 114  # bytes of markup around a line, beside those that its line end is counted for
SPECIAL = re.compile(rf"[{HIDDEN}<>&\"']")
SIGN = 34  # bytes of markup around what is not written as it is


@dataclass(frozen=True)
class Window:
    """Some lines of a log that follow each other."""

    first: int  # number of its first line, counted from 1
    last: int


def window(texts: Sequence[str], number: int) -> Window:
    """Choose the lines around one: up to half of what fits from it on, then those before it, then those after it.

    Args:
        texts: lines that may be shown, at least one.
        number: that of the line which must be among them, counted from 1.
    """
    first = last = number
    weight = LINE + weigh(texts[number - 1])
    for step, share in ((1, 2), (-1, 1), (1, 1)):
        while True:
            following = last + 1 if step == 1 else first - 1
            if not 1 <= following <= len(texts) or last - first + 1 >= MOST_LINES // share:
                break
            heavy = LINE + weigh(texts[following - 1])
            if weight + heavy > MOST_WEIGHT // share:
                break
            weight += heavy
            first, last = min(first, following), max(last, following)
    return Window(first, last)


def weigh(text: str) -> int:
    """Estimate the bytes that a line takes in HTML, without its number."""
    if len(text) > ansi.LONGEST:
        begin, end = ansi.visible(text)
        text = text[begin : min(begin + ansi.LONGEST, end)]
    return len(text.encode(errors="replace")) + SIGN * len(SPECIAL.findall(text))
