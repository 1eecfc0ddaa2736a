"""Steps that stand alike, or nearly, in several pipelines: what could be shared."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from pipelines.check.document_checks import parse_documents
from pipelines.check.documents import split
from pipelines.check.keys import items
from pipelines.language.merge import target_of
from pipelines.language.nodes import Mapping, Node, Place, Scalar, Sequence, identity, is_null, value_of
from pipelines.language.tokens import is_open
from pipelines.language.writer import written

FEWEST = 3  # pipelines
NEAR = 0.6  # of all keys and values


@dataclass(frozen=True)
class StepUse:
    place: Place
    step: Mapping
    pipeline: tuple[str, int]  # path, and which document of the file
    leaves: frozenset[Any]  # every key with its value, down to single values


@dataclass(frozen=True)
class Candidate:
    """A file that `_shared/` could have."""

    path: str  # that the shared file could have
    text: str  # of it: what all of them have in common
    uses: tuple[tuple[Place, str], ...]  # each step, and what would stand in its place
    pipelines: int  # that they stand in

    @property
    def identical(self) -> int:
        """Return how many of the steps are nothing but the shared part."""
        return sum(text.count("\n") == 1 for _, text in self.uses)


def candidates(texts: Iterable[tuple[str, str]]) -> list[Candidate]:
    """Return what pipelines, given as path and text, could share; the most frequent first."""
    groups: list[list[StepUse]] = []
    by_image: dict[str, list[list[StepUse]]] = defaultdict(list)
    for path, text in texts:
        for use in steps_of(path, text):
            same_image = by_image[image_of(use.step)]
            near = [group for group in same_image if likeness(group[0], use) >= NEAR]
            if near:
                max(near, key=lambda group: likeness(group[0], use)).append(use)
            else:
                same_image.append([use])
                groups.append(same_image[-1])
    wide = [group for group in groups if len({use.pipeline for use in group}) >= FEWEST]
    taken: set[str] = set()
    shareable = [candidate(group, taken) for group in sorted(wide, key=lambda group: (-len(group), group[0].place))]
    return [shared for shared in shareable if shared.text]


def steps_of(path: str, text: str) -> Iterator[StepUse]:
    roots, _ = parse_documents(path, split(text))
    for number, root in enumerate(roots):
        for step in filter(is_kept, items(root, "steps") if isinstance(root, Mapping) else ()):
            yield StepUse(step.place, step, (path, number), frozenset(leaves(step, ())))


def is_kept(node: Node) -> bool:
    """Return whether a node means the same beside `extends`, where null deletes and `key+` adds, and may be moved."""
    if isinstance(node, Scalar):
        return not is_open(node.token)
    if isinstance(node, Sequence):
        return all(map(is_kept, node.items))
    parts = [part for pair in node.pairs for part in pair]
    return all(map(is_kept, parts)) and not any(target_of(key)[1] or is_null(value) for key, value in node.pairs)


def image_of(step: Mapping) -> str:
    """Return the image of a step, without its tag."""
    image = value_of(step, "image")
    name = image.value if isinstance(image, Scalar) else ""
    repository, _, tag = name.partition("@")[0].rpartition(":")
    return repository if repository and "/" not in tag else name


def leaves(node: Node, above: tuple[Any, ...]) -> Iterator[Any]:
    """Yield every single value with its path; a name is not part of what a step does."""
    if isinstance(node, Mapping):
        for key, value in node.pairs:
            if above or identity(key) != "name":
                yield from leaves(value, (*above, identity(key)))
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from leaves(item, (*above, "-"))
    else:
        yield above, node.value


def likeness(first: StepUse, second: StepUse) -> float:
    """Return the share of all values of two steps that both have."""
    return len(first.leaves & second.leaves) / (len(first.leaves | second.leaves) or 1)


def candidate(group: list[StepUse], taken: set[str]) -> Candidate:
    shared = group[0].step
    for use in group[1:]:
        shared = common(shared, use.step)
    path = free_path(group[0].step, taken)
    uses = tuple((use.place, as_item(path, difference(shared, use.step))) for use in group)
    return Candidate(path, written(shared) if shared.pairs else "", uses, len({use.pipeline for use in group}))


def common(first: Mapping, second: Mapping) -> Mapping:
    """Return what two maps have in common."""
    there = {identity(key): value for key, value in second.pairs}
    pairs: list[tuple[Node, Node]] = []
    for key, value in first.pairs:
        match = there.get(identity(key))
        if match is None:
            continue
        if same(value, match):
            pairs.append((key, value))
        elif isinstance(value, Mapping) and isinstance(match, Mapping) and (inside := common(value, match)).pairs:
            pairs.append((key, inside))
    return Mapping(first.place, pairs, first.flow, first.tag)


def difference(shared: Mapping, step: Mapping) -> Mapping:
    """Return what a step has that the shared step has not."""
    there = {identity(key): value for key, value in shared.pairs}
    pairs: list[tuple[Node, Node]] = []
    for key, value in step.pairs:
        match = there.get(identity(key))
        if match is not None and same(value, match):
            continue
        if isinstance(value, Mapping) and isinstance(match, Mapping):
            value = difference(match, value)  # noqa: PLW2901
        pairs.append((key, value))
    return Mapping(step.place, pairs, flow=False, tag=step.tag)


def same(first: Node, second: Node) -> bool:
    return bool(meaning(first) == meaning(second))


def meaning(node: Node) -> Any:
    """Return what is compared: values, quotes and tags, but not the order of keys."""
    if isinstance(node, Scalar):
        return node.value, node.plain, node.tag
    if isinstance(node, Sequence):
        return [meaning(item) for item in node.items]
    return {identity(key): meaning(value) for key, value in node.pairs}


def free_path(step: Mapping, taken: set[str]) -> str:
    """Return a path for a shared file, after the name of the step, and add it to `taken`."""
    name = value_of(step, "name")
    text = name.value.lower() if isinstance(name, Scalar) else ""
    base = "".join(character if character.isalnum() else "-" for character in text).strip("-") or "step"
    numbers = ("", *(f"-{number}" for number in range(2, len(taken) + 3)))
    path = next(path for number in numbers if (path := f"_shared/{base}{number}.yaml") not in taken)
    taken.add(path)
    return path


def as_item(path: str, rest: Mapping) -> str:
    """Return what replaces a step."""
    lines = written(rest).rstrip("\n").split("\n") if rest.pairs else []
    return "".join([f"- extends: {path}\n", *(f"  {line}\n" if line else "\n" for line in lines)])
