"""Keys that stand twice in a map: nobody refuses them, and of the two values the last one counts."""

from collections.abc import Iterator
from itertools import chain, pairwise

from pipelines.check.documents import shown
from pipelines.check.findings import WARNING, Finding, check
from pipelines.language.nodes import Identity, Mapping, Node, Scalar, Sequence, identity, text_of
from pipelines.language.reader import is_merge

DUPLICATE_KEY = check("duplicate-key", WARNING, "a key that stands twice in a map, often for lack of a `---`: the first is lost")

Pairs = list[tuple[Node, Node]]
KINDS = {"cron": "cron job"}  # of documents that are called otherwise than by their kind


def duplicate_keys(root: Node) -> Iterator[Finding]:
    """Yield the keys that stand twice in a document as it was read."""
    for mapping in mappings(root):
        if mapping is root and (lost := list(lost_documents(mapping))):
            yield from lost
            continue
        for key, first in doubled_in(mapping):
            where = f'the key "{shown(text_of(key))}" stands here and on line {first.place.line} too'
            is_steps = mapping is root and text_of(key) == "steps"
            which = "the first steps, so join both lists" if is_steps else "the first, so delete one of them"
            yield DUPLICATE_KEY.at(key.place, f"{where}; Drone drops {which}.")


def doubled_in(mapping: Mapping) -> Iterator[tuple[Node, Node]]:
    """Yield the keys that stood before in a map, each with the one that stood first."""
    seen: dict[Identity, Node] = {}
    for key, _ in mapping.pairs:
        if not is_merge(key) and (first := seen.setdefault(identity(key), key)) is not key:
            yield key, first


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


def mappings(root: Node) -> Iterator[Mapping]:
    """Yield the maps of a document in the order that they are written, each once, though aliases repeat it."""
    rest, seen = [root], set[int]()
    while rest:
        node = rest.pop()
        if isinstance(node, Scalar) or id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, Mapping):
            yield node
        rest += reversed(node.items if isinstance(node, Sequence) else list(chain.from_iterable(node.pairs)))
