"""Which file is the operation that a build names? Nothing else may be taken for it."""

import posixpath
from collections.abc import Collection, Iterable

from pipelines.build_request import ConfigRequest
from pipelines.errors import NotFound, Unusable
from pipelines.lookup.candidates import Candidates, Homes, homes
from pipelines.operations.operation import is_name
from pipelines.tree.tree import Snapshot
from texts.sentence import Sentence
from texts.suggestions import few, nearest

FOLDER = "_operations"
ENDINGS = (".yaml", ".yml")


def named(request: ConfigRequest) -> str:
    """Give the name of the operation that a build is of; empty where it is an ordinary one.

    Only builds of event `custom` are of operations: promotions inherit the action of their parent.

    Raises:
        Unusable: the Drone server is too old to hand over actions.
    """
    if request.event != "custom":
        return ""
    if not request.action and (action := request.params.get("action")):
        raise Unusable(
            f"the operation {action!r} cannot be selected: this Drone server does not hand over the action of a build. "
            "Operations need Drone 2.19 or later."
        )
    return request.action


def is_operation(path: str) -> bool:
    """Is this the path of an operation?"""
    return posixpath.basename(posixpath.dirname(path)) == FOLDER


def name_of(path: str) -> str:
    """Give the name of the operation at a path."""
    return posixpath.splitext(posixpath.basename(path))[0]


def operation_candidates(request: ConfigRequest, name: str, namespaces: Collection[str] = ()) -> Candidates:
    """List the paths where an operation may be, the nearest first; none where it cannot be the name of one."""
    where = homes(request, namespaces)
    paths = tuple(posixpath.join(folder, f"{name}.yaml") for folder in folders(where)) if is_name(name) else ()
    return Candidates(paths, where.remarks)


def folders(where: Homes) -> list[str]:
    """Give the folders of operations, the nearest first."""
    return [posixpath.join(home, FOLDER) for home in (*where.repository, *where.owner, "")]


def names_there(snapshot: Snapshot, where: Homes) -> dict[str, str]:
    """Name the operations that there are, and the path of the nearest of each; a path ends in .yaml, or in its twin .yml."""
    found: dict[str, str] = {}
    for folder in folders(where):
        for file in snapshot.names_in(folder):
            name, ending = posixpath.splitext(file)
            if ending in ENDINGS and is_name(name):
                found.setdefault(name, posixpath.join(folder, f"{name}.yaml"))
    return dict(sorted(found.items()))


def unknown(request: ConfigRequest, name: str, there: Iterable[str], wanted: Candidates) -> NotFound:
    """Say that there is no such operation, which ones there are, and which may have been meant."""
    names = list(there)
    near = nearest(name, names)
    meant = Sentence(" Did you mean %(name)s?", name=near) if near else ""
    are = Sentence("there are %(names)s", names=few(names)) if names else Sentence("there are none")
    if not wanted.paths:
        how = Sentence("The name of an operation contains only lower-case letters, digits and -.")
    else:
        looked = Sentence("Looked for in projects/: %(paths)s (each also as .yml)", paths=list(wanted.paths))
        how = Sentence("%(looked)s.", looked=(looked, *wanted.remarks))
    return NotFound(
        Sentence(
            "there is no operation %(name)s for %(slug)s; %(are)s.%(meant)s %(how)s",
            name=repr(name),
            slug=request.slug,
            are=are,
            meant=meant,
            how=how,
        )
    )
