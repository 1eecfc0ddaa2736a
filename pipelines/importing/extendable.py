"""Own files that stay in their repositories: which shared steps of the tree they write out, and what to write instead."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import yaml

from pipelines.build_request import BuildRequest
from pipelines.compare.serving import Served
from pipelines.errors import ConfigError
from pipelines.importing.alike import sorted_out, steps_of
from pipelines.importing.editing import Edit, edit_proven
from pipelines.importing.sharing import step_of
from pipelines.language import limits
from pipelines.language.compose import compose
from pipelines.language.kinds import kinds
from pipelines.language.limits import Budget
from pipelines.language.nodes import Mapping
from pipelines.language.reader import documents
from pipelines.resolve.own_file import SharedFiles, convert, reach
from pipelines.tree.consistent_reads import read_consistently
from pipelines.tree.listing import listing, stem_of
from pipelines.tree.tree import Snapshot, Tree

SharedSteps = list[tuple[str, Mapping]]  # with their paths in the tree


@dataclass(frozen=True)
class OwnFile:
    request: BuildRequest  # names the repository, and the path of the file
    content: bytes


@dataclass(frozen=True)
class Proposal:
    """What an own file could extend."""

    before: str
    edit: Edit  # its steps that could extend shared files, with the text to write; and those that stay as they are


class NoProposal(Exception):
    """Why an own file cannot be looked into."""


class Proposals:
    """Looks into own files, and reads the shared steps of a tree once for all that reach the same."""

    def __init__(self, tree: Tree, namespaces: Collection[str]) -> None:
        self.tree, self.namespaces = tree, namespaces
        self.shared: dict[tuple[str, ...], SharedSteps] = {}

    def of(self, own: OwnFile) -> Proposal:
        """Return what an own file could extend and mean the same for Drone.

        Raises:
            NoProposal: the file cannot be read, or cannot extend anything.
            TreeUnavailable: there is no tree.
        """
        text = text_of(own)
        try:
            before = self.converted(own.request, text)
        except ConfigError as error:
            raise NoProposal(f"edrone refuses it: {error}") from None
        folders = reach(own.request, self.namespaces)
        if folders not in self.shared:
            self.shared[folders] = read_consistently(self.tree, lambda snapshot: list(shared_steps(snapshot, folders)))
        there = self.shared[folders]
        extending, _ = sorted_out(list(steps_of(f"/{own.request.config_path}", text)), there)
        wanted = {use: file.path for file in extending for use in file.uses}

        def means_the_same(edited: str) -> bool:
            try:
                return before.means_the_same(self.converted(own.request, edited))
            except ConfigError:
                return False

        return Proposal(text, edit_proven(text, wanted, dict(there), means_the_same))

    def converted(self, request: BuildRequest, text: str) -> Served:
        """Return what Drone would use of an own file."""
        converted = convert(request, text, self.tree, self.namespaces)
        return Served(converted.yaml if converted and converted.yaml is not None else text, "")


def text_of(own: OwnFile) -> str:
    if len(own.content) > limits.SOURCES:
        raise NoProposal(f"it is larger than {limits.SOURCES} bytes, and could extend nothing")
    try:
        text = own.content.decode()
    except UnicodeDecodeError:
        raise NoProposal("it is not UTF-8 text") from None
    if not text.strip("\ufeff \t\r\n"):
        raise NoProposal("it is empty")
    if is_signed(text):
        raise NoProposal("it is signed, and a signature holds for these very bytes; remove its `kind: signature` first")
    return text


def is_signed(text: str) -> bool:
    try:
        return "signature" in kinds(text)
    except yaml.YAMLError:
        return False  # and no step is found in it


def shared_steps(snapshot: Snapshot, folders: tuple[str, ...]) -> Iterator[tuple[str, Mapping]]:
    """Yield the shared steps that own files reach, with what they extend themselves; broken ones not."""
    files = SharedFiles(snapshot, folders=folders)
    for path in listing(snapshot).files:
        if not (path.startswith(folders) and stem_of(path)):
            continue
        try:
            text = files.text(path) or ""
            roots = compose(path, text, files).roots or [document.root for document in documents(path, text, Budget())]
        except ConfigError:
            continue
        if step := step_of(roots):
            yield path, step
