"""A log cut into parts that a browser can show one by one. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from builds.logs import ansi
from texts.hidden_characters import HIDDEN

MOST_LINES = 1000
MOST_WEIGHT = 150_000  # about the bytes of a part's HTML
LINE = 114  # bytes of markup around a line, beside those that its line end is counted for
SPECIAL = re.compile(rf"[{HIDDEN}<>&\"']")
SIGN = 34  # bytes of markup around what is not written as it is


@dataclass(frozen=True)
class LogPart:
    """Some lines of a log that follow each other."""

    first: int  # number of its first line, counted from 1
    last: int


def parts(texts: Sequence[str]) -> list[LogPart]:
    """Cut the lines of a log into parts of bounded length and weight."""
    found, first, weight = [], 1, 0
    for number, text in enumerate(texts, 1):
        heavy = LINE + weigh(text)
        if number > first and (number - first == MOST_LINES or weight + heavy > MOST_WEIGHT):
            found.append(LogPart(first, number - 1))
            first, weight = number, 0
        weight += heavy
    if texts:
        found.append(LogPart(first, len(texts)))
    return found


def weigh(text: str) -> int:
    """Estimate the bytes that a line takes in HTML, without its number."""
    if len(text) > ansi.LONGEST:
        begin, end = ansi.visible(text)
        text = text[begin : min(begin + ansi.LONGEST, end)]
    return len(text.encode(errors="replace")) + SIGN * len(SPECIAL.findall(text))
