"""One map over another, deeply; steps, services and volumes by name."""

import re
from collections.abc import Mapping as Lookup
from dataclasses import replace

from pipelines.language.errors import ComposeError
from pipelines.language.limits import Budget
from pipelines.language.nodes import Identity, Mapping, Node, Place, Scalar, Sequence, identity, is_null, kind_of, value_of
from pipelines.language.references import LISTS

Pair = tuple[Node, Node]  # a key and its value
Removed = Lookup[str, Lookup[str, Place]]  # list (`steps`) → name → where `{name: X, extends: null}` stands
NOTHING: Removed = {}
WORD = re.compile(r"\w(?:[\w ./-]*[\w./-])?")  # a key that needs no quotes


def merged(base: Mapping, own: Mapping, budget: Budget, removed: Removed = NOTHING, *, by_name: bool = False) -> Mapping:
    """Lay a map over another.

    Args:
        base: what is extended.
        own: what extends it; its keys win, `null` deletes, `key+` appends and `+key` prepends to a list.
        budget: counts what is gone through.
        removed: which items of the base's lists go away.
        by_name: these are roots of documents, so `steps`, `services` and `volumes` are merged by name.

    Raises:
        ComposeError: `key+` has no list to go to; an item's name is there twice.
    """
    budget.merge(len(base.pairs) + len(own.pairs) + 1, own.place)
    pairs = {identity(key): (key, value) for key, value in base.pairs}
    written = {identity(key) for key, _ in own.pairs}
    for key, value in own.pairs:
        name, joins = target_of(key)
        named = by_name and name in LISTS
        if joins and name in written:
            raise ComposeError(key.place, f"{name} stands beside {identity(key)} in one map; keep one of them.")
        if joins:
            pairs[name] = joined(pairs.get(name), key, value, budget, named=named)
        elif is_null(value):
            pairs.pop(name, None)
        else:
            pairs[name] = laid_over(pairs.get(name), (key, value), budget, removed.get(str(name), {}) if named else None)
    place = base.place if base.pairs else own.place
    return Mapping(place, list(pairs.values()), base.flow and own.flow, own.tag or base.tag)


def laid_over(base: Pair | None, own: Pair, budget: Budget, removed: Lookup[str, Place] | None) -> Pair:
    """Lay one key with its value over the same key of the base, which may lack it.

    Where the base has another kind of value, it counts as empty, so that `null` and `key+` mean the same as where it has the key.

    Args:
        base: what is extended.
        own: what extends it.
        budget: counts what is gone through.
        removed: which items go away; None: this is no list that is merged by name.
    """
    key, value = own
    match base, value:
        case (base_key, Mapping() as base_value), Mapping():
            return base_key, merged(base_value, value, budget)
        case _, Mapping():
            return key, merged(nothing_at(value), value, budget)
        case (base_key, Sequence() as base_list), Sequence() if removed is not None:
            return base_key, merged_by_name(base_list, value, removed, budget)
        case _, Sequence() if removed is not None:
            return key, merged_by_name(Sequence(value.place, [], flow=True), value, removed, budget)
    return own


def nothing_at(own: Mapping) -> Mapping:
    """Return an empty map to lay another over."""
    return Mapping(own.place, [], flow=True)


def target_of(key: Node) -> tuple[Identity, str]:
    """Return the key that is meant, and whether the list joins what is there: "after", "before" or "" (it does not)."""
    if isinstance(key, Scalar) and key.plain and len(key.value) > 1:
        if key.value.endswith("+"):
            return key.value[:-1], "after"
        if key.value.startswith("+"):
            return key.value[1:], "before"
    return identity(key), ""


def joined(base: Pair | None, key: Node, value: Node, budget: Budget, *, named: bool) -> Pair:
    """Append or prepend a list to the one that is there."""
    name, where = target_of(key)
    quote = f'if the key is meant as it stands, quote it: "{identity(key)}"'
    if name == "extends":
        raise ComposeError(key.place, "extends has no + form; write a list: extends: [A, B].")
    if not isinstance(value, Sequence):
        raise ComposeError(key.place, f"{identity(key)} needs a list; this is {kind_of(value)} ({quote}).")
    items = [cleaned(item, budget) for item in value.items] if named else value.items
    match base:
        case None:
            name_key, result = without_plus(key, str(name)), Sequence(value.place, items, value.flow, value.tag)
        case name_key, Sequence() as there:
            budget.merge(len(there.items) + len(items), key.place)
            both = [*there.items, *items] if where == "after" else [*items, *there.items]
            result = Sequence(there.place, both, there.flow and value.flow, value.tag or there.tag)
        case base_key, other:
            problem = f"{name} is {kind_of(other)} at {base_key.place}, and {identity(key)} needs a list there ({quote})."
            raise ComposeError(key.place, problem)
    if named:
        names_in(result)  # which refuses a name that is there twice
    return name_key, result


def without_plus(key: Node, name: str) -> Node:
    """Return the key that `key+` and `+key` mean."""
    assert isinstance(key, Scalar)  # noqa: S101 (others have no plus)
    if WORD.fullmatch(name):
        return replace(key, value=name, token=name)
    return replace(key, value=name, token="'" + name.replace("'", "''") + "'", plain=False)


def merged_by_name(base: Sequence, own: Sequence, removed: Lookup[str, Place], budget: Budget) -> Sequence:
    """Lay a list over another: items of the same name are merged in place, all others are appended."""
    budget.merge(len(base.items) + len(own.items), own.place)
    at, own_at = names_in(base), names_in(own)
    for name in own_at.keys() & removed.keys():
        raise ComposeError(removed[name], f'"{name}" is removed here, and is also at {own.items[own_at[name]].place}.')
    items: list[Node | None] = list(base.items)
    for name in removed.keys() & at.keys():
        items[at[name]] = None
    for item in own.items:
        there = base.items[at[name]] if (name := name_of(item)) in at else None
        if isinstance(there, Mapping) and isinstance(item, Mapping):
            items[at[name]] = merged(there, item, budget)
        else:
            items.append(cleaned(item, budget))
    left = [item for item in items if item is not None]
    return Sequence(base.place if base.items else own.place, left, base.flow and own.flow, own.tag or base.tag)


def cleaned(item: Node, budget: Budget) -> Node:
    """Resolve `null` and `key+` in an item that nothing is laid over."""
    return merged(nothing_at(item), item, budget) if isinstance(item, Mapping) else item


def names_in(items: Sequence) -> dict[str, int]:
    """Return the index of each name in a list.

    Raises:
        ComposeError: a name is there twice.
    """
    indexes: dict[str, int] = {}
    for index, item in enumerate(items.items):
        if name := name_of(item):
            if name in indexes:
                raise ComposeError(item.place, f'"{name}" is already the name of an item at {items.items[indexes[name]].place}.')
            indexes[name] = index
    return indexes


def name_of(item: Node) -> str:
    """Return the name of a step, service or volume; empty where it has none."""
    name = value_of(item, "name") if isinstance(item, Mapping) else None
    return name.value if isinstance(name, Scalar) and not is_null(name) else ""
