"""Files that are there and cannot serve."""

import os
import re
from collections.abc import Iterator

from pipelines.check.findings import ERROR, WARNING, Finding, check, top
from pipelines.errors import ConfigError, Unusable, Vanished
from pipelines.language.nodes import Place
from pipelines.tree.files import SourceFile
from pipelines.tree.listing import Listing, stem_of
from pipelines.tree.tree import Snapshot

BOTH = check("both-endings", ERROR, "`.yaml` and `.yml` of one name: neither serves")
UNUSABLE = check(
    "unusable", ERROR, "a file that cannot serve: empty, not UTF-8, over 1 MiB, a device, a link that leaves the tree"
)
FOLDER = check("folder-for-file", ERROR, "a folder where a file of that name would serve")
CASE = check("case-only", WARNING, "two names that differ in upper and lower case only: some file systems hold just one of them")

MESSAGE = re.compile(r"(?::(\d+))?(?::(\d+))?: (.*)", re.DOTALL)


def read(snapshot: Snapshot, path: str) -> SourceFile | Finding:
    """Return the file, or the finding that it cannot be read."""
    try:
        spot = snapshot.file_at(path)
        if spot:
            return snapshot.read(spot)
    except Unusable as error:
        return unusable(path, error)
    except Vanished:
        pass
    return UNUSABLE.at(top(path), "goes away or changes while it is read; check again.")


def unusable(path: str, error: ConfigError) -> Finding:
    """Return the finding, at its line, for an error about a file."""
    match = MESSAGE.fullmatch(str(error).removeprefix(f"projects/{path}"))
    line, column, message = match.groups() if match else (None, None, str(error))
    return UNUSABLE.at(Place(path, int(line or 1), int(column or 1)), message)


def names(contents: Listing) -> Iterator[Finding]:
    """Yield names that conflict with one another."""
    paths = set(contents.files)
    for path in contents.files:
        if path.endswith(".yml") and f"{stem_of(path)}.yaml" in paths and "_shared" not in path.split("/"):
            twin = os.path.basename(stem_of(path))
            yield BOTH.at(top(path), f"{twin}.yaml is there too, and only one may be: delete one of them.")
    for path in contents.folders:
        if stem_of(path) and "_shared" not in path.split("/"):
            yield FOLDER.at(top(path), "is a folder, and a file of this name would serve builds; rename it.")
    seen: dict[str, str] = {}
    for path in sorted([*contents.folders, *contents.files]):
        folder, _, name = path.rpartition("/")
        key = f"{folder}/{(stem_of(name) or name).casefold()}"
        other = seen.setdefault(key, path)
        if other != path and (stem_of(other) or other) != (stem_of(path) or path):
            yield CASE.at(top(path), f"differs from projects/{other} in upper and lower case only.")
