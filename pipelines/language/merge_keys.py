"""Merge keys (`<<`) and doubled keys, as Drone's Go parser reads them: what comes later wins, whether written or merged.

Go decodes a map into the structure that is there already, so Drone and its runners join the maps of some keys
(docs/drone.md 3.1).
"""

from collections.abc import Mapping as Lookup
from typing import Any

from pipelines.language.errors import ComposeError
from pipelines.language.nodes import Identity, Mapping, Node, Scalar, Sequence, identity, is_null, kind_of, value_of
from pipelines.language.reader import is_merge

Joined = Lookup[Any, Any]  # keys whose maps are joined → those within them
Layers = dict[Identity, list[tuple[Node, Node]]]  # all that was written for each key, in its order
# Each value of these is read afresh.
VALUES = (
    "clone", "concurrency", "node", "platform", "workspace", "environment", "settings", "server", "node_selector", "dns_config",
    "temp", "host", "claim", "config_map", "secret", "get", "data",
)  # fmt: skip
NOTHING: Joined = {}
LISTS = ("steps", "services", "volumes")
PATTERNS: Joined = {}  # where Drone passes over what is no list
CONDITION: Joined = {"include": PATTERNS, "exclude": PATTERNS}
CONDITION_KEYS = ("action", "branch", "cron", "event", "instance", "paths", "ref", "repo", "status", "target")
CONDITIONS: Joined = {"matrix": {}, **dict.fromkeys(CONDITION_KEYS, CONDITION)}
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


class Afresh(Mapping):
    """A map before which null stood: it is joined with nothing that stands before both."""

    __slots__ = ()


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
    """Return what counts of each key."""
    return [(pairs[-1][0], counting([value for _, value in pairs], joins.get(name))) for name, pairs in layers.items()]


def counting(values: list[Node], joins: Joined | None) -> Node:
    """Return what counts of all values of a key: the last one; or, where `joins` says so, more of them."""
    last = values[-1]
    if len(values) == 1 or joins is None:
        return last
    if joins is CONDITION:
        return condition(values) if is_single(last) else last
    if joins is PATTERNS:
        return next((value for value in reversed(values) if isinstance(value, Sequence) or is_null(value)), last)
    maps = maps_at_end(values)
    if not maps:
        return last
    result = joined(maps, joins)
    is_afresh = len(maps) < len(values) or isinstance(maps[0], Afresh)
    return Afresh(result.place, result.pairs, result.flow, result.tag) if is_afresh else result


def is_single(node: Node) -> bool:
    return isinstance(node, Scalar) and not is_null(node)


def condition(values: list[Node]) -> Node:
    """Return a condition whose last value is a single one: that replaces what was included, and not what was excluded."""
    last, before = values[-1], next((value for value in reversed(values) if not is_single(value)), None)
    if before is None:
        return last
    excluded = value_of(before, "exclude") if isinstance(before, Mapping) else None
    # A map also where nothing is excluded: what it is merged over excludes nothing then.
    pairs = {"include": Sequence(last.place, [last], flow=True), **({"exclude": excluded} if excluded else {})}
    return Mapping(last.place, [(Scalar(last.place, key, None, True, key, flow=True), pairs[key]) for key in pairs], flow=True)


def maps_at_end(values: list[Node]) -> list[Mapping]:
    """Return the maps that are joined: those behind the last value that is none."""
    maps: list[Mapping] = []
    for value in reversed(values):
        if not isinstance(value, Mapping):
            break
        maps.append(value)
        if isinstance(value, Afresh):
            break
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
