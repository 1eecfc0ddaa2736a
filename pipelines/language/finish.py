"""Documents → the text that is served, proven to mean the same, and where its parts came from."""

import re

from pipelines.language import limits
from pipelines.language.errors import ComposeError, TooManyNodes
from pipelines.language.limits import Budget, too_many_nodes
from pipelines.language.nodes import Mapping, Node, Place, Scalar, Sequence, is_null
from pipelines.language.origins import Origin
from pipelines.language.reader import documents
from pipelines.language.splice import ComposedDocument
from pipelines.language.writer import written

SEPARATOR = "---\n"
MARKER = re.compile(r"^(?:---|\.\.\.).*", re.MULTILINE)  # splits or ends the text for Drone (docs/drone.md 3.1)
DEEPER = 8  # levels that splicing may add to what was read


def finished(path: str, results: list[ComposedDocument]) -> tuple[str, list[Origin]]:
    """Write documents as one text, and read it again before anybody gets it.

    Raises:
        ComposeError: it is too large, or Drone would lose a part of it.
    """
    refuse_markers(path, results)
    texts = [written(document.root) if document.text is None else document.text for document in results]
    text, top = joined(texts), Place(path, 1, 1)
    if len(text) > limits.RESULT or len(text.encode()) > limits.RESULT:
        raise ComposeError(top, f"the composed YAML is larger than {limits.RESULT} bytes, which no pipeline needs; split it.")
    origins = compared(path, results, text)
    if len(MARKER.findall(text)) >= len(results):
        raise differs(top)
    if number := line_too_long(text):
        before = [origin for origin in origins if origin.line <= number]
        place = before[-1].place if before else top
        raise ComposeError(
            place, f"makes a line of more than {limits.LINE} bytes, where Drone stops reading; break it into lines."
        )
    return text, origins


def joined(texts: list[str]) -> str:
    """Put documents together; the last one may end without a line end, which is part of what it says."""
    return SEPARATOR.join([*(text if text.endswith("\n") else f"{text}\n" for text in texts[:-1]), *texts[-1:]])


def refuse_markers(path: str, results: list[ComposedDocument]) -> None:
    """Refuse documents that are served as written and have a line in them that only Drone takes for a separator."""
    for document in results:
        if document.text and (marker := MARKER.search(document.text)):
            place = Place(path, document.line + document.text.count("\n", 0, marker.start()), 1)
            raise ComposeError(
                place, f"Drone splits or ends the file at a line that begins with {marker.group()[:3]}; indent or quote it."
            )


def line_too_long(text: str) -> int:
    """Return the number of the first line that Drone cannot read, 0 where there is none."""
    if len(text) * 4 <= limits.LINE:
        return 0
    lines = enumerate(text.split("\n"), start=1)
    return next((number for number, line in lines if len(line) * 4 > limits.LINE and len(line.encode()) > limits.LINE), 0)


def compared(path: str, results: list[ComposedDocument], text: str) -> list[Origin]:
    """Read what was written, and compare it with what was meant.

    Returns:
        The origins of all keys and items.

    Raises:
        TooManyNodes: all documents together have too many nodes.
        ComposeError: something differs.
    """
    try:
        parsed = documents(path, text, Budget(), limits.NESTING + DEEPER)
    except TooManyNodes:
        raise too_many_nodes(Place(path, 1, 1)) from None
    except ComposeError:
        raise differs(Place(path, 1, 1)) from None
    origins: list[Origin] = []
    if len(parsed) != len(results):
        raise differs(Place(path, 1, 1))
    for new, old in zip(parsed, results, strict=True):
        compare(new.root, old.root, origins, 0)
    return origins


def compare(new: Node, old: Node, origins: list[Origin], depth: int) -> None:
    """Refuse two nodes that do not say the same. Note the origins of the keys and items."""
    if isinstance(new, Sequence) and isinstance(old, Sequence):
        same = new.tag == old.tag and len(new.items) == len(old.items)
        for item, source in zip(new.items, old.items, strict=False):
            note(item, source, origins, group=depth <= 1 and isinstance(source, Mapping))
            compare(item, source, origins, depth + 1)
    elif isinstance(new, Mapping) and isinstance(old, Mapping):
        same = new.tag == old.tag and len(new.pairs) == len(old.pairs)
        for (key, value), (source, source_value) in zip(new.pairs, old.pairs, strict=False):
            note(key, source, origins, group=depth == 0)
            compare(key, source, origins, depth + 1)
            compare(value, source_value, origins, depth + 1)
    else:
        same = isinstance(new, Scalar) and isinstance(old, Scalar) and is_same(new, old)
    if not same:
        raise differs(old.place)


def note(new: Node, old: Node, origins: list[Origin], *, group: bool) -> None:
    origins.append(Origin(new.place.line, new.place.column, group, old.place))


def is_same(new: Scalar, old: Scalar) -> bool:
    """Return whether a scalar is written as it was, and read as it was."""
    if not old.token and not old.tag:  # null that is not written at all
        return is_null(new) and new.tag is None
    meaning = (new.value, new.tag, new.plain) == (old.value, old.tag, old.plain)
    return meaning and new.token in {old.token, f"{old.token}\n", old.token or "''"}  # a file may end within a block


def differs(place: Place) -> ComposeError:
    return ComposeError(
        place,
        "cannot be composed: written at another place, it would not be read as it was meant. Write the value in one line, or as "
        "a block (|), indented with spaces, without an indentation number, and with a line feed (\\n) and no carriage return at "
        "the end of each line.",
    )
