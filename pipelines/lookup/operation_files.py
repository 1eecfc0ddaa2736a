"""Which file is the operation that a build names? Nothing else may be taken for it."""

import posixpath
from collections.abc import Collection, Iterable

from pipelines.build_request import BuildRequest
from pipelines.errors import NoFileServes, Unusable
from pipelines.lookup.candidates import Candidates, Homes, homes
from pipelines.operations.operation import FOLDER, is_name
from pipelines.tree.listing import ENDINGS
from pipelines.tree.tree import Snapshot
from texts.sentence import Sentence
from texts.suggestions import few, nearest


def named(request: BuildRequest) -> str:
    """Return the name of the operation that a build runs; empty where it is an ordinary build.

    Only builds of event `custom` run operations: promotions inherit the action of their parent.

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


def operation_candidates(request: BuildRequest, name: str, namespaces: Collection[str] = ()) -> Candidates:
    """Return the paths where an operation may be, the nearest first; none where it cannot be the name of one."""
    repository_homes = homes(request, namespaces)
    paths = tuple(posixpath.join(folder, f"{name}.yaml") for folder in folders(repository_homes)) if is_name(name) else ()
    return Candidates(paths, repository_homes.remarks)


def folders(repository_homes: Homes) -> list[str]:
    """Return the folders of a repository's operations, the nearest first."""
    return [posixpath.join(home, FOLDER) for home in (*repository_homes.repository, *repository_homes.owner, "")]


def names_there(snapshot: Snapshot, repository_homes: Homes) -> dict[str, str]:
    """Return the operations that there are by name, and the path of the nearest of each: ending in .yaml, also of an .yml."""
    paths: dict[str, str] = {}
    for folder in folders(repository_homes):
        for file in snapshot.names_in(folder):
            name, ending = posixpath.splitext(file)
            if ending in ENDINGS and is_name(name):
                paths.setdefault(name, posixpath.join(folder, f"{name}.yaml"))
    return dict(sorted(paths.items()))


def unknown(request: BuildRequest, name: str, there: Iterable[str], candidates: Candidates) -> NoFileServes:
    """Return the error that there is no such operation: with those there are, and the one that may have been meant."""
    names = list(there)
    near = nearest(name, names)
    meant = Sentence(" Did you mean %(name)s?", name=near) if near else ""
    are = Sentence("there are %(names)s", names=few(names)) if names else Sentence("there are none")
    if not candidates.paths:
        how = Sentence("The name of an operation contains only lower-case letters, digits and -.")
    else:
        looked = Sentence("Looked for in projects/: %(paths)s (each also as .yml)", paths=list(candidates.paths))
        how = Sentence("%(looked)s.", looked=(looked, *candidates.remarks))
    return NoFileServes(
        Sentence(
            "there is no operation %(name)s for %(slug)s; %(are)s.%(meant)s %(how)s",
            name=repr(name),
            slug=request.slug,
            are=are,
            meant=meant,
            how=how,
        )
    )
