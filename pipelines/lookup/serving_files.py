"""Which files of a tree serve a repository, whatever its builds are. Pure: no file is touched here."""

import posixpath
from collections import defaultdict
from collections.abc import Iterable, Iterator

from pipelines.lookup.candidates import Homes, files_in
from pipelines.lookup.operation_files import folders
from pipelines.operations.operation import is_name, is_operation


class ServingFiles:
    """The files of a tree, by the folders where `candidates` and `operation_candidates` look for them."""

    def __init__(self, stems: Iterable[str]) -> None:
        """Take the paths of the files, without .yaml or .yml."""
        self.stems = frozenset(stems)
        self.below: dict[str, list[str]] = defaultdict(list)  # folder → the files of branches in it, and below
        self.operations: dict[str, dict[str, str]] = defaultdict(dict)  # folder → name → path
        for stem in sorted(self.stems):
            folder, name = posixpath.split(stem)
            if is_operation(stem) and is_name(name):
                self.operations[folder][name] = stem
            elif "/_" not in f"/{stem}":
                while folder:
                    self.below[folder].append(stem)
                    folder = posixpath.dirname(folder)

    def of(self, homes: Homes) -> Iterator[str]:
        """Yield the files that some branch of a repository gets, and the nearest operation of each name."""
        for index, home in enumerate(homes.repository):
            nearer = homes.repository[:index]
            yield from (stem for stem in self.below.get(home, ()) if not self.has_nearer(stem.removeprefix(f"{home}/"), nearer))
            if f"{home}/default" in self.stems:
                break
        else:
            defaults = (*(f"{home}/default" for home in homes.owner), "default")
            yield from [stem for stem in defaults if stem in self.stems][:1]
        operations: dict[str, str] = {}
        for folder in folders(homes):
            operations = self.operations.get(folder, {}) | operations
        yield from operations.values()

    def has_nearer(self, branch: str, folders: Iterable[str]) -> bool:
        """Return whether a branch, named by its file, gets one from other folders."""
        return any(path.removesuffix(".yaml") in self.stems for folder in folders for path in files_in(folder, branch))
