"""The operations of a repository, the broken ones with what is wrong with them."""

from collections.abc import Collection
from dataclasses import dataclass

from pipelines.build_request import ConfigRequest
from pipelines.errors import ConfigError, Vanished
from pipelines.lookup.candidates import homes
from pipelines.lookup.operation_files import names_there
from pipelines.operations.operation import Operation
from pipelines.resolve.resolve import from_file, look
from pipelines.tree.tree import Snapshot, Tree


@dataclass(frozen=True)
class Listed:
    """One operation of a list."""

    name: str
    path: str  # of its file, from the root of the tree
    operation: Operation | None  # None where it is broken
    error: str = ""  # why it is


def operations(namespace: str, name: str, tree: Tree, namespaces: Collection[str] = ()) -> list[Listed]:
    """List the operations of a repository by name.

    Args:
        namespace: of the repository.
        name: of the repository.
        tree: where to look.
        namespaces: those whose repositories may use a plain `<name>/` folder; empty: all.

    Raises:
        TreeUnavailable: there is no tree.
    """
    where = homes(ConfigRequest(namespace, name, "custom", "", ""), namespaces)
    return look(tree, lambda snapshot: [one(snapshot, *each) for each in names_there(snapshot, where).items()])


def one(snapshot: Snapshot, name: str, path: str) -> Listed:
    """Look at one operation."""
    try:
        spot = snapshot.either(path)
        if spot is None:
            raise Vanished(path)
        resolved = from_file(snapshot, spot)
    except ConfigError as error:
        return Listed(name, path, None, str(error))
    return Listed(name, resolved.path, resolved.operation)
