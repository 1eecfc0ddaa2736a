"""The one way to libyaml: text → events, whatever the text is. Pure.

PyYAML's C loader builds nodes recursively, and a file of some ten thousand opening brackets crashes the whole process; so events
are read one after another. What libyaml's time grows with the square of is refused before: %TAG directives, and by the readers of
the events the depth.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import yaml

TAG_DIRECTIVE = re.compile(r"(?:^|(?<=[\n\r\x85\u2028\u2029\ufeff]))%TAG")
MOST_TAG_DIRECTIVES = 16  # in one file
MOST_EVENTS = 100_000  # a pipeline of a hundred steps has about three thousand


class Costly(yaml.YAMLError):
    """The text would take too long, and no pipeline needs what it holds so much of."""


@contextmanager
def parser(text: str) -> Iterator[Callable[[], Any]]:
    """Yield the function that returns the events of a text one by one.

    Raises:
        Costly: before anything is parsed.
        yaml.YAMLError: the text is not YAML, as far as it was read.
        UnicodeError: it holds lone surrogates.
    """
    if "%TAG" in text and len(TAG_DIRECTIVE.findall(text)) > MOST_TAG_DIRECTIVES:
        raise Costly(f"more than {MOST_TAG_DIRECTIVES} %TAG directives, which no pipeline needs.")
    loader = yaml.CSafeLoader(text)
    try:
        yield loader.get_event
    finally:
        loader.dispose()


def events(text: str, budget: Iterator[int] | None = None) -> Iterator[Any]:
    """Yield the events of a text; errors as of `parser`, and Costly for too many of them.

    `budget` has an item for each event that may be read, of this text and of others; without it there are MOST_EVENTS.
    """
    with parser(text) as next_event:
        for _ in budget or iter(range(MOST_EVENTS)):
            event = next_event()
            yield event
            if event.__class__ is yaml.StreamEndEvent:
                return
    raise Costly(f"more than {MOST_EVENTS} keys, values, maps and lists, which no pipeline needs.")
