"""Merge keys (`<<`) and doubled keys, as Drone's Go parser reads them: what comes later wins, whether written or merged."""

from pipelines.language.errors import ComposeError
from pipelines.language.nodes import Identity, Mapping, Node, Scalar, Sequence, identity, kind_of
from pipelines.language.reader import is_merge


def expanded(node: Node, *, lenient: bool = False) -> Node:
    """Return a node without merge keys and doubled keys; the same node where it has none.

    Args:
        node: the root of a document.
        lenient: pass over a `<<` that is given what is not a map; Drone refuses it only where it reads the map at all.

    Raises:
        ComposeError: `<<` is given what is not a map.
    """
    return expand(node, {}, lenient=lenient)


def expand(node: Node, done: dict[int, Node], *, lenient: bool) -> Node:
    """Expand each node once: aliases make nodes appear in several places."""
    if isinstance(node, Scalar):
        return node
    if id(node) not in done:
        if isinstance(node, Sequence):
            done[id(node)] = expand_list(node, done, lenient=lenient)
        else:
            done[id(node)] = expand_map(node, done, lenient=lenient)
    return done[id(node)]


def expand_list(node: Sequence, done: dict[int, Node], *, lenient: bool) -> Sequence:
    items = [expand(item, done, lenient=lenient) for item in node.items]
    if all(new is old for new, old in zip(items, node.items, strict=True)):
        return node
    return Sequence(node.place, items, node.flow, node.tag)


def expand_map(node: Mapping, done: dict[int, Node], *, lenient: bool) -> Mapping:
    """Expand a map key by key, in the order that they are written."""
    pairs: dict[Identity, tuple[Node, Node]] = {}
    changed = False
    for key, value in node.pairs:
        new_key, new_value = expand(key, done, lenient=lenient), expand(value, done, lenient=lenient)
        if is_merge(key):
            for source in merged_in(new_value, lenient=lenient):
                pairs.update((identity(name), (name, merged)) for name, merged in source.pairs)
        else:
            pairs[identity(key)] = (new_key, new_value)
        changed = changed or new_key is not key or new_value is not value or is_merge(key)
    if not changed and len(pairs) == len(node.pairs):
        return node
    return Mapping(node.place, list(pairs.values()), node.flow, node.tag)


def merged_in(value: Node, *, lenient: bool) -> list[Mapping]:
    """Return the maps that a `<<` brings, the one that wins last: in a list the first does."""
    maps = list(reversed(value.items)) if isinstance(value, Sequence) else [value]
    sources = [node for node in maps if isinstance(node, Mapping)]
    if len(sources) < len(maps) and not lenient:
        raise ComposeError(value.place, f"<< needs a map or a list of maps; this is {kind_of(value)}.")
    return sources
