"""Patterns of conditions, matched as Drone matches them: github.com/bmatcuk/doublestar 1.1.1, `Match`.

Neither fnmatch nor a regular expression will do: `*` stays within a part between slashes, `**` is special only as a whole
part, and a malformed pattern matches nothing, but only where it is read that far.
"""

from collections.abc import Callable
from typing import Any

MOST_CHOICES = 100  # `*` and `{` of one pattern
MOST_STEPS = 50_000  # of one match: `*a*a*a*a*b` could take for ever


class BadPattern(Exception):
    """A pattern that is malformed; it matches nothing."""


class Steps:
    """Counts how often a part of a pattern is tried."""

    def __init__(self) -> None:
        self.left = MOST_STEPS

    def count(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise BadPattern


def matches(pattern: str, name: str) -> bool:
    """Return whether a pattern matches all of a name. One that would take too long counts as malformed."""
    if pattern.count("*") + pattern.count("{") > MOST_CHOICES:
        return False
    try:
        return match_parts(split(pattern, "/"), split(name, "/"), Steps())
    except BadPattern:
        return False


def split(text: str, separator: str) -> list[str]:
    r"""Split a text, but not at a separator behind a `\`. Nothing follows a separator at the end."""
    if separator not in text:
        return [text]
    parts: list[str] = []
    start = 0
    while start < len(text):
        end = index_of(text, separator, start)
        end = len(text) if end < 0 else end
        parts.append(text[start:end])
        start = end + 1
    return parts


def index_of(text: str, character: str, start: int) -> int:
    r"""Return the index of the first character that has no `\` before it, -1 where there is none."""
    end = text.find(character, start)
    while end > start and text[end - 1] == "\\":
        start = end + 1
        end = text.find(character, start)
    return end


def match_parts(pattern: list[str], name: list[str], steps: Steps) -> bool:
    """Match what stands between slashes, part by part."""
    steps.count()
    if not pattern or not name:
        return not pattern and not name
    for index, part in enumerate(pattern):
        if index >= len(name):
            return False
        if part == "**":
            return any_rest(match_parts, pattern[index + 1 :], name, index, steps)
        if not match_part(part, name[index], steps):
            return False
    return len(pattern) == len(name)


def any_rest(match: Callable[[Any, Any, Steps], bool], pattern: Any, name: Any, begin: int, steps: Steps) -> bool:
    """Return whether what follows a star matches any end of a name. No rest matches all; a malformed one is passed over."""
    if not pattern:
        return True
    for index in range(begin, len(name)):
        try:
            if match(pattern, name[index:], steps):
                return True
        except BadPattern:
            if steps.left < 0:
                raise
    return False


def match_part(pattern: str, name: str, steps: Steps) -> bool:
    """Match one part, character by character."""
    steps.count()
    if not pattern or (not name and pattern != "*"):
        return not pattern and not name
    at, index = 0, 0
    while at < len(pattern) and index < len(name):
        if pattern[at] == "*":
            return any_rest(match_part, pattern[at + 1 :], name, index, steps)
        if pattern[at] == "{":
            end = closing(pattern, "}", at + 1)
            options = split(pattern[at + 1 : end], ",")
            return any(match_part(option + pattern[end + 1 :], name[index:], steps) for option in options)
        matched, at = match_character(pattern, at, name[index])
        if not matched:
            return False
        index += 1
    rest = pattern[at:]
    return rest == "**" or (index >= len(name) and rest in {"", "*"})


def match_character(pattern: str, at: int, character: str) -> tuple[bool, int]:
    """Match one character with a class, an escaped character, `?` or itself; return also where the pattern goes on."""
    if pattern[at] == "[":
        end = closing(pattern, "]", at + 1)
        return in_class(pattern[at + 1 : end], character), end + 1
    if pattern[at] == "\\":
        if at + 1 >= len(pattern):
            raise BadPattern
        return pattern[at + 1] == character, at + 2
    return pattern[at] in {"?", character}, at + 1


def closing(pattern: str, character: str, start: int) -> int:
    """Return where a class or a list of options ends."""
    end = index_of(pattern, character, start)
    if end < 0:
        raise BadPattern
    return end


def in_class(characters: str, character: str) -> bool:
    """Return whether a character is one of `a-z_`, or none of `^a-z_`."""
    if not characters:
        raise BadPattern
    negated = characters[0] == "^"
    is_in, at = False, int(negated)
    while at < len(characters):
        low, at = one_of_class(characters, at)
        high = low
        if characters[at : at + 1] == "-":
            high, at = one_of_class(characters, at + 1)
        is_in = is_in or low <= character <= high
    return is_in != negated


def one_of_class(characters: str, at: int) -> tuple[str, int]:
    r"""Read one end of a range, which may be escaped; return it, and where reading goes on."""
    if at >= len(characters) or characters[at] == "-":
        raise BadPattern
    if characters[at] == "\\":
        at += 1
        if at >= len(characters):
            raise BadPattern
    return characters[at], at + 1
