"""Which kind of value each key of a document needs: what Drone's server cannot put into its own structures, it refuses.

After the structures of Drone's YAML library; the rules of its decoder are those of Go's (drone-facts.md section 8.1): any
single value serves as text, null serves as anything, a key that is not known is passed over.
"""

import re
from collections.abc import Callable, Iterator

from configs.check.documents import LONGEST_QUOTE
from configs.check.findings import ERROR, Finding, check
from configs.compose.nodes import Mapping, Node, Scalar, Sequence, identity, is_null, kind_of
from configs.compose.reading import is_merge

WRONG_VALUE = check("wrong-value", ERROR, "a value of a kind that Drone cannot read there: text for a list, a word for a number")

TRUTH = frozenset(
    [
        "y",
        "Y",
        "yes",
        "Yes",
        "YES",
        "on",
        "On",
        "ON",
        "true",
        "True",
        "TRUE",
        "n",
        "N",
        "no",
        "No",
        "NO",
        "off",
        "Off",
        "OFF",
        "false",
        "False",
        "FALSE",
    ]
)
WHOLE = re.compile(r"[-+]?(0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|[0-9][0-9_]*)")
FLOAT = re.compile(r"[-+]?[0-9_]*\.?[0-9_]+([eE][-+][0-9]+)?|\.[0-9]+([eE][0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}.*")
READ_TAGS = frozenset(f"tag:yaml.org,2002:{name}" for name in ("bool", "int", "float"))
LARGEST = 2**63 - 1
SIZE = re.compile(r"[0-9]+(\.[0-9]+)? ?[kKmMgGtTpP]?[iI]?[bB]?")


class Shape:
    """What a value may be."""

    def wrong(self, _: Node, /) -> Iterator[tuple[Node, str]]:
        """Give the values that do not fit, each with what is needed."""
        raise NotImplementedError


class Anything(Shape):
    """Nothing is refused."""

    def wrong(self, _: Node, /) -> Iterator[tuple[Node, str]]:
        """Find nothing."""
        return iter(())


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


class MapOf(Shape):
    """A map whose keys are free."""

    def __init__(self, value: Shape) -> None:
        """Take what the values may be."""
        self.value = value

    def wrong(self, node: Node, /) -> Iterator[tuple[Node, str]]:
        """Refuse what is no map, and look at the values."""
        if isinstance(node, Mapping):
            for key, value in node.pairs:
                if is_merge(key):
                    continue
                if not isinstance(key, Scalar):
                    yield key, "a name"
                yield from self.value.wrong(value)
        elif not is_null(node):
            yield node, "a map"


class Struct(Shape):
    """A map of known keys."""

    def __init__(self, **keys: Shape) -> None:
        """Take what the values of the keys may be."""
        self.keys = keys

    def wrong(self, node: Node, /) -> Iterator[tuple[Node, str]]:
        """Refuse what is no map, and look at the values of known keys."""
        if isinstance(node, Mapping):
            for key, value in node.pairs:
                if not isinstance(key, Scalar):
                    yield key, "a name"
                elif key.value in self.keys:
                    yield from self.keys[key.value].wrong(value)
        elif not is_null(node):
            yield node, "a map"


class Either(Shape):
    """One value, or a map in its place."""

    def __init__(self, single: Single, whole: Struct) -> None:
        """Take both."""
        self.single, self.whole = single, whole

    def wrong(self, node: Node, /) -> Iterator[tuple[Node, str]]:
        """Look at the map, where it is one."""
        return self.whole.wrong(node) if isinstance(node, Mapping) else self.single.wrong(node)


def is_read(node: Scalar) -> bool:
    """Do the characters decide what it is? In quotes, and under other tags, it is text."""
    return node.plain or node.tag in READ_TAGS


def is_number(node: Scalar) -> bool:
    """Is it a number to Go?"""
    text = node.value
    return is_read(node) and bool(WHOLE.fullmatch(text) or FLOAT.fullmatch(text)) and not DATE.fullmatch(text)


def is_as_tagged(node: Scalar) -> bool:
    """Is it what its tag says, where that is a number or true or false?"""
    name = (node.tag or "").removeprefix("tag:yaml.org,2002:") if node.tag in READ_TAGS else ""
    return not name or (node.value in TRUTH if name == "bool" else is_number(node))


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


