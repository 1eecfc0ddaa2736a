"""A file → its documents without `extends`: files are looked up, spliced in and merged."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from pipelines.errors import Unusable
from pipelines.language import limits
from pipelines.language.errors import ComposeError, CycleError
from pipelines.language.limits import Budget
from pipelines.language.merge import merged, name_of, names_in
from pipelines.language.merge_keys import expanded
from pipelines.language.nodes import Mapping, Node, Place, Scalar, Sequence, kind_of, value_of
from pipelines.language.reader import Document, documents
from pipelines.language.references import LISTED, LISTS, FileReference, extends, no_such_file, path_of, refuse_elsewhere, split


class Files(Protocol):
    """The tree during one answer."""

    def text(self, path: str) -> str | None:
        """Return the text of a file, None where nothing is there; raises Unusable where it cannot be read."""

    def paths_near(self, path: str) -> Iterable[str]:
        """Return files that may have been meant by a path where nothing is."""


Read = Callable[[str, str, Budget], list[Document]]  # as `documents` does


@dataclass(frozen=True, eq=False)
class ComposedDocument:
    """One document of the result."""

    root: Node
    text: str | None  # as it was written, where it does not extend anything: then it is served so
    line: int = 1  # of the text in its file


@dataclass(frozen=True, eq=False)
class ComposedFile:
    """One file in which every `extends` is resolved."""

    documents: list[ComposedDocument]
    height: int  # files that extend one another in a row, below it


class Splicer:
    """Composes one answer from all the files that it takes."""

    def __init__(self, files: Files, read: Read = documents) -> None:
        self.files, self.read, self.budget = files, read, Budget()
        self.done: dict[str, ComposedFile] = {}
        self.sources: list[str] = []  # all files, in the order that they were read
        self.chain: list[str] = []  # the files that are being composed, each extends the next
        self.heights: list[int] = []  # likewise

    def file(self, path: str, parsed: list[Document]) -> ComposedFile:
        """Compose a file whose documents are parsed already."""
        self.sources.append(path)
        self.chain.append(path)
        self.heights.append(0)
        try:
            composed = [result for document in parsed for result in self.document(document)]
            results = [result for result in composed if not is_signature(result.root)] or composed
        finally:
            self.chain.pop()
            height = self.heights.pop()
        return ComposedFile(results, height)

    def document(self, document: Document) -> list[ComposedDocument]:
        """Compose a document: it may become several."""
        if not document.extending:
            return [ComposedDocument(document.root, document.text, document.line)]
        refuse_elsewhere(document)
        root = expanded(document.root)
        if isinstance(root, Sequence):
            items, removed = self.items(root)
            refuse_removals(removed)
            return [ComposedDocument(items, None)]
        assert isinstance(root, Mapping)  # noqa: S101 (a scalar has no keys)
        references, own = split(root) if extends(root) else ([], root)
        if references is None:
            raise ComposeError(root.place, "extends: null removes an item of steps, services or volumes; a document cannot go.")
        if references and not own.pairs and len(references) == 1:
            loaded = self.load(references[0])
            self.budget.merge(len(loaded.documents), references[0].place)
            return [ComposedDocument(container(extended, references[0]), None) for extended in loaded.documents]
        own, removals = self.lists(own)
        if not references:
            for removed in removals.values():
                refuse_removals(removed)
            for key, value in own.pairs:
                if isinstance(key, Scalar) and key.value in LISTS and isinstance(value, Sequence):
                    names_in(value)  # which refuses a name that is there twice
            return [ComposedDocument(own, None)]
        base = self.extended_map(references[0])
        for reference in references[1:]:
            base = self.merge(base, self.extended_map(reference), reference, {})
        return [ComposedDocument(self.merge(base, own, references[-1], removals), None)]

    def merge(self, base: Mapping, own: Mapping, by: FileReference, removals: dict[str, dict[str, Place]]) -> Mapping:
        """Lay one document over another; mistakes in the base say who extends it."""
        try:
            return merged(base, own, self.budget, removals, by_name=True)
        except ComposeError as error:
            if error.place.path != by.place.path:
                error.passed(by.place, by.text)
            raise

    def lists(self, root: Mapping) -> tuple[Mapping, dict[str, dict[str, Place]]]:
        """Resolve the items of steps, services and volumes; the removed ones are taken out and returned."""
        pairs: list[tuple[Node, Node]] = []
        removals: dict[str, dict[str, Place]] = {}
        for key, value in root.pairs:
            if isinstance(key, Scalar) and key.value in LISTED and isinstance(value, Sequence):
                items, removed = self.items(value, named=key.value.strip("+") in LISTS)
                if removed and key.value not in LISTS:
                    refuse_removals(removed)
                removals[key.value] = removed
                pairs.append((key, items))
            else:
                pairs.append((key, value))
        return Mapping(root.place, pairs, root.flow, root.tag), removals

    def items(self, sequence: Sequence, *, named: bool = False) -> tuple[Sequence, dict[str, Place]]:
        """Resolve the items of a list that extend. In a `named` one no two of them may bring the same name."""
        items: list[Node] = []
        removed: dict[str, Place] = {}
        names: dict[str, Place] = {}
        for item in sequence.items:
            if not isinstance(item, Mapping) or not extends(item):
                items.append(item)
                if named and (name := name_of(item)):
                    names.setdefault(name, item.place)
                continue
            references, own = split(item)
            if references is None:
                name = removed_name(own)
                if name in removed:
                    raise ComposeError(own.place, f'"{name}" is removed already at {removed[name]}.')
                removed[name] = own.place
            else:
                extended = self.item(references, own)
                if named:
                    refuse_twice(extended, item.place, names)
                items += extended
        return Sequence(sequence.place, items, sequence.flow, sequence.tag), removed

    def item(self, references: list[FileReference], own: Mapping) -> list[Node]:
        """Resolve one item: it becomes the step of the file, or all the steps of the list."""
        if len(references) == 1 and not own.pairs:
            return self.extended_items(references[0])
        result: Node | None = None
        for reference in references:
            items = self.extended_items(reference)
            if len(items) != 1 or not isinstance(items[0], Mapping):
                what = f"holds {len(items)} items" if len(items) != 1 else f"holds {kind_of(items[0])}"
                raise reference.wrong(
                    f"{what}, so it cannot be changed or merged here; extend it alone, or extend a single step."
                )
            result = merged(result, items[0], self.budget) if isinstance(result, Mapping) else items[0]
        assert isinstance(result, Mapping)  # noqa: S101 (there is at least one reference)
        return [merged(result, own, self.budget)]

    def extended_items(self, reference: FileReference) -> list[Node]:
        """Return the step, or the items of the list, that an item extends."""
        root = self.single(reference)
        self.budget.merge(len(root.items if isinstance(root, Sequence) else root.pairs), reference.place)
        if isinstance(root, Sequence):
            return root.items
        if value_of(root, "kind"):
            raise reference.wrong("is a whole pipeline, and a step is needed here; extend it at the root of the document.")
        return [root]

    def extended_map(self, reference: FileReference) -> Mapping:
        """Return the map that a document extends."""
        root = self.single(reference)
        if isinstance(root, Sequence):
            raise reference.wrong("is a list; extend it in an item of steps, services or volumes: `- extends: …`.")
        return root

    def single(self, reference: FileReference) -> Mapping | Sequence:
        """Return the only document of a file."""
        loaded = self.load(reference).documents
        if len(loaded) > 1:
            only = "only a document that has nothing but this one extends can take them all"
            raise reference.wrong(f"has {len(loaded)} documents; {only}.")
        return container(loaded[0], reference)

    def load(self, reference: FileReference) -> ComposedFile:
        """Compose the file that is named, once.

        Raises:
            ComposeError: with the place of `extends` added to the chain where the mistake is in the file.
        """
        path = path_of(reference, self.chain[-1])
        if path in self.chain:
            cycle = " → ".join([*self.chain[self.chain.index(path) :], path])
            raise CycleError(reference.place, f'extends "{reference.text}": the files extend one another in a circle: {cycle}.')
        if len(self.chain) > limits.DEPTH:
            self.refuse_cycle(path, reference)
            raise reference.wrong(f"more than {limits.DEPTH} files extend one another in a row.")
        composed = self.done.get(path) or self.compose(path, reference)
        if not composed.documents:
            raise reference.wrong("has no content.")
        if len(self.chain) + composed.height > limits.DEPTH:
            raise reference.wrong(f"with what it extends itself, more than {limits.DEPTH} files extend one another in a row.")
        self.heights[-1] = max(self.heights[-1], composed.height + 1)
        return composed

    def refuse_cycle(self, path: str, reference: FileReference) -> None:
        """Compose past the depth limit, only to see whether it is a cycle, which is the better explanation."""
        try:
            self.compose(path, reference)
        except CycleError:
            raise
        except (ComposeError, RecursionError):
            return

    def compose(self, path: str, reference: FileReference) -> ComposedFile:
        try:
            text = self.files.text(path)
        except Unusable as error:
            raise reference.wrong(str(error)) from None
        if text is None:
            raise no_such_file(reference, path, self.files.paths_near(path))
        self.budget.read_file(len(text), reference.place)
        try:
            composed = self.file(path, self.read(path, text, self.budget))
            results = [ComposedDocument(expanded(document.root), None) for document in composed.documents]
        except ComposeError as error:
            error.passed(reference.place, reference.text)
            raise
        self.done[path] = ComposedFile(results, composed.height)
        return self.done[path]


def container(document: ComposedDocument, reference: FileReference) -> Mapping | Sequence:
    """Return the map or list that a document of an extended file is."""
    root = document.root
    if isinstance(root, Scalar):
        raise reference.wrong("is a single value, and a map or a list is needed.")
    return root


def refuse_twice(items: list[Node], place: Place, names: dict[str, Place]) -> None:
    """Refuse items whose names others of the list have; add theirs. The place is where this list extends them."""
    mine = {name for item in items if (name := name_of(item))}
    for name in sorted(mine & names.keys()):
        raise ComposeError(place, f'"{name}" is already the name of an item at {names[name]}; give one of them another `name`.')
    names |= dict.fromkeys(mine, place)


def is_signature(root: Node) -> bool:
    """Return whether a document signs the others: it would be of a text that is not there any more."""
    kind = value_of(root, "kind") if isinstance(root, Mapping) else None
    return isinstance(kind, Scalar) and kind.value == "signature"


def removed_name(own: Mapping) -> str:
    """Return the name in `{name: X, extends: null}`."""
    name = name_of(own)
    if not name or len(own.pairs) > 1:
        raise ComposeError(own.place, "extends: null removes the item of a name, so the name and nothing else stands beside it.")
    return name


def refuse_removals(removed: dict[str, Place]) -> None:
    """Refuse to remove items where there is nothing to remove them from."""
    for name, place in removed.items():
        raise ComposeError(
            place, f'"{name}" cannot be removed here: extends: null is for steps, services and volumes of an extending document.'
        )
