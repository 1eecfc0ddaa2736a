"""The key `extends`: where it may stand, and which file it names."""

import posixpath
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pipelines.language.errors import ComposeError
from pipelines.language.nodes import Mapping, Node, Place, Scalar, Sequence, is_null, is_plain, kind_of
from pipelines.language.reader import Document
from texts.suggestions import nearest

LISTS = ("steps", "services", "volumes")  # their items may extend, and they are merged by name
LISTED = frozenset(LISTS) | {f"{name}+" for name in LISTS} | {f"+{name}" for name in LISTS}
WHERE = (
    "extends may stand at the root of a document, in an item of a list at the root, and in an item of steps, services or "
    'volumes, nowhere else (nor arrive through <<); if a plugin wants a key of that name, quote it: "extends"'
)
LONGEST_NAME = 255  # bytes of one name in a file system


@dataclass(frozen=True)
class FileReference:
    """A file that is extended, as `extends` names it."""

    text: str  # as it is written
    place: Place  # of the key `extends`, or of the item in its list

    def wrong(self, problem: str) -> ComposeError:
        return ComposeError(self.place, f'extends "{self.text}": {problem}')


def refuse_elsewhere(document: Document) -> None:
    """Refuse `extends` where it means nothing.

    Raises:
        ComposeError: at the first such key.
    """
    allowed = {id(mapping) for mapping in may_extend(document.root)}
    for mapping in document.extending:
        if id(mapping) not in allowed:
            raise ComposeError(key_of(mapping).place, f"{WHERE}.")


def may_extend(root: Node) -> Iterator[Node]:
    """Yield everything in a document that may have the key, whether or not it has."""
    yield root
    if isinstance(root, Sequence):
        yield from root.items
    if isinstance(root, Mapping):
        for key, value in root.pairs:
            if isinstance(key, Scalar) and key.value in LISTED and isinstance(value, Sequence):
                yield from value.items


def key_of(mapping: Mapping) -> Node:
    """Return the key `extends` of a map that has it."""
    return next(key for key, _ in mapping.pairs if is_plain(key, "extends"))


def extends(node: Node) -> bool:
    """Return whether a node has the plain key `extends`."""
    return isinstance(node, Mapping) and any(is_plain(key, "extends") for key, _ in node.pairs)


def split(mapping: Mapping) -> tuple[list[FileReference] | None, Mapping]:
    """Part what a map extends from its own keys.

    Returns:
        No list where it says `extends: null`; and the map without the key.

    Raises:
        ComposeError: it is not a path or a list of paths.
    """
    key, value = next(pair for pair in mapping.pairs if is_plain(pair[0], "extends"))
    own = Mapping(mapping.place, [pair for pair in mapping.pairs if pair[0] is not key], mapping.flow, mapping.tag)
    if is_null(value):
        return None, own
    if not isinstance(value, Sequence):
        return [reference(value, key.place)], own
    if not value.items:
        raise ComposeError(key.place, "extends has an empty list; it needs the path of a file, or several.")
    return [reference(item, item.place) for item in value.items], own


def reference(value: Node, place: Place) -> FileReference:
    if isinstance(value, Scalar) and not value.tag and not is_null(value) and value.value.strip():
        return FileReference(value.value, place)
    problem = f"a value with the tag {value.tag}" if value.tag else "empty text" if is_empty(value) else kind_of(value)
    raise ComposeError(
        place, f"extends needs the path of a file, like _shared/docker.yaml, or a list of paths; this is {problem}."
    )


def is_empty(value: Node) -> bool:
    """Return whether a node is text of blanks only."""
    return isinstance(value, Scalar) and not is_null(value) and not value.value.strip()


def path_of(wanted: FileReference, extending: str) -> str:
    """Return the path, from the root of the tree, that a reference in a file names.

    Args:
        wanted: what is extended.
        extending: the path of the file that extends.

    Raises:
        ComposeError: it cannot be a path, or leads out of the tree.
    """
    text = wanted.text
    if text.startswith("/"):
        raise wanted.wrong("write the path from the root of the tree, without a / before it.")
    if "\\" in text or any(unicodedata.category(character) == "Cc" for character in text):
        raise wanted.wrong("a path has neither backslashes nor control characters; its parts are joined by /.")
    if is_own_file(extending) and {".", ".."} & set(text.split("/")):
        raise wanted.wrong("write the path from the root of the tree: a repository's own file has no place in it.")
    from_here = text.split("/", 1)[0] in {".", ".."}
    path = posixpath.normpath(posixpath.join(posixpath.dirname(extending), text) if from_here else text)
    if path == ".." or path.startswith("../"):
        raise wanted.wrong("leads out of the tree.")
    if path == "." or text.endswith(("/", "/.", "/..")):
        raise wanted.wrong("is a folder, and a file is needed.")
    if any(len(part.encode()) > LONGEST_NAME for part in path.split("/")):
        raise wanted.wrong(f"has a part longer than {LONGEST_NAME} bytes.")
    return path


def is_own_file(path: str) -> bool:
    """Return whether a path is that of a repository's own file, which is not in the tree: no path in it begins with /."""
    return path.startswith("/")


def no_such_file(wanted: FileReference, path: str, there: Iterable[str]) -> ComposeError:
    """Return the error that nothing is there, with what may have been meant."""
    near = nearest(path, (name for name in there if name != path), cutoff=0.7)
    return wanted.wrong(f'no such file; did you mean "{near}"?' if near else "no such file.")