TEXT = Single("text")
YES_OR_NO = Single("true or false", lambda node: is_read(node) and node.value in TRUTH)
NUMBER = Single("a number", is_whole)
BYTES = Single("a size like 512MiB", lambda node: is_number(node) or bool(SIZE.fullmatch(node.value)))
TEXTS, NAMED_TEXTS, ANY = ListOf(TEXT), MapOf(TEXT), Anything()
VARIABLE = Either(TEXT, Struct(value=TEXT, from_secret=TEXT))
CONDITIONS = Struct(matrix=NAMED_TEXTS)
COMPUTE = Struct(cpu=NUMBER, memory=BYTES)
MOUNTS = ListOf(Struct(name=TEXT, path=TEXT))
STEP = Struct(
    build=Either(TEXT, Struct(args=NAMED_TEXTS, cache_from=TEXTS, context=TEXT, dockerfile=TEXT, image=TEXT, labels=NAMED_TEXTS)),
    command=TEXTS, commands=TEXTS, detach=YES_OR_NO, depends_on=TEXTS, devices=MOUNTS, dns=TEXTS, dns_search=TEXTS,
    entrypoint=TEXTS, environment=MapOf(VARIABLE), extra_hosts=TEXTS, failure=TEXT, image=TEXT, network_mode=TEXT, name=TEXT,
    ports=ListOf(Either(NUMBER, Struct(port=NUMBER, host=NUMBER, protocol=TEXT))), privileged=YES_OR_NO, pull=TEXT,
    push=Either(TEXT, Struct(image=TEXT)), resources=Struct(limits=COMPUTE, requests=COMPUTE), settings=MapOf(ANY), shell=TEXT,
    user=TEXT, volumes=MOUNTS, when=CONDITIONS, working_dir=TEXT,
)  # fmt: skip
RAW = {"version": TEXT, "kind": TEXT, "type": TEXT}
PIPELINE = Struct(
    **RAW, name=TEXT, clone=Struct(disable=YES_OR_NO, depth=NUMBER, skip_verify=YES_OR_NO), concurrency=Struct(limit=NUMBER),
    depends_on=TEXTS, node=NAMED_TEXTS, platform=Struct(os=TEXT, arch=TEXT, variant=TEXT, version=TEXT), image_pull_secrets=TEXTS,
    services=ListOf(STEP), steps=ListOf(STEP), trigger=CONDITIONS,
    volumes=ListOf(Struct(name=TEXT, temp=Struct(medium=TEXT, size_limit=BYTES), host=Struct(path=TEXT))),
    workspace=Struct(base=TEXT, path=TEXT),
)  # fmt: skip
OTHERS = {
    "cron": Struct(**RAW, name=TEXT, spec=Struct(schedule=TEXT, branch=TEXT, deployment=Struct(target=TEXT))),
    "secret": Struct(**RAW, name=TEXT, data=TEXT, get=Struct(path=TEXT, name=TEXT, key=TEXT)),
    "registry": Struct(**RAW, data=NAMED_TEXTS),
    "signature": Struct(**RAW, hmac=TEXT),
}


def wrong_values(kind: str, root: Node) -> Iterator[Finding]:
    """Find the values of a document that Drone's server cannot read."""
    for node, needed in OTHERS.get(kind, PIPELINE).wrong(root):
        what = f'"{node.value}"' if isinstance(node, Scalar) and len(node.value) <= LONGEST_QUOTE else kind_of(node)
        yield WRONG_VALUE.at(node.place, f"{what} stands where Drone's server needs {needed}; it would refuse the whole file.")


def text_of(node: Node | None) -> str:
    """Give what Drone's decoder makes of a value where text is needed; empty where it has none."""
    return node.value if isinstance(node, Scalar) and not is_null(node) else ""


def texts_of(node: Node | None) -> list[tuple[Node, str]]:
    """Give the items of a list of texts, with where they stand."""
    return [(item, text_of(item)) for item in node.items] if isinstance(node, Sequence) else []


def is_true(node: Node | None) -> bool:
    """Is it true to Drone's decoder?"""
    return (
        isinstance(node, Scalar)
        and node.plain
        and node.value in TRUTH
        and node.value[0] in "yYtTo"
        and node.value[1:2] not in {"f", "F"}
    )


def key_place(mapping: Mapping, name: str) -> Node:
    """Find a key, or else the map, to point at."""
    return next((key for key, _ in mapping.pairs if identity(key) == name), mapping)
