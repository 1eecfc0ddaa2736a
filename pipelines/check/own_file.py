"""A repository's own file examined as files of the tree are: with what it extends, each mistake where it is written."""

from collections.abc import Collection
from itertools import chain

from pipelines.build_request import BuildRequest
from pipelines.check import switches
from pipelines.check.examine import told_once
from pipelines.check.extended_files import RememberedFiles
from pipelines.check.findings import Finding
from pipelines.check.one_file import EXTENDS, Examined, examine_text
from pipelines.check.switches import Switches, allowed
from pipelines.check.trusted import Trusted, by_trust_in
from pipelines.language.errors import ComposeError
from pipelines.resolve.own_file import own_path, reach, reaches, refuse_heads, refuse_kinds, refuse_unreached
from pipelines.tree.tree import Snapshot, Tree


def examine_own(
    request: BuildRequest, text: str, tree: Tree, namespaces: Collection[str] = (), trusted: Trusted | None = None
) -> list[Finding]:
    """Find what is wrong with an own file and in the shared files that it extends.

    Unlike Drone's answer, it names these and their mistakes: it is for people who see the tree.

    Args:
        request: names the repository.
        text: of its own file, whose path in findings begins with a /.
        tree: what it may extend.
        namespaces: as of `resolve`.
        trusted: which repositories Drone trusts; None: not known.
    """
    path = own_path(request)
    examined = Examined(path)
    with tree.snapshot() as snapshot:
        files = ReachedFiles(snapshot, reach(request, namespaces), path, text)
        try:
            refuse_heads(path, text)
            examine_text(examined, text, files, serves=True, operation=False)
            if not (examined.is_served or examined.findings):
                refuse_kinds(path, ["repository"])  # which a shared file brings
        except ComposeError as error:
            examined.findings.append(EXTENDS.at(error.place, error.message))
        off, _ = switches.of_the_tree(snapshot)
    comments = (allowed(of, read) for of, read in files.texts.items() if isinstance(read, str))
    silenced = Switches([*off, *chain.from_iterable(comments)])
    findings = [one for one in dict.fromkeys([*examined.findings, *examined.content]) if not silenced.silence(one)]
    once = [one for one in dict.fromkeys(examined.once) if not silenced.silence(one)]
    refused, once = by_trust_in(request.slug, once, trusted or {})
    idle = (one for one in silenced.idle() if one.path == path)  # the others may silence what is elsewhere
    return sorted([*findings, *refused, *told_once(once), *idle])


class ReachedFiles(RememberedFiles):
    """An own file, and the part of the tree that it reaches."""

    def __init__(self, snapshot: Snapshot, folders: tuple[str, ...], path: str, text: str) -> None:
        super().__init__(snapshot)
        self.folders = folders
        self.texts[path] = text

    def read(self, path: str) -> str | None:
        refuse_unreached(path, self.folders, self.snapshot)
        return super().read(path)

    def paths_near(self, path: str) -> list[str]:
        return [near for near in super().paths_near(path) if reaches(near, self.folders)]
