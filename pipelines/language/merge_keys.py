"""Merge keys (`<<`) and doubled keys, as Drone's Go parser reads them: what comes later wins, whether written or merged.

Go decodes a map into the structure that is there already, so Drone and its runners join the maps of some keys
(docs/drone.md 3.1). Not imitated: null within what `<<` brings, followed there by a map, empties what stood before.
"""

from collections.abc import Mapping as Lookup
from typing import Any

from pipelines.language.errors import ComposeError
from pipelines.language.nodes import Identity, Mapping, Node, Scalar, Sequence, identity, kind_of
from pipelines.language.reader import is_merge

Joined = Lookup[str, Any]  # keys whose maps are joined → those within them
Layers = dict[Identity, list[tuple[Node, Node]]]  # all that was written for each key, in its order
# Each value of these is read afresh.
VALUES = (
    "clone", "concurrency", "node", "platform", "workspace", "environment", "settings", "server", "node_selector", "dns_config",
    "temp", "host", "claim", "config_map", "secret", "get", "data",
)  # fmt: skip
NOTHING: Joined = {}
LISTS = ("steps", "services", "volumes")
CONDITIONS: Joined = {"matrix": {}}
# A step has no key that is joined otherwise in a pipeline or a volume, and a shared file does not say which it is.
PART: Joined = {
    **dict.fromkeys(VALUES, NOTHING),
    "trigger": CONDITIONS,
    "when": CONDITIONS,
    "resources": {"limits": {}, "requests": {}},
    "metadata": {"annotations": {}, "labels": {}},
    "spec": {"deployment": {}},
}
ROOT: Joined = {
    **PART,
    **{f"{before}{name}{after}": PART for name in LISTS for before, after in (("", ""), ("+", ""), ("", "+"))},
}


def expanded(node: Node, *, lenient: bool = False) -> Node:
    """Return a node without merge keys and doubled keys; the same node where it has none.

    Args:
        node: the root of a document.
        lenient: pass over a `<<` that is given what is not a map; Drone refuses it only where it reads the map at all.

    Raises:
        ComposeError: `<<` is given what is not a map.
    """
    return expand(node, {}, ROOT, lenient=lenient)


def expand(node: Node, done: dict[tuple[int, int], Node], joins: Joined, *, lenient: bool) -> Node:
    """Expand each node once where the same keys are joined: aliases make nodes appear in several places."""
    if isinstance(node, Scalar):
        return node
    at = id(node), id(joins)
    if at not in done:
        if isinstance(node, Sequence):
            done[at] = expand_list(node, done, joins, lenient=lenient)
        else:
            done[at] = expand_map(node, done, joins, lenient=lenient)
    return done[at]


def expand_list(node: Sequence, done: dict[tuple[int, int], Node], joins: Joined, *, lenient: bool) -> Sequence:
    items = [expand(item, done, joins, lenient=lenient) for item in node.items]
    if all(new is old for new, old in zip(items, node.items, strict=True)):
        return node
    return Sequence(node.place, items, node.flow, node.tag)


def expand_map(node: Mapping, done: dict[tuple[int, int], Node], joins: Joined, *, lenient: bool) -> Mapping:
    """Expand a map key by key, in the order that they are written."""
    layers: Layers = {}
    changed = False
    for key, value in node.pairs:
        new_key = expand(key, done, NOTHING, lenient=lenient)
        new_value = expand(value, done, joins if is_merge(key) else within(joins, key), lenient=lenient)
        if is_merge(key):
            for source in merged_in(new_value, lenient=lenient):
                lay_over(layers, source.pairs)
        else:
            lay_over(layers, [(new_key, new_value)])
        changed = changed or new_key is not key or new_value is not value or is_merge(key)
    if not changed and len(layers) == len(node.pairs):
        return node
    return Mapping(node.place, settled(layers, joins), node.flow, node.tag)


def within(joins: Joined, key: Node) -> Joined:
    """Return which keys are joined below a key."""
    return joins.get(key.value, NOTHING) if isinstance(key, Scalar) else NOTHING


def lay_over(layers: Layers, later: list[tuple[Node, Node]]) -> None:
    """Lay the keys that come later over those that are there."""
    for key, value in later:
        layers.setdefault(identity(key), []).append((key, value))


def settled(layers: Layers, joins: Joined) -> list[tuple[Node, Node]]:
    """Return what counts of each key: the last value, or all maps at the end where they are joined."""
    pairs = []
    for name, values in layers.items():
        key, value = values[-1]
        maps = maps_at_end(values) if name in joins else []
        pairs.append((key, joined(maps, within(joins, key)) if len(maps) > 1 else value))
    return pairs


def maps_at_end(values: list[tuple[Node, Node]]) -> list[Mapping]:
    maps: list[Mapping] = []
    for _, value in reversed(values):
        if not isinstance(value, Mapping):
            break
        maps.append(value)
    return maps[::-1]


def joined(maps: list[Mapping], joins: Joined) -> Mapping:
    layers: Layers = {}
    for each in maps:
        lay_over(layers, each.pairs)
    return Mapping(maps[-1].place, settled(layers, joins), all(each.flow for each in maps), maps[-1].tag)


def merged_in(value: Node, *, lenient: bool) -> list[Mapping]:
    """Return the maps that a `<<` brings, the one that wins last: in a list the first does."""
    maps = list(reversed(value.items)) if isinstance(value, Sequence) else [value]
    sources = [node for node in maps if isinstance(node, Mapping)]
    if len(sources) < len(maps) and not lenient:
        raise ComposeError(value.place, f"<< needs a map or a list of maps; this is {kind_of(value)}.")
    return sources
