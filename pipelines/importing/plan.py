"""Where each clone's file goes in the tree, decided for all of them before anything is written."""

import os
import tempfile
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import Unusable
from pipelines.importing.clones import Clone
from pipelines.language.compose import compose
from pipelines.language.errors import ComposeError
from pipelines.lookup.candidates import not_a_path
from pipelines.resolve.repository_kind import keeps_its_own_file
from pipelines.tree.files import LARGEST_FILE
from pipelines.tree.listing import ENDINGS


@dataclass(frozen=True)
class Placement:
    clone: Clone
    path: str  # in the tree; empty where it has no place
    skipped: str  # why nothing is written; empty where something is
    is_there: bool = False  # the tree has the very same file already


class NoFiles:
    """A tree without files: whoever writes `extends` before there is a tree means something else."""

    def text(self, _: str) -> None:
        pass

    def paths_near(self, _: str) -> Collection[str]:
        return ()


def plan(clones: Sequence[Clone], root: Path, namespaces: Collection[str]) -> list[Placement]:
    """Decide where the files go: to a plain folder, or to @namespace/ where two repositories have one name."""
    distinct = {clone.slug: clone for clone in clones}
    names = Counter(clone.name for clone in distinct.values())
    seen: dict[str, Clone] = {}
    return [placement(clone, root, namespaces, seen, alone=names[clone.name] == 1) for clone in clones]


def placement(clone: Clone, root: Path, namespaces: Collection[str], seen: dict[str, Clone], *, alone: bool) -> Placement:
    for what, name in (("name", clone.name), ("namespace", clone.namespace)):
        if problem := "begins with @" if name.startswith("@") else not_a_path(name):
            return Placement(clone, "", f"its {what} {name!r} {problem}, so it can have no folder in the tree")
    if other := seen.get(clone.slug):
        return Placement(clone, "", f"it is the same repository as {other.folder}")
    seen[clone.slug] = clone
    own = f"@{clone.namespace}/{clone.name}"
    plain = (not namespaces or clone.namespace in namespaces) and not (root / own).exists()
    plain = plain and (alone or (root / clone.name).exists())  # which may serve this repository: a nearer file would hide it
    folder = clone.name if plain else own
    path = f"{folder}/default.yaml"
    if leads_astray(root, folder):
        return Placement(
            clone, path, f"projects/{folder} is or lies behind a file, or a link that leaves the tree or leads nowhere"
        )
    there = next((f"{folder}/default{ending}" for ending in ENDINGS if os.path.lexists(root / f"{folder}/default{ending}")), "")
    elsewhere = f"; if it is another repository's, import this one by hand as projects/{own}/default.yaml" if plain else ""
    if there:
        same = (root / there).is_file() and (root / there).read_bytes() == clone.content
        why = "is there already, and " + ("the same" if same else f"another text; it is never overwritten{elsewhere}")
        return Placement(clone, there, f"projects/{there} {why}", is_there=same)
    if plain and not alone:
        why = f"projects/{folder}/ is there already, and two of the clones have that name{elsewhere}"
    else:
        problem = cannot_serve(path, clone.content)
        why = f"its {clone.file} {problem}" if problem else ""
    return Placement(clone, path, why)


def leads_astray(root: Path, folder: str) -> bool:
    """Return whether a file in this folder would be written outside the tree, or not at all."""
    way = [root / folder, *(root / folder).parents][: folder.count("/") + 1]
    blocked = any(os.path.lexists(place) and not place.is_dir() for place in way)
    return blocked or not (root / folder).resolve().is_relative_to(root.resolve())


def cannot_serve(path: str, content: bytes) -> str:
    """Return why a text would be of no use in the tree, or mean something else there; empty if it serves."""
    if len(content) > LARGEST_FILE:
        return f"is larger than {LARGEST_FILE} bytes"
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return "is not UTF-8 text"
    if not text.strip("\ufeff \t\r\n"):
        return "is empty"
    try:
        if compose(path, text, NoFiles()).text is text and not keeps_its_own_file(path, text):
            return ""
    except (ComposeError, Unusable):
        pass
    return "has a key `extends`, or kind: repository, which mean something to edrone; quote or remove it, and import it by hand"


def write(placements: Sequence[Placement], root: Path) -> None:
    """Write the files that are to be written, each whole or not at all.

    Raises:
        OSError: with the file that could not be written; those before it are whole, and a second run goes on.
    """
    for placement in placements:
        if not placement.skipped:
            path = root / placement.path
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".import-") as file:
                file.write(placement.clone.content)
                file.flush()
                os.fchmod(file.fileno(), 0o644)
                os.link(file.name, path)  # fails where something is there by now
