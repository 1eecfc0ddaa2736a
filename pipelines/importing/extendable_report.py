"""What own files could extend, for people to read, and as a patch of the files."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from pipelines.importing.applying import changes
from pipelines.importing.clones import Clone
from pipelines.importing.extendable import Proposal


def report(clone: Clone, proposal: Proposal) -> Iterator[str]:
    """Yield what one own file could extend, step by step, and which steps stay as they are."""
    uses, left = proposal.edit.uses, proposal.edit.left
    name = f"{clone.folder} ({clone.slug})"
    if not uses and not left:
        yield f"{name}: no step of its {clone.file} is a shared step of the tree."
        return
    yield f"{name}: {len(uses)} {'step' if len(uses) == 1 else 'steps'} of its {clone.file} could extend shared files"
    for use, path in uses.items():
        yield f"  {use.place}: projects/{path}"
    for use, why in left.items():
        yield f"  {use.place}: left as it is: {why}"


def folder_above(clones: Sequence[Clone]) -> Path:
    """Return the folder from where a patch of these clones is applied: this one where they are below it."""
    folders = [Path(clone.folder).resolve() for clone in clones]
    here = Path.cwd()
    return here if all(folder.is_relative_to(here) for folder in folders) else Path(os.path.commonpath(folders))


def patch(clone: Clone, proposal: Proposal, above: Path) -> Iterator[str]:
    """Yield the lines of a patch, which `git apply` and `patch -p1` take in the folder above."""
    path = Path(clone.folder, clone.file).resolve().relative_to(above)  # a link stays one: what it leads to is edited
    yield from changes(str(path), proposal.before, proposal.edit.text)
