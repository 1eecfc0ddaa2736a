"""One map over another, deeply; steps, services and volumes by name."""

import re
from collections.abc import Mapping as Lookup
from dataclasses import replace

from pipelines.language.errors import ComposeError
from pipelines.language.limits import Budget
from pipelines.language.nodes import Identity, Mapping, Node, Place, Scalar, Sequence, identity, is_null, kind_of, value_of
from pipelines.language.references import LISTS

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
        there = pairs.get(name)
        named = by_name and name in LISTS
        if joins and name in written:
            raise ComposeError(key.place, f"{name} stands beside {identity(key)} in one map; keep one of them.")
        if joins:
            pairs[name] = joined(there, key, value, budget, named=named)
        elif is_null(value):
            pairs.pop(name, None)
        elif isinstance(value, Mapping):
            onto = there if there and isinstance(there[1], Mapping) else (key, nothing_at(value))
            pairs[name] = (onto[0], merged(onto[1], value, budget))  # type: ignore[arg-type]
        elif named and isinstance(value, Sequence):
            into = there if there and isinstance(there[1], Sequence) else (key, Sequence(value.place, [], flow=True))
            pairs[name] = (into[0], merged_by_name(into[1], value, removed.get(str(name), {}), budget))  # type: ignore[arg-type]
        else:
            pairs[name] = (key, value)
    place = base.place if base.pairs else own.place
    return Mapping(place, list(pairs.values()), base.flow and own.flow, own.tag or base.tag)


def nothing_at(own: Mapping) -> Mapping:
    """Give an empty map to lay another over, so that `null` and `key+` mean the same whether or not the base has it."""
    return Mapping(own.place, [], flow=True)


def target_of(key: Node) -> tuple[Identity, str]:
    """Give the key that is meant, and whether the list joins what is there: "after", "before" or "" (it does not)."""
    if isinstance(key, Scalar) and key.plain and len(key.value) > 1:
        if key.value.endswith("+"):
            return key.value[:-1], "after"
        if key.value.startswith("+"):
            return key.value[1:], "before"
    return identity(key), ""


def joined(there: tuple[Node, Node] | None, key: Node, value: Node, budget: Budget, *, named: bool) -> tuple[Node, Node]:
    """Append or prepend a list to the one that is there."""
    name, where = target_of(key)
    quote = f'if the key is meant as it stands, quote it: "{identity(key)}"'
    if name == "extends":
        raise ComposeError(key.place, "extends has no + form; write a list: extends: [A, B].")
    if not isinstance(value, Sequence):
        raise ComposeError(key.place, f"{identity(key)} needs a list; this is {kind_of(value)} ({quote}).")
    items = [cleaned(item, budget) for item in value.items] if named else value.items
    if there is None:
        result = Sequence(value.place, items, value.flow, value.tag)
        there = (without_plus(key, str(name)), result)
    elif isinstance(there[1], Sequence):
        base = there[1]
        budget.merge(len(base.items) + len(items), key.place)
        both = [*base.items, *items] if where == "after" else [*items, *base.items]
        result = Sequence(base.place, both, base.flow and value.flow, value.tag or base.tag)
    else:
        problem = f"{name} is {kind_of(there[1])} at {there[0].place}, and {identity(key)} needs a list there ({quote})."
        raise ComposeError(key.place, problem)
    if named:
        names_in(result)
    return there[0], result


def without_plus(key: Node, name: str) -> Node:
    """Give the key that `key+` and `+key` mean."""
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
    kept = [item for item in items if item is not None]
    return Sequence(base.place if base.items else own.place, kept, base.flow and own.flow, own.tag or base.tag)


def cleaned(item: Node, budget: Budget) -> Node:
    """Lay an item over nothing."""
    return merged(nothing_at(item), item, budget) if isinstance(item, Mapping) else item


def names_in(items: Sequence) -> dict[str, int]:
    """Give where in a list each name is.

    Raises:
        ComposeError: a name is there twice.
    """
    found: dict[str, int] = {}
    for index, item in enumerate(items.items):
        if name := name_of(item):
            if name in found:
                raise ComposeError(item.place, f'"{name}" is already the name of an item at {items.items[found[name]].place}.')
            found[name] = index
    return found


def name_of(item: Node) -> str:
    """Give the name of a step, service or volume; empty where it has none."""
    name = value_of(item, "name") if isinstance(item, Mapping) else None
    return name.value if isinstance(name, Scalar) and not is_null(name) else ""
