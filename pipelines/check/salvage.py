"""What is left of a document that cannot be composed, once what is broken is taken out of it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from pipelines.language.errors import ComposeError
from pipelines.language.merge import target_of
from pipelines.language.merge_keys import expanded
from pipelines.language.nodes import Mapping, Node, Scalar, Sequence, is_plain
from pipelines.language.reader import Document
from pipelines.language.references import LISTED, extends, may_extend
from pipelines.language.splice import Files, Splicer


@dataclass
class Left:
    roots: list[Node] = field(default_factory=list)  # composed
    own: list[Node] = field(default_factory=list)  # only what the document says itself, where nothing can be composed
    errors: list[ComposeError] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)  # paths of the files that it extends
    is_partial: bool = False  # something was taken out, so nothing can be said of what is missing


def left_of(path: str, document: Document, files: Files) -> Left:
    """Compose a document without the items that cannot be composed."""
    left = Left()
    if compose(path, document, files, left):
        return left
    left.is_partial = True
    rest = only(document, lambda item: not extends(item) or is_good(path, item, files, left))
    if not compose(path, rest, files, left):
        own = by_itself(only(document, lambda item: not extends(item)).root)
        if extends(document.root):
            left.own = own
        else:
            left.roots = own
    return left


def compose(path: str, document: Document, files: Files, left: Left) -> bool:
    """Compose a document into `left`, or add the error to it; return whether it worked."""
    splicer = Splicer(files)
    with noted(path, splicer, left) as errors:
        left.roots = [expanded(part.root) for part in splicer.file(path, [document]).documents]
    return not errors


def is_good(path: str, item: Node, files: Files, left: Left) -> bool:
    """Return whether an item can be composed; if not, the error is added to `left`."""
    splicer = Splicer(files)
    splicer.chain, splicer.heights = [path], [0]
    with noted(path, splicer, left) as errors:
        splicer.items(Sequence(item.place, [item], flow=False))
    return not errors


@contextmanager
def noted(path: str, splicer: Splicer, left: Left) -> Iterator[list[Exception]]:
    """Collect errors and the files that were read in `left`; yield the list of errors."""
    errors: list[Exception] = []
    try:
        yield errors
    except ComposeError as error:
        left.errors.append(error)
        errors.append(error)
    except RecursionError as error:
        errors.append(error)
    left.sources += [source for source in splicer.sources if source != path]


def only(document: Document, good: Callable[[Node], bool]) -> Document:
    """Return the document without the other items of lists that may extend; a misplaced `extends` becomes an ordinary key."""

    def filtered(node: Node) -> Node:
        if not isinstance(node, Sequence):
            return node
        return Sequence(node.place, [item for item in node.items if good(item)], node.flow, node.tag)

    root = document.root
    if isinstance(root, Mapping):
        pairs = [(key, filtered(value) if is_listed(key) else value) for key, value in root.pairs]
        root = Mapping(root.place, pairs, root.flow, root.tag)
    else:
        root = filtered(root)
    allowed = {id(node) for node in may_extend(root)}
    extending = [root if mapping is document.root else mapping for mapping in document.extending]
    remaining = [mapping for mapping in extending if isinstance(mapping, Mapping) and id(mapping) in allowed]
    return Document(root, document.text, document.line, remaining)


def is_listed(key: Node) -> bool:
    return isinstance(key, Scalar) and key.value in LISTED


def by_itself(root: Node) -> list[Node]:
    """Return what a document says without what it extends, and without the keys that add to that."""
    if not isinstance(root, Mapping):
        return []
    pairs = [(key, value) for key, value in root.pairs if not is_plain(key, "extends") and not target_of(key)[1]]
    try:
        return [expanded(Mapping(root.place, pairs, root.flow, root.tag))]
    except ComposeError:
        return []
