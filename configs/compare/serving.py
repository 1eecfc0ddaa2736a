"""What one tree serves, and whether Drone would take it."""

from dataclasses import dataclass
from functools import lru_cache

from configs.check.documents import is_legacy, split
from configs.check.findings import ERROR
from configs.check.one import each, parsed
from configs.check.server import lint
from configs.errors import ConfigError
from configs.kinds import kinds
from configs.lookup import Candidates
from configs.resolve import first, look
from configs.tree import Tree

import yaml  # isort: skip

OWN_FILE = "# The repository keeps its own file (kind: repository).\n"


@dataclass(frozen=True)
class Served:
    """What a build gets."""

    text: str  # empty where it gets an error
    error: str  # of edrone; empty where it serves
    sources: tuple[str, ...]

    def broken(self) -> str:
        """Say why the build would fail before it runs; empty where it would not."""
        return self.error or refused(self.text)


def served(tree: Tree, path: str, *, operation: bool) -> Served:
    """Resolve what a file serves; path "" stands for none."""
    if not path:
        return Served("", "no file serves it", ())
    try:
        found = look(tree, lambda snapshot: first(snapshot, Candidates((path,), ())))
    except ConfigError as error:
        return Served("", str(error), ())
    if found is None:
        return Served("", "no file serves it", ())
    text = OWN_FILE if found.yaml is None else found.yaml
    return Served(without_head(text) if operation else text, "", found.sources)


def without_head(text: str) -> str:
    """Take off the head of an operation's file, which Drone does not get."""
    try:
        if kinds(text)[:1] != ["operation"]:
            return text
    except yaml.YAMLError:
        return text
    chunks = [chunk for chunk in split(text).chunks if chunk.text.strip()]
    return "---\n".join(chunk.text for chunk in chunks[1:])


@lru_cache(maxsize=1024)
def refused(text: str) -> str:
    """Say why Drone or a runner would refuse a text; empty where they would take it."""
    if text == OWN_FILE or is_legacy(text):
        return ""
    roots, problems = parsed("", split(text))
    found = [*problems, *each(roots), *lint("", roots)]
    return next((f"{finding.id}: {finding.message}" for finding in found if finding.severity == ERROR), "")
