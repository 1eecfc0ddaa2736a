"""The operations of a repository, the broken ones with what is wrong with them."""

from collections.abc import Collection
from dataclasses import dataclass

from pipelines.build_request import BuildRequest
from pipelines.errors import ConfigError, Vanished
from pipelines.lookup.candidates import homes
from pipelines.lookup.operation_files import names_there
from pipelines.operations.operation import Operation
from pipelines.resolve.from_file import from_file
from pipelines.tree.consistent_reads import read_consistently
from pipelines.tree.tree import Snapshot, Tree


@dataclass(frozen=True)
class ListedOperation:
    """An operation of a repository, broken or not."""

    name: str
    path: str  # of its file, from the root of the tree
    operation: Operation | None  # None where it is broken
    error: str = ""  # why it is


def list_operations(namespace: str, name: str, tree: Tree, namespaces: Collection[str] = ()) -> list[ListedOperation]:
    """Return the operations of a repository, ordered by name.

    Args:
        namespace: of the repository.
        name: of the repository.
        tree: where to look.
        namespaces: those whose repositories may use a plain `<name>/` folder; empty: all.

    Raises:
        TreeUnavailable: there is no tree.
    """
    folders = homes(BuildRequest(namespace, name, "custom", "", ""), namespaces)

    def listed(snapshot: Snapshot) -> list[ListedOperation]:
        return [read_listed(snapshot, name, path) for name, path in names_there(snapshot, folders).items()]

    return read_consistently(tree, listed)


def read_listed(snapshot: Snapshot, name: str, path: str) -> ListedOperation:
    try:
        file = snapshot.either(path)
        if file is None:
            raise Vanished(path)
        resolved = from_file(snapshot, file)
    except ConfigError as error:
        return ListedOperation(name, path, None, str(error))
    return ListedOperation(name, resolved.path, resolved.operation)
