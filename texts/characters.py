"""Text from elsewhere, made fit for a log line, a message or a column. Pure."""

import re
from typing import Any

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
LONGEST_NAME = 200  # characters of a name in a message or a log line
LONGEST_SENTENCE = 4000  # of a message
LONE_SURROGATE = re.compile("[\ud800-\udfff]")  # JSON can escape one, and no UTF-8 holds it


def one_line(text: object) -> str:
    """Return a text or an error on one line; the name of its class for an error that says nothing."""
    line = " ".join(str(text).split())
    return line or (type(text).__name__ if isinstance(text, BaseException) else "")


def shortened(text: str, longest: int = LONGEST_NAME) -> str:
    """Return the beginning of a long text, with an ellipsis: who sends a name of a megabyte does not get it back."""
    return text if len(text) <= longest else f"{text[:longest]}…"


def printable(text: str) -> str:
    """Replace each character that cannot be shown: a message may repeat names that somebody else chose."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else REPLACEMENT for character in text)


def encodable(text: str) -> str:
    """Replace what UTF-8 cannot hold."""
    return LONE_SURROGATE.sub(REPLACEMENT, text)


def storable(text: str) -> str:
    """Replace what no column of PostgreSQL holds: NUL and lone surrogates."""
    return text if text.isprintable() else encodable(text).replace("\0", REPLACEMENT)


def storable_json(value: Any) -> Any:
    """Replace what no column of PostgreSQL holds in all texts of a JSON value."""
    match value:
        case str():
            return storable(value)
        case dict():
            return {storable(name): storable_json(content) for name, content in value.items()}
        case list():
            return [storable_json(content) for content in value]
    return value
