"""A repository's own file examined: what it extends, and what Drone would then refuse."""

from collections.abc import Collection

from pipelines.build_request import BuildRequest
from pipelines.check.examine import Found
from pipelines.check.extended_files import RememberedFiles
from pipelines.check.one_file import EXTENDS, Examined, examine_text
from pipelines.errors import ConfigError
from pipelines.language.errors import ComposeError
from pipelines.language.nodes import Place
from pipelines.resolve.own_file import convert
from pipelines.tree.tree import Tree


def examine_own(request: BuildRequest, name: str, text: str, tree: Tree, namespaces: Collection[str] = ()) -> Found:
    """Find what is wrong with an own file.

    Args:
        request: names the repository.
        name: of the file, in findings.
        text: its content.
        tree: what it may extend.
        namespaces: as of `resolve`.
    """
    try:
        converted = convert(request, text, tree, namespaces)
    except ComposeError as error:
        return Found([EXTENDS.at(error.place._replace(path=name), error.message)], [])
    except ConfigError as error:
        return Found([EXTENDS.at(Place(name, 1, 1), str(error))], [])
    composed = converted.yaml if converted and converted.yaml is not None else text
    examined = Examined(name)
    with tree.snapshot() as snapshot:
        examine_text(examined, composed, RememberedFiles(snapshot), serves=True, operation=False)
    return Found([*examined.findings, *examined.content], examined.once)
