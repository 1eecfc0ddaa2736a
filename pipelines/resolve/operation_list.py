"""The operations of a repository, the broken ones with what is wrong with them."""

from collections.abc import Collection, Iterable
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
    return operations_of_all([(namespace, name)], tree, namespaces)


def operations_of_all(repos: Iterable[tuple[str, str]], tree: Tree, namespaces: Collection[str] = ()) -> list[ListedOperation]:
    """Return the operations of repositories, each file once; arguments and errors as of `list_operations`."""
    folders = [homes(BuildRequest(namespace, name, "custom", "", ""), namespaces) for namespace, name in repos]

    def listed(snapshot: Snapshot) -> list[ListedOperation]:
        paths = {path: name for each in folders for name, path in names_there(snapshot, each).items()}
        return [read_listed(snapshot, name, path) for path, name in paths.items()]

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
