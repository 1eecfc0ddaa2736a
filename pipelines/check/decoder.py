"""How the decoder of Drone's YAML library puts values into Go's structures: what fits, and what it refuses.

Its rules are Go's (docs/drone.md 3.1): any single value serves as text, null serves as anything, what a key that is
not known holds is never looked at.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pipelines.language.nodes import Mapping, Node, Scalar, Sequence, is_null
from pipelines.language.reader import is_merge

TRUTH = frozenset(
    form for word in ("y", "yes", "on", "true", "n", "no", "off", "false") for form in (word, word.title(), word.upper())
)
WHOLE = re.compile(r"[-+]?(0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|[0-9][0-9_]*)")
FLOAT = re.compile(
    r"[-+]?[0-9_]*+(?:\.[0-9_]+|(?<=[0-9_]))([eE][-+][0-9]+)?|\.[0-9]+([eE][0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
)
READ_TAGS = frozenset(f"tag:yaml.org,2002:{name}" for name in ("bool", "int", "float", "null", "timestamp"))
DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}.*")
SMALLEST, LARGEST = -(2**63), 2**63 - 1
SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?([kKmMgGtTpP]?)[iI]?[bB]?")
UNITS = " kmgtp"  # each 1024 times the one before


class Shape:
    def wrong(self, _: Node, /) -> Iterator[tuple[Node, str]]:
        """Yield the nodes that do not fit, each with what is needed."""
        raise NotImplementedError


@dataclass(eq=False)
class Single(Shape):
    needed: str  # for people
    fits: Callable[[Scalar], bool] = lambda _: True

    def wrong(self, node: Node, /) -> Iterator[tuple[Node, str]]:
        if not is_null(node) and not (isinstance(node, Scalar) and self.fits(node)):
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
    def wrong(self, _: Node, /) -> Iterator[tuple[Node, str]]:
        yield from ()


@dataclass(eq=False)
class Own(Shape):
    """What a structure reads by an unmarshaler of its own, which Go does not ask for `null` or `~` in quotes, and then fails."""

    shape: Shape

    def wrong(self, node: Node, /) -> Iterator[tuple[Node, str]]:
        if isinstance(node, Scalar) and not node.plain and not node.tag and node.value in {"null", "~"}:
            yield node, f"anything but {node.value} in quotes"
        else:
            yield from self.shape.wrong(node)


@dataclass(eq=False)
class Alternatives(Shape):
    single: Single
    mapping: Struct

    def wrong(self, node: Node, /) -> Iterator[tuple[Node, str]]:
        return (self.mapping if isinstance(node, Mapping) else self.single).wrong(node)


def either(single: Single, mapping: Struct) -> Shape:
    """Return what takes a single value, or a map in its place."""
    return Own(Alternatives(single, mapping))


PARAMETER, CONDITION = Own(Anything()), Own(Whatever())
NAME = Single("a name")


def is_read(node: Scalar) -> bool:
    """Return whether the characters decide the type. In quotes it is text, and with other tags than these, too."""
    return node.plain or node.tag in READ_TAGS


def is_number(node: Scalar) -> bool:
    text = node.value
    return is_read(node) and bool(WHOLE.fullmatch(text) or FLOAT.fullmatch(text)) and not DATE.fullmatch(text)


def is_whole(node: Scalar) -> bool:
    """Return whether it is a number that Go stores in 64 bits."""
    number = number_in(node.value)
    return is_number(node) and number <= LARGEST + isinstance(number, float)


def number_in(text: str) -> int | float:
    text = text.replace("_", "").lower()
    try:
        return int(text, 16 if "x" in text else 2 if "b" in text else 8 if "o" in text else 10)
    except ValueError:
        try:
            return float(text.replace(".inf", "inf").replace(".nan", "nan"))
        except ValueError:
            return 0


def stored(node: Scalar) -> int:
    """Return the whole number, or the number of bytes, that Go stores; of one too large the least that it can store."""
    number: float = 0
    if is_whole(node):
        number = max(number_in(node.value), SMALLEST)
    elif size := SIZE.fullmatch(node.value):
        number = float(size[1]) * 1024 ** UNITS.index((size[2] or " ").lower())
    return int(number) if number <= LARGEST else SMALLEST


def is_size(node: Scalar) -> bool:
    """Return whether it is a number of bytes, such as 512MiB."""
    return is_whole(node) or bool(SIZE.fullmatch(node.value))
