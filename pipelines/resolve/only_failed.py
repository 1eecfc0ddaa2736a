"""The text of a build → the same without the pipelines that succeeded, for a restart of what failed."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from pipelines.language.errors import ComposeError
from pipelines.language.finish import finished, line_too_long
from pipelines.language.limits import Budget
from pipelines.language.merge_keys import expanded
from pipelines.language.nodes import Mapping as MapNode
from pipelines.language.nodes import Node, Scalar, Sequence, identity, text_of, value_of
from pipelines.language.origins import Origin
from pipelines.language.reader import Document, documents
from pipelines.language.splice import ComposedDocument, is_signature
from pipelines.reached import reached
from pipelines.resolve.from_file import Resolved

UNNAMED = "default"  # what Drone calls a pipeline without a name
PATH = "build"  # that stands for the build's text in places


class Unnamed(Exception):
    """The text does not have the pipelines that ran, by name, or Drone would read it otherwise."""


@dataclass(frozen=True)
class Rest:
    """What is left of a build's text."""

    resolved: Resolved
    runs: tuple[str, ...]  # pipelines that run again, in the order of the text
    left_out: tuple[str, ...]  # likewise


@dataclass(frozen=True)
class ServedText:
    """The text of a build; each list has one entry a document."""

    documents: list[Document]  # as they are written
    roots: list[Node]  # without merge keys: names and dependencies may come through `<<`
    names: list[str | None]  # None: a document that is no pipeline


def only_failed(served: Resolved, ran: Collection[str], failed: Collection[str]) -> Rest:
    """Leave out all pipelines but those that failed, and those that depend on them.

    Args:
        served: what the build was served, with its text.
        ran: names of the pipelines that were part of the build.
        failed: those of them that are to run again.

    Returns:
        `left_out` is empty where nothing can be left out.

    Raises:
        Unnamed: the text does not show which pipeline is which.
    """
    text = read(served)
    if unknown := set(ran) - set(text.names):
        raise Unnamed(f"it has no {', '.join(sorted(unknown))}")
    needs = {name: dependencies(root) for name, root in zip(text.names, text.roots, strict=True) if name is not None}
    left_out = set(ran) - with_dependants(failed, needs)
    return Rest(
        without(served, text, left_out),
        tuple(name for name in text.names if name in set(ran) - left_out),
        tuple(name for name in text.names if name in left_out),
    )


def unchanged(served: Resolved, today: Resolved) -> bool:
    """Return whether today's text has all that was served as it was; it may have more pipelines."""
    try:
        before, now = read(served), read(today)
        added = {name for name in now.names if name is not None} - set(before.names)
        return without(served, before, ()).yaml == without(today, now, added).yaml
    except Unnamed:
        return False


def read(served: Resolved) -> ServedText:
    text = served.yaml or ""
    if number := line_too_long(text):
        raise Unnamed(f"Drone reads it up to line {number} only, which is too long")
    try:
        parsed = documents(PATH, text, Budget())
        roots = [expanded(document.root, lenient=True) for document in parsed]
    except ComposeError as error:
        raise Unnamed(str(error)) from None
    return ServedText(parsed, roots, [pipeline_name(root) for root in roots])


def without(served: Resolved, text: ServedText, left_out: Collection[str]) -> Resolved:
    """Leave pipelines out, and the signature, which is one of all of the text."""
    remaining = [
        without_dependencies(document, root, left_out)
        for name, document, root in zip(text.names, text.documents, text.roots, strict=True)
        if name not in left_out and not is_signature(root)
    ]
    try:
        yaml, origins = finished(PATH, remaining)
    except ComposeError as error:
        raise Unnamed(str(error)) from None
    return replace(served, yaml=yaml, origins=tuple(of_the_tree(origins, served.origins)))


def pipeline_name(root: Node) -> str | None:
    """Return the name of a pipeline; None for a document of another kind."""
    if not isinstance(root, MapNode) or text_of(value_of(root, "kind")) != "pipeline":
        return None
    return text_of(value_of(root, "name")) or UNNAMED


def dependencies(root: Node) -> set[str]:
    listed = value_of(root, "depends_on") if isinstance(root, MapNode) else None
    items = listed.items if isinstance(listed, Sequence) else [listed]
    return {item.value for item in items if isinstance(item, Scalar)}


def with_dependants(names: Collection[str], needs: Mapping[str, Collection[str]]) -> set[str]:
    """Return pipelines, and all that depend on them, directly or not."""
    needed_by: dict[str, list[str]] = defaultdict(list)
    for name, dependencies_of_it in needs.items():
        for dependency in dependencies_of_it:
            needed_by[dependency].append(name)
    return reached(names, lambda name: needed_by[name])


def without_dependencies(document: Document, root: Node, left_out: Collection[str]) -> ComposedDocument:
    """Take names out of `depends_on`; the document stays as it is written where none is in it.

    Args:
        document: as it is written.
        root: of it, without merge keys.
        left_out: names of pipelines.
    """
    if not isinstance(root, MapNode) or not dependencies(root) & set(left_out):
        return ComposedDocument(document.root, document.text, document.line)
    pairs: list[tuple[Node, Node]] = []
    for key, value in root.pairs:
        if identity(key) != "depends_on":
            pairs.append((key, value))
        elif isinstance(value, Sequence):
            items = [item for item in value.items if not (isinstance(item, Scalar) and item.value in left_out)]
            if items:
                pairs.append((key, replace(value, items=items)))
    return ComposedDocument(replace(root, pairs=pairs), None)


def of_the_tree(origins: list[Origin], before: Collection[Origin]) -> list[Origin]:
    """Return origins in the tree's files, of a text whose parts come from places of a text with origins."""
    known = {(origin.line, origin.column): origin.place for origin in before}
    return [origin._replace(place=place) for origin in origins if (place := known.get((origin.place.line, origin.place.column)))]
