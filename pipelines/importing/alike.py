"""Steps that stand alike, or nearly, in several pipelines: what could be shared. Pure."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Sequence as Many
from dataclasses import dataclass
from math import ceil
from typing import Any, NamedTuple

from pipelines.check.document_checks import parse_documents
from pipelines.check.documents import split
from pipelines.check.keys import items
from pipelines.check.server import kind_in
from pipelines.compare.meaning import meaning
from pipelines.importing.naming import shared_path
from pipelines.language.errors import ComposeError
from pipelines.language.merge import target_of
from pipelines.language.nodes import Mapping, Node, Place, Scalar, Sequence, identity, is_null, is_plain, value_of
from pipelines.language.tokens import is_open
from pipelines.language.writer import written

FEWEST = 3  # pipelines
NEAR = 0.6  # of all keys and values
FEWEST_LEAVES = 2  # that a shared step has; less is not worth a file
MOST_COMPARED = 32  # groups for each value that they may have in common, so that time grows with the number of steps only


@dataclass(frozen=True)
class StepUse:
    place: Place
    step: Mapping
    pipeline: tuple[str, int]  # path, and which document of the file
    leaves: frozenset[Any]  # every key with its value, down to single values


class SharedFile(NamedTuple):
    """A file of `_shared/` that holds one step, which is there already."""

    path: str
    step: Mapping
    leaves: frozenset[Any]  # of the step
    uses: list[StepUse]  # steps that could extend it


@dataclass(frozen=True)
class ShareableStep:
    """A step that a file of `_shared/` could hold."""

    path: str  # of that file
    shared: Mapping  # what all of the steps have in common
    text: str  # the same, written; empty where the file is there already
    uses: tuple[StepUse, ...]
    repositories: int  # that they stand in

    @property
    def pipelines(self) -> int:
        return len({use.pipeline for use in self.uses})

    @property
    def identical(self) -> int:
        """Return how many of the steps are nothing but the shared part."""
        return sum(not difference(self.shared, use.step).pairs for use in self.uses)


def shareable_steps(
    texts: Iterable[tuple[str, str]],
    taken: Iterable[str] = (),
    there: Iterable[tuple[str, Mapping]] = (),
    owner: Callable[[str], str] = lambda path: path.partition("/")[0],
) -> list[ShareableStep]:
    """Return what pipelines could share: first what several repositories have, and of that the most frequent.

    Args:
        texts: path and text of files.
        taken: paths of the tree that no new file may get.
        there: shared steps that the tree has already, with their paths; steps that hold all of one extend it.
        owner: the repository that a path belongs to.
    """
    extending, others = sorted_out([use for path, text in texts for use in steps_of(path, text)], there)
    names = {path.casefold() for path in taken}
    steps = [ShareableStep(file.path, file.step, "", tuple(file.uses), owners(file.uses, owner)) for file in extending]
    wide = [group for group in grouped(others) if len({use.pipeline for use in group}) >= FEWEST]
    groups: dict[tuple[str, str], tuple[Mapping, list[StepUse]]] = {}  # by image and text, so that no two files hold the same
    for group in wide:
        shared = common_of(group)
        if sum(1 for _ in leaves(shared, ())) < FEWEST_LEAVES:
            continue
        try:
            groups.setdefault((image_of(group[0].step), written(shared)), (shared, []))[1].extend(group)
        except ComposeError:  # a value that cannot be moved
            continue
    for (_, text), (shared, group) in sorted(groups.items(), key=lambda item: rank(owners(item[1][1], owner), item[1][1])):
        path = shared_path([use.step for use in group], shared, names)
        steps.append(ShareableStep(path, shared, text, tuple(group), owners(group, owner)))
    return sorted(steps, key=lambda step: rank(step.repositories, step.uses))


def owners(uses: Iterable[StepUse], owner: Callable[[str], str]) -> int:
    return len({owner(use.place.path) for use in uses})


def rank(repositories: int, uses: Many[StepUse]) -> tuple[bool, int, Place]:
    return repositories == 1, -len(uses), uses[0].place


def sorted_out(uses: list[StepUse], there: Iterable[tuple[str, Mapping]]) -> tuple[list[SharedFile], list[StepUse]]:
    """Return the shared files that are there with the steps that hold all of theirs, and the other steps."""
    by_image: dict[str, list[SharedFile]] = defaultdict(list)
    for path, shared in there:
        by_image[image_of(shared)].append(SharedFile(path, shared, frozenset(leaves(shared, ())), []))
    others: list[StepUse] = []
    for use in uses:
        files = by_image.get(image_of(use.step), ())[:MOST_COMPARED]
        fitting = (file for file in files if file.leaves <= use.leaves and holds(use.step, file.step))
        best = max(fitting, key=lambda file: len(file.leaves), default=None)
        if best and len(best.leaves) >= max(NEAR * len(use.leaves), FEWEST_LEAVES):
            best.uses.append(use)
        else:
            others.append(use)
    return [file for files in by_image.values() for file in files if file.uses], others


def holds(step: Mapping, shared: Mapping) -> bool:
    """Return whether a step has all of a shared one; a name of its own it keeps."""
    needed = Mapping(shared.place, [pair for pair in shared.pairs if identity(pair[0]) != "name"], shared.flow, shared.tag)
    return same(common(needed, step), needed)


def grouped(uses: list[StepUse]) -> list[list[StepUse]]:
    """Put steps together that have the same image and nearly all values in common.

    Two steps so much alike have one of their rarest values in common; so each is compared with few others, not with all.
    """
    frequency = Counter(leaf for use in uses for leaf in use.leaves)
    groups: list[list[StepUse]] = []
    by_value: dict[Any, list[list[StepUse]]] = defaultdict(list)
    identical: dict[Any, list[StepUse]] = {}
    for use in uses:
        image = image_of(use.step)
        group = identical.get((image, use.leaves))
        if group is None:
            rarest = sorted(use.leaves, key=lambda leaf: (frequency[leaf], str(leaf)))
            keys = [(image, leaf) for leaf in rarest[: len(rarest) - ceil(NEAR * len(rarest)) + 1]]
            some = {id(group): group for key in keys for group in by_value[key][:MOST_COMPARED]}.values()
            group = max(some, key=lambda group: likeness(group[0], use), default=None)
            if group is None or likeness(group[0], use) < NEAR:
                group = []
                groups.append(group)
                for key in keys:
                    by_value[key].append(group)
            identical[image, use.leaves] = group
        group.append(use)
    return groups


def steps_of(path: str, text: str) -> Iterator[StepUse]:
    roots, _ = parse_documents(path, split(text))
    if any(kind_in(root) == "signature" for root in roots):
        return  # which holds for these very bytes
    for number, root in enumerate(roots):
        for step in filter(is_kept, items(root, "steps") if isinstance(root, Mapping) else ()):
            yield StepUse(step.place, step, (path, number), frozenset(leaves(step, ())))


def is_kept(node: Node) -> bool:
    """Return whether a node means the same beside `extends`, where null deletes and `key+` adds, and may be moved."""
    if isinstance(node, Scalar):
        return not is_open(node.token)
    if isinstance(node, Sequence):
        return all(map(is_kept, node.items))
    if any(target_of(key)[1] or is_null(value) or is_plain(key, "extends") for key, value in node.pairs):
        return False
    return all(is_kept(part) for pair in node.pairs for part in pair)


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


def common_of(group: list[StepUse]) -> Mapping:
    shared = group[0].step
    for use in group[1:]:
        shared = common(shared, use.step)
    # A variable between brackets is not the same as outside of them.
    in_brackets = shared.flow and any(isinstance(value, Scalar) and "${" in value.token for _, value in shared.pairs)
    return Mapping(shared.place, shared.pairs, in_brackets, shared.tag)


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
            inside = difference(match, value)
            value = Mapping(value.place, inside.pairs, value.flow, value.tag)  # noqa: PLW2901
        pairs.append((key, value))
    return Mapping(step.place, pairs, flow=False, tag=step.tag)


def same(first: Node, second: Node) -> bool:
    """Return whether two values mean the same wherever they stand."""
    return meaning(first, "typed") == meaning(second, "typed")
