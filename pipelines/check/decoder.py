"""How the decoder of Drone's YAML library puts values into Go's structures: what fits, and what it refuses.

Its rules are Go's (docs/drone.md 3.1): any single value serves as text, null serves as anything, what a key that is
not known holds is never looked at.
"""

import binascii
import re
from base64 import b64decode
from collections.abc import Callable, Iterator

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
    """What a value may be."""

    def wrong(self, _: Node, /) -> Iterator[tuple[Node, str]]:
        """Give the values that do not fit, each with what is needed."""
        raise NotImplementedError


class Single(Shape):
    """One value."""

    def __init__(self, needed: str, fits: Callable[[Scalar], bool] = lambda _: True) -> None:
        """Take what it is for people, and which scalars fit."""
        self.needed, self.fits = needed, fits

    def wrong(self, node: Node, /) -> Iterator[tuple[Node, str]]:
        """Refuse collections, and scalars that do not fit."""
        if isinstance(node, Scalar) and not is_as_tagged(node):
            yield node, f"what its tag {node.tag} says"
        elif not is_null(node) and not (isinstance(node, Scalar) and self.fits(node)):
            yield node, self.needed


class ListOf(Shape):
    """A list."""

    def __init__(self, item: Shape) -> None:
        """Take what the items may be."""
        self.item = item

    def wrong(self, node: Node, /) -> Iterator[tuple[Node, str]]:
        """Refuse what is no list, and look at the items."""
        if isinstance(node, Sequence):
            for item in node.items:
                yield from self.item.wrong(item)
        elif not is_null(node):
            yield node, "a list"


class Map(Shape):
    """A map."""

    def wrong(self, node: Node, /) -> Iterator[tuple[Node, str]]:
        """Refuse what is no map, and look at the keys and values, those too that `<<` brings."""
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
        """Look at what `<<` is given."""
        for source in value.items if isinstance(value, Sequence) else [value]:
            if isinstance(source, Mapping):
                yield from self.wrong(source)
            else:
                yield source, "a map to merge"

    def value(self, _key: Node, _value: Node, /) -> Iterator[tuple[Node, str]]:
        """Look at the value of a key."""
        raise NotImplementedError


class MapOf(Map):
    """A map whose keys are free."""

    def __init__(self, shape: Shape) -> None:
        """Take what the values may be."""
        self.shape = shape

    def value(self, _: Node, value: Node, /) -> Iterator[tuple[Node, str]]:
        """Look at the value, whatever its key is."""
        return self.shape.wrong(value)


class Struct(Map):
    """A map of known keys."""

    def __init__(self, **keys: Shape) -> None:
        """Take what the values of the keys may be."""
        self.keys = keys

    def value(self, key: Node, value: Node, /) -> Iterator[tuple[Node, str]]:
        """Look at the value of a known key."""
        if isinstance(key, Scalar) and key.value in self.keys:
            yield from self.keys[key.value].wrong(value)


class Anything(MapOf):
    """Whatever can be put into Go's maps and lists at all."""

    def __init__(self) -> None:
        """Its parts may be anything, too."""
        super().__init__(self)

    def wrong(self, node: Node, /) -> Iterator[tuple[Node, str]]:
        """Look inside."""
        if isinstance(node, Scalar):
            yield from NAME.wrong(node)
        elif isinstance(node, Sequence):
            for item in node.items:
                yield from self.wrong(item)
        else:
            yield from super().wrong(node)


class Whatever(Shape):
    """Whatever a structure's own reader takes: all but a quoted null, of which the decoder hands it nothing, and a `!!null x`."""

    def wrong(self, node: Node, /) -> Iterator[tuple[Node, str]]:
        """Refuse what is null in a way that is none."""
        if isinstance(node, Scalar) and node.tag == NULL_TAG and node.value not in NULLS:
            yield node, f"what its tag {node.tag} says"
        if is_quoted_null(node):
            yield node, "another text (~ and null are nothing to it, also in quotes)"


class Either(Whatever):
    """One value, or a map in its place."""

    def __init__(self, single: Single, whole: Struct) -> None:
        """Take both."""
        self.single, self.whole = single, whole

    def wrong(self, node: Node, /) -> Iterator[tuple[Node, str]]:
        """Look at the map, where it is one."""
        yield from super().wrong(node)
        yield from self.whole.wrong(node) if isinstance(node, Mapping) else self.single.wrong(node)


class Setting(Whatever):
    """What a step hands to its plugin; Drone looks no further where it is a map that names a secret."""

    def wrong(self, node: Node, /) -> Iterator[tuple[Node, str]]:
        """Look inside."""
        yield from super().wrong(node)
        secret = value_of(node, "from_secret") if isinstance(node, Mapping) else None
        if not secret or is_null(secret) or any(SECRET.wrong(node)):
            yield from ANYTHING.wrong(node)


WHATEVER, ANYTHING = Whatever(), Anything()
NAME = Single("a name")
SECRET = Struct(from_secret=NAME)


def is_quoted_null(node: Node) -> bool:
    """Is it null in quotes? To Go's decoder that is null as well, but not when it asks whether a map is left out."""
    return isinstance(node, Scalar) and not node.plain and not node.tag and node.value in {"~", "null"}


def is_read(node: Scalar) -> bool:
    """Do the characters decide what it is? In quotes, and under other tags, it is text."""
    return node.plain or node.tag in READ_TAGS


def is_number(node: Scalar) -> bool:
    """Is it a number to Go?"""
    text = node.value
    return is_read(node) and bool(WHOLE.fullmatch(text) or FLOAT.fullmatch(text)) and not DATE.fullmatch(text)


def is_base64(text: str) -> bool:
    """Would Go decode it?"""
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
    """Is it what its tag says, where that is one that is looked at?"""
    fits = TAGGED.get(node.tag.removeprefix("tag:yaml.org,2002:")) if node.tag else None
    return fits is None or bool(fits(node.value))


def is_whole(node: Scalar) -> bool:
    """Is it a number that Go puts into 64 bits?"""
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
    """Is it a number of bytes, like 512MiB?"""
    return is_whole(node) or bool(SIZE.fullmatch(node.value))
