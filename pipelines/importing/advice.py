"""What to know of imported files before builds run from the tree: names, signatures, rights. Pure."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain

from pipelines.check.document_checks import parse_documents
from pipelines.check.documents import split
from pipelines.check.server import kind_in
from pipelines.check.trust import needs_trust
from pipelines.importing.clones import Clone
from pipelines.importing.plan import Placement
from pipelines.language.nodes import Mapping, Node

MOST_NAMED = 10


def advice(placements: Sequence[Placement], folders: Collection[str], *, asked: bool) -> Iterator[str]:
    """Yield sentences on the files that are in the tree now.

    Args:
        placements: of the clones that were imported, or are there already.
        folders: that the tree had before.
        asked: whether Drone's database was.
    """
    clones = [placement.clone for placement in placements]
    yield from case_only(placements, folders)
    for clone in clones:
        if clone.drone and clone.remote != clone.slug:
            yield f"{clone.slug}: the remote of {clone.folder} writes {clone.remote}; Drone's spelling counts, and is used."
    if asked:
        yield from told("Drone does not know these, so it builds nothing of them", [clone for clone in clones if not clone.drone])
    documents = {clone.slug: roots_of(clone) for clone in clones}
    signed = {clone.slug for clone in clones if any(kind_in(root) == "signature" for root in documents[clone.slug])}
    yield from told(
        "Their files have a signature (`kind: signature`), which is right only while not a byte changes; remove that document "
        "before you edit or share them, and Drone holds their pushes for approval where it protects the repository",
        [clone for clone in clones if clone.slug in signed],
    )
    yield from told(
        "Drone protects these, and their files are not signed, so it holds their pushes for approval, as it did before",
        [clone for clone in clones if clone.drone and clone.drone.protected and clone.slug not in signed],
    )
    needing = [
        clone for clone in clones if any(any(needs_trust(root)) for root in documents[clone.slug] if isinstance(root, Mapping))
    ]
    yield from told(
        "They use host volumes, privileges or networks, and Drone does not trust them, so runners refuse their builds",
        [clone for clone in needing if clone.drone and not clone.drone.trusted],
    )
    yield from told(
        "They use host volumes, privileges or networks, for which Drone must trust a repository; look there whether it does",
        [clone for clone in needing if not clone.drone],
    )


def told(what: str, clones: Sequence[Clone]) -> Iterator[str]:
    """Yield a sentence on some repositories; nothing where there are none."""
    if clones:
        more = f", and {len(clones) - MOST_NAMED:,} more" if len(clones) > MOST_NAMED else ""
        yield f"{what}: {', '.join(clone.slug for clone in clones[:MOST_NAMED])}{more}."


def case_only(placements: Iterable[Placement], folders: Collection[str]) -> Iterator[str]:
    """Yield the folders whose names differ in upper and lower case only."""
    alike: dict[str, dict[str, None]] = {}
    for folder in chain((placement.path.rpartition("/")[0] for placement in placements), folders):
        alike.setdefault(folder.casefold(), {})[folder] = None
    for names in alike.values():
        if len(names) > 1:
            both = " and ".join(f"projects/{name}/" for name in names)
            yield f"{both} differ in upper and lower case only: a checkout on macOS or Windows holds one of them."


def roots_of(clone: Clone) -> list[Node]:
    return parse_documents("", split(clone.content.decode()))[0]
