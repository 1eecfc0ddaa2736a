"""Where the files of operations stand, and what of them is served. The head of a file is read elsewhere."""

import re
from collections.abc import Iterator
from collections.abc import Sequence as Many

from configs.check.findings import Finding
from configs.check.server import kind_in
from configs.compose.nodes import Node
from configs.lookup import not_a_path

FOLDER = "_operations"
NAME = re.compile(r"[a-z0-9][a-z0-9-]*")


def is_operation(stem: str) -> bool:
    """Is this path, without its ending, the place of an operation: of the tree, a repository, a namespace, or its repository?"""
    *folders, folder, name = ["", *stem.split("/")]
    above = folders[1:]
    if folder != FOLDER or not NAME.fullmatch(name) or (above and not_a_path("/".join(above).removeprefix("@"))):
        return False
    return not above or above[0].startswith("@") or len(above) == 1


def without_head(roots: Many[Node]) -> tuple[Node | None, list[Node]]:
    """Part the head of an operation's file, if it has one, from what is served."""
    if roots and kind_in(roots[0]) == "operation":
        return roots[0], list(roots[1:])
    return None, list(roots)


def check_head(_: Node) -> Iterator[Finding]:
    """Check the head of an operation: nothing yet reads it."""
    return iter(())
