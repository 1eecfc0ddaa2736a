"""Keys that stand twice in a map: nobody refuses them, and of the two values the last one counts, or both are joined."""

from collections.abc import Iterator
from itertools import pairwise

from pipelines.check.documents import shown
from pipelines.check.findings import WARNING, Finding, check
from pipelines.language.merge_keys import CONDITION, NOTHING, PATTERNS, ROOT, Joined, is_single, within
from pipelines.language.nodes import Identity, Mapping, Node, Scalar, Sequence, identity, is_null, text_of, value_of
from pipelines.language.reader import is_merge

DUPLICATE_KEY = check(
    "duplicate-key",
    WARNING,
    "a key that stands twice in a map, often for lack of a `---`: the first is lost, unless Drone joins the maps of that key",
)

Pair = tuple[Node, Node]
Pairs = list[Pair]
KINDS = {"cron": "cron job"}  # of documents that are called otherwise than by their kind


def duplicate_keys(root: Node) -> Iterator[Finding]:
    """Yield the keys that stand twice in a document as it was read."""
    for mapping, joins in mappings(root):
        if mapping is root and (lost := list(lost_documents(mapping))):
            yield from lost
            continue
        for (first_key, first), (key, value) in doubled_in(mapping):
            where = f'the key "{shown(text_of(key))}" stands here and on line {first_key.place.line} too'
            is_steps = mapping is root and text_of(key) == "steps"
            what = "drops the first steps, so join both lists" if is_steps else outcome(first, value, joins.get(identity(key)))
            yield DUPLICATE_KEY.at(key.place, f"{where}; Drone {what}.")


def doubled_in(mapping: Mapping) -> Iterator[tuple[Pair, Pair]]:
    """Yield what stood first of each key that stands twice or more in a map, and what follows."""
    seen: dict[Identity, Pair] = {}
    for pair in mapping.pairs:
        if not is_merge(pair[0]) and (first := seen.setdefault(identity(pair[0]), pair)) is not pair:
            yield first, pair


def outcome(first: Node, value: Node, joins: Joined | None) -> str:
    """Return what Drone does with two values of a key, and what to do; `joins` as of `merge_keys.counting`."""
    if joins is PATTERNS and isinstance(first, Sequence) and not (isinstance(value, Sequence) or is_null(value)):
        return "drops this one, which is no list, so delete it"
    if joins is CONDITION and isinstance(first, Mapping) and value_of(first, "exclude") and is_single(value):
        return "keeps of the first only what it excludes, so write one map with include and exclude"
    is_joined = joins is not None and joins is not CONDITION and joins is not PATTERNS
    if is_joined and isinstance(first, Mapping) and isinstance(value, Mapping):
        return "joins both maps, and where they have a key in common drops the first, so write one map"
    return "drops the first, so delete one of them"


def lost_documents(root: Mapping) -> Iterator[Finding]:
    """Yield what a document loses that is several: each begins with a `kind`, and the `---` before it is missing."""
    begins = [index for index, (key, _) in enumerate(root.pairs) if text_of(key) == "kind"][1:]
    parts = [root.pairs[start:end] for start, end in pairwise([0, *begins, len(root.pairs)])]
    for (part, following), begin in zip(pairwise(parts), begins, strict=True):
        kind, keys = value_in(part, "kind"), {text_of(key) for key, _ in part}
        if kind != value_in(following, "kind") or any(text_of(key) in keys - {"kind"} for key, _ in following):
            what = 'the key "kind" stands in this document twice'
            yield DUPLICATE_KEY.at(
                root.pairs[begin][0].place,
                f"{what}; Drone drops the first, so {in_words(kind, value_in(part, 'name'))} is lost. Is a --- missing here?",
            )


def in_words(kind: str, name: str) -> str:
    """Name a document by its kind."""
    if kind == "operation":
        return "the head of the operation"
    what = f"the {KINDS.get(kind, shown(kind))}" if kind else "what stands before"
    return f'{what} "{shown(name)}"' if kind and name else what


def value_in(pairs: Pairs, name: str) -> str:
    return next((text_of(value) for key, value in pairs if text_of(key) == name), "")


def mappings(root: Node) -> Iterator[tuple[Mapping, Joined]]:
    """Yield the maps of a document, and which of their keys are joined.

    They come in the order that they are written, each once, though aliases repeat it.
    """
    rest, seen = [(root, ROOT)], set[int]()
    while rest:
        node, joins = rest.pop()
        if isinstance(node, Scalar) or id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, Sequence):
            rest += [(item, joins) for item in reversed(node.items)]
            continue
        yield node, joins
        for key, value in reversed(node.pairs):
            rest += [(value, joins if is_merge(key) else within(joins, key)), (key, NOTHING)]
