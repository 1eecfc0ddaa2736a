"""Documents → the text that is served, proven to mean the same, and where its parts came from."""

import re

from configs.compose import limits
from configs.compose.errors import ComposeError, TooLarge
from configs.compose.limits import Budget, too_many_nodes
from configs.compose.nodes import Mapping, Node, Place, Scalar, Sequence
from configs.compose.provenance import Origin
from configs.compose.reading import documents
from configs.compose.splice import Part
from configs.compose.writing import NOT_TEXT, written

SEPARATOR = "---\n"
MARKER = re.compile(r"^(?:---|\.\.\.).*", re.MULTILINE)  # splits or ends the text for Drone (drone-facts.md section 8.1)
DEEPER = 8  # levels that splicing may add to what was read


def finished(path: str, parts: list[Part]) -> tuple[str, list[Origin]]:
    """Write documents as one text, and read it again before anybody gets it.

    Raises:
        ComposeError: it is too large, or Drone would lose a part of it.
    """
    refuse_markers(path, parts)
    texts = [chunk(part) for part in parts]
    folded = any(line_too_long(text) for text in texts)
    if folded:
        texts = [chunk(part, folded=True) for part in parts]
    origins = compared(path, parts, texts)
    if origins is None:
        texts = [chunk(part, folded=folded, quoted=True) for part in parts]
        origins = compared(path, parts, texts)
    text = joined(texts)
    top = Place(path, 1, 1)
    if origins is None or len(MARKER.findall(text)) >= len(parts):
        raise ComposeError(top, "cannot be composed: written as YAML, it would not be read as it was meant. Please report this.")
    if number := line_too_long(text):
        before = [origin for origin in origins if origin.line <= number]
        place = before[-1].place if before else top
        raise ComposeError(
            place, f"makes a line of more than {limits.LINE} bytes, where Drone stops reading; break it into lines."
        )
    if len(text) > limits.RESULT or len(text.encode()) > limits.RESULT:
        raise ComposeError(top, f"the composed YAML is larger than {limits.RESULT} bytes, which no pipeline needs; split it.")
    return text, origins


def chunk(part: Part, *, folded: bool = False, quoted: bool = False) -> str:
    """Write one document: as it was written, where it extends nothing."""
    return written(part.root, folded=folded, quoted=quoted) if part.text is None else part.text


def joined(texts: list[str]) -> str:
    """Put documents together; the last one may end without a line end, which is part of what it says."""
    return SEPARATOR.join([*(text if text.endswith("\n") else f"{text}\n" for text in texts[:-1]), *texts[-1:]])


def refuse_markers(path: str, parts: list[Part]) -> None:
    """Refuse documents that are served as written and have a line in them that only Drone takes for a separator."""
    for part in parts:
        if part.text and (found := MARKER.search(part.text)):
            place = Place(path, part.line + part.text.count("\n", 0, found.start()), 1)
            raise ComposeError(
                place, f"Drone splits or ends the file at a line that begins with {found.group()[:3]}; indent or quote it."
            )


def line_too_long(text: str) -> int:
    """Give the number of the first line that Drone cannot read, 0 where there is none."""
    if len(text) * 4 <= limits.LINE:
        return 0
    lines = enumerate(text.split("\n"), start=1)
    return next((number for number, line in lines if len(line) * 4 > limits.LINE and len(line.encode()) > limits.LINE), 0)


def compared(path: str, parts: list[Part], texts: list[str]) -> list[Origin] | None:
    """Read what was written, and compare it with what was meant.

    Returns:
        Where each part came from; None where something differs.

    Raises:
        TooLarge: all documents together have too many nodes.
    """
    try:
        read = documents(path, joined(texts), Budget(), limits.NESTING + DEEPER)
    except TooLarge:
        raise too_many_nodes(Place(path, 1, 1)) from None
    except ComposeError:
        return None
    origins: list[Origin] = []
    same = len(read) == len(parts) and all(alike(new.root, part.root, origins, 0) for new, part in zip(read, parts, strict=True))
    return origins if same else None


def alike(new: Node, old: Node, origins: list[Origin], depth: int) -> bool:
    """Do two nodes say the same? Notes where the keys and items of the old one came from."""
    if new.tag != old.tag:
        return False
    if isinstance(new, Scalar) and isinstance(old, Scalar):
        return (new.value == old.value and new.plain == old.plain) or meaning(new) == meaning(old)
    if isinstance(new, Sequence) and isinstance(old, Sequence):
        return len(new.items) == len(old.items) and all(
            noted(item, source, origins, group=depth <= 1 and isinstance(source, Mapping))
            and alike(item, source, origins, depth + 1)
            for item, source in zip(new.items, old.items, strict=True)
        )
    if isinstance(new, Mapping) and isinstance(old, Mapping):
        return len(new.pairs) == len(old.pairs) and all(
            noted(key, source, origins, group=depth == 0)
            and alike(key, source, origins, depth + 1)
            and alike(value, source_value, origins, depth + 1)
            for (key, value), (source, source_value) in zip(new.pairs, old.pairs, strict=True)
        )
    return False


def noted(new: Node, old: Node, origins: list[Origin], *, group: bool) -> bool:
    """Note where a key or an item came from."""
    origins.append(Origin(new.place.line, new.place.column, group, old.place))
    return True


def meaning(scalar: Scalar) -> tuple[str, bool]:
    """Give the characters, and whether they decide what it is."""
    if scalar.plain and not scalar.value:
        return "null", True
    return scalar.value, scalar.plain and NOT_TEXT.fullmatch(scalar.value) is not None
