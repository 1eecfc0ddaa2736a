"""How the decoder of Drone's YAML library puts values into Go's structures: what fits, and what it refuses.

Its rules are Go's (docs/drone.md 3.1): any single value serves as text, null serves as anything, what a key that is
not known holds is never looked at.
"""

import binascii
import re
from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pipelines.language.nodes import NULLS, Mapping, Node, Scalar, Sequence, is_null, value_of
from pipelines.language.reader import is_merge

TRUTH = frozenset(
    form for word in ("y", "yes", "on", "true", "n", "no", "off", "false") for form in (word, word.title(), word.upper())
)
WHOLE = re.compile(r"[-+]?(0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|[0-9][0-9_]*)")
FLOAT = re.compile(
    r"[-+]?[0-9_]*+(?:\.[0-9_]+|(?<=[0-9_]))([eE][-+][0-9]+)?|\.[0-9]+([eE][0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
)
DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}.*")
READ_TAGS = frozenset(f"tag:yaml.org,2002:{name}" for name in ("bool", "int", "float"))
NULL_TAG = "tag:yaml.org,2002:null"
LARGEST = 2**63 - 1
SIZE = re.compile(r"[0-9]+(\.[0-9]+)? ?[kKmMgGtTpP]?[iI]?[bB]?")


class Shape:
    def wrong(self, _: Node, /) -> Iterator[tuple[Node, str]]:
        """Yield the nodes that do not fit, each with what is needed."""
        raise NotImplementedError


@dataclass(eq=False)
class Single(Shape):
    needed: str  # for people
    fits: Callable[[Scalar], bool] = lambda _: True

    def wrong(self, node: Node, /) -> Iterator[tuple[Node, str]]:
        if isinstance(node, Scalar) and not is_as_tagged(node):
            yield node, f"what its tag {node.tag} says"
        elif not is_null(node) and not (isinstance(node, Scalar) and self.fits(node)):
            yield node, self.needed


@dataclass(eq=False)
class ListOf(Shape):
    item: Shape

    def wrong(self, node: Node, /) -> Iterator[tuple[Node, str]]:
        if isinstance(node, Sequence):
            for item in node.items:
                yield from self.item.wrong(item)
        elif not is_null(node):
            yield node, "a list"


class Map(Shape):
    def wrong(self, node: Node, /) -> Iterator[tuple[Node, str]]:
        if isinstance(node, Mapping):
            for key, value in node.pairs:
                if is_merge(key):
                    yield from self.merged(value)
                else:
                    yield from NAME.wrong(key)
                    yield from self.value(key, value)
        elif not is_null(node):
            yield node, "a map"

    def merged(self, value: Node) -> Iterator[tuple[Node, str]]:
        for source in value.items if isinstance(value, Sequence) else [value]:
            if isinstance(source, Mapping):
                yield from self.wrong(source)
            else:
                yield source, "a map to merge"

    def value(self, _key: Node, _value: Node, /) -> Iterator[tuple[Node, str]]:
        raise NotImplementedError


@dataclass(eq=False)
class MapOf(Map):
    shape: Shape

    def value(self, _: Node, value: Node, /) -> Iterator[tuple[Node, str]]:
        return self.shape.wrong(value)


class Struct(Map):
    """A map with known keys; the values of others are not looked at."""

    def __init__(self, **keys: Shape) -> None:
        self.keys = keys

    def value(self, key: Node, value: Node, /) -> Iterator[tuple[Node, str]]:
        if isinstance(key, Scalar) and key.value in self.keys:
            yield from self.keys[key.value].wrong(value)


class Anything(MapOf):
    """What fits into Go's maps and lists."""

    def __init__(self) -> None:
        super().__init__(self)

    def wrong(self, node: Node, /) -> Iterator[tuple[Node, str]]:
        if isinstance(node, Scalar):
            yield from NAME.wrong(node)
        elif isinstance(node, Sequence):
            for item in node.items:
                yield from self.wrong(item)
        else:
            yield from super().wrong(node)


class Whatever(Shape):
    """What a structure's own unmarshaler reads: all but a quoted null, which the decoder does not pass on, and a `!!null x`."""

    def wrong(self, node: Node, /) -> Iterator[tuple[Node, str]]:
        if isinstance(node, Scalar) and node.tag == NULL_TAG and node.value not in NULLS:
            yield node, f"what its tag {node.tag} says"
        if is_quoted_null(node):
            yield node, "another text (~ and null are nothing to it, also in quotes)"


@dataclass(eq=False)
class Either(Whatever):
    """A single value, or a map in its place."""

    single: Single
    mapping: Struct

    def wrong(self, node: Node, /) -> Iterator[tuple[Node, str]]:
        yield from super().wrong(node)
        yield from self.mapping.wrong(node) if isinstance(node, Mapping) else self.single.wrong(node)


class Setting(Whatever):
    """A setting of a plugin; Drone looks no further in a map that names a secret."""

    def wrong(self, node: Node, /) -> Iterator[tuple[Node, str]]:
        yield from super().wrong(node)
        secret = value_of(node, "from_secret") if isinstance(node, Mapping) else None
        if not secret or is_null(secret) or any(SECRET.wrong(node)):
            yield from ANYTHING.wrong(node)


WHATEVER, ANYTHING = Whatever(), Anything()
NAME = Single("a name")
SECRET = Struct(from_secret=NAME)


def is_quoted_null(node: Node) -> bool:
    """Return whether it is a quoted null: one to Go's decoder as well, but not when it decides whether a map is omitted."""
    return isinstance(node, Scalar) and not node.plain and not node.tag and node.value in {"~", "null"}


def is_read(node: Scalar) -> bool:
    """Return whether the characters decide the type. In quotes, and with other tags, a scalar is text."""
    return node.plain or node.tag in READ_TAGS


def is_number(node: Scalar) -> bool:
    text = node.value
    return is_read(node) and bool(WHOLE.fullmatch(text) or FLOAT.fullmatch(text)) and not DATE.fullmatch(text)


def is_base64(text: str) -> bool:
    try:
        return bool(b64decode(re.sub("[\r\n]", "", text), validate=True)) or not text
    except (binascii.Error, ValueError):
        return False


TAGGED: dict[str, Callable[[str], object]] = {
    "bool": TRUTH.__contains__,
    "null": NULLS.__contains__,
    "int": WHOLE.fullmatch,
    "float": lambda text: FLOAT.fullmatch(text) and not WHOLE.fullmatch(text),
    "timestamp": DATE.fullmatch,
    "binary": is_base64,
}


def is_as_tagged(node: Scalar) -> bool:
    """Return whether a scalar is what its tag says, if Drone looks at that tag."""
    fits = TAGGED.get(node.tag.removeprefix("tag:yaml.org,2002:")) if node.tag else None
    return fits is None or bool(fits(node.value))


def is_whole(node: Scalar) -> bool:
    """Return whether it is a number that Go stores in 64 bits."""
    text = node.value.replace("_", "").lower()
    try:
        number = int(text, 16 if "x" in text else 2 if "b" in text else 8 if "o" in text else 10)
    except ValueError:
        try:
            return is_number(node) and float(text.replace(".inf", "inf").replace(".nan", "nan")) <= LARGEST + 1
        except ValueError:
            return is_number(node)
    return is_number(node) and number <= LARGEST


def is_size(node: Scalar) -> bool:
    """Return whether it is a number of bytes, such as 512MiB."""
    return is_whole(node) or bool(SIZE.fullmatch(node.value))
