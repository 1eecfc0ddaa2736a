"""A repository's own file → the text in which its `extends` are resolved.

Own files are written by whoever can push, or open a pull request. They reach the shared files and nothing else of the tree, and
errors tell them nothing of it but the reference that they gave themselves.
"""

import re
from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass

import yaml

from pipelines.build_request import BuildRequest
from pipelines.errors import Unusable
from pipelines.language import limits
from pipelines.language.compose import Composed, compose, may_extend
from pipelines.language.errors import ComposeError
from pipelines.language.kinds import kinds
from pipelines.language.nodes import Mapping, Node, Place, Scalar, value_of
from pipelines.lookup.candidates import not_a_path
from pipelines.operations.head_removal import MAY_BE_OPERATION
from pipelines.operations.operation import is_operation
from pipelines.resolve.from_file import ExtendedFiles, Resolved
from pipelines.resolve.repository_kind import MAY_BE_REPOSITORY
from pipelines.tree.consistent_reads import read_consistently
from pipelines.tree.tree import Snapshot, Tree
from texts.characters import printable, shortened

SHARED = "_shared/"
HEADS = ("operation", "repository")
PLACE = re.compile(r"projects/.*?:\d+:\d+")  # in the tree, as errors name it


def convert(request: BuildRequest, text: str, tree: Tree, namespaces: Collection[str] = ()) -> Resolved | None:
    """Resolve what a text that Drone has extends, in the tree.

    Args:
        request: the build that the text is for.
        text: the repository's own file; or what Drone, or edrone, made of it or answered in its place.
        tree: where to look.
        namespaces: as of `resolve`: only their repositories may extend `_shared/`.

    Returns:
        None where the text extends nothing: Drone uses it as it is.

    Raises:
        ConfigError: it cannot be composed; with nothing of the tree but the references that are in the text.
    """
    path = own_path(request)
    refuse_heads(path, text)
    if not may_extend(text):
        return None
    folders = reach(request, namespaces)
    composed = read_consistently(tree, lambda snapshot: composed_own(path, text, SharedFiles(snapshot, folders=folders)))
    if composed.text == text:
        return None
    refuse_kinds(path, kinds_of(composed.roots))
    return Resolved(composed.text, path, composed.sources, composed.origins)


def own_path(request: BuildRequest) -> str:
    """Return the path of a repository's own file: it begins with a /, as none in the tree does."""
    return f"/{printable(shortened(request.config_path)).strip('/') or '.drone.yml'}"


def reach(request: BuildRequest, namespaces: Collection[str] = ()) -> tuple[str, ...]:
    """Return the folders that the own files of a repository may extend, each with a / at its end."""
    own = () if not_a_path(request.namespace) else (f"@{request.namespace}/{SHARED}",)
    return own if namespaces and request.namespace not in namespaces else (SHARED, *own)


def reaches(path: str, folders: tuple[str, ...]) -> bool:
    return path.startswith(folders) and not is_operation(path)


class Unreached(Unusable):
    """A file that an own file may not extend."""


def refuse_unreached(path: str, folders: tuple[str, ...], snapshot: Snapshot) -> None:
    """Refuse a file that lies in none of these folders, by its path or through links.

    Raises:
        Unreached: it does not.
        Unusable: it cannot be found out.
    """
    if not reaches(path, folders):
        raise Unreached(f"a repository's own file may extend {' and '.join(folders) or 'nothing'} only.")
    file = snapshot.file_at(path)
    if file and not reaches(file.real, folders):
        raise Unreached("is a link to what a repository's own file may not extend.")


@dataclass
class SharedFiles(ExtendedFiles):
    """The part of the tree that an own file reaches; also through the files that it extends, and through links."""

    folders: tuple[str, ...] = ()

    def text(self, path: str) -> str | None:
        try:
            refuse_unreached(path, self.folders, self.snapshot)
            return super().text(path)
        except Unreached:
            raise
        except Unusable:  # which names more than this file
            raise Unusable("it has a mistake; ask the people who look after edrone's tree.") from None

    def paths_near(self, _: str) -> list[str]:
        return []  # suggestions would name what is there


def composed_own(path: str, text: str, files: SharedFiles) -> Composed:
    """Compose an own file.

    Raises:
        ComposeError: always at a place in the own file.
    """
    try:
        return compose(path, text, files)
    except ComposeError as error:
        problem = error
    message = PLACE.sub("a shared file", problem.message)
    if problem.place.path == path and "projects/" not in message.replace(path, ""):
        raise ComposeError(problem.place, message)
    raise hidden(problem, path)


def hidden(error: ComposeError, path: str) -> ComposeError:
    """Return an error without what it tells of the tree: its place, its words and the files on the way."""
    place = next((place for place in reversed(error.extended_from) if place.path == path), None)
    what = f'extends "{error.outermost}": ' if place and error.outermost else ""
    own = place or (error.place if error.place.path == path else Place(path, 1, 1))
    return ComposeError(
        own,
        f"{what}the shared files do not allow this, or have a mistake; ask the people who look after edrone's tree, "
        "who see why with: manage.py checkprojects --own",
    )


def refuse_heads(path: str, text: str) -> None:
    """Refuse the heads of the tree's own files, for which Drone would wait for a runner for ever.

    Raises:
        ComposeError: there is one.
    """
    if len(text) > limits.SOURCES:
        return  # too long to be parsed at all: `compose` refuses it
    if not (MAY_BE_OPERATION.search(text) or MAY_BE_REPOSITORY.search(text)):
        return
    with suppress(yaml.YAMLError):  # Drone names the mistake
        refuse_kinds(path, kinds(text))


def kinds_of(roots: Iterable[Node]) -> list[str]:
    """Return the kinds of composed documents, also where they are written with escapes or an alias."""
    values = (value_of(root, "kind") for root in roots if isinstance(root, Mapping))
    return [kind.value for kind in values if isinstance(kind, Scalar)]


def refuse_kinds(path: str, present: Collection[str]) -> None:
    if head := next((head for head in HEADS if head in present), ""):
        raise ComposeError(Place(path, 1, 1), f"`kind: {head}` is for files of edrone's tree, not for own files.")
