"""The documents of a file, read and checked one by one as Drone's server and its runners read them."""

from collections.abc import Callable, Collection, Iterator

from pipelines.check import documents, keys, never_matches, operations, runner, runner_values, server, shape, volumes
from pipelines.check.duplicate_keys import duplicate_keys
from pipelines.check.escapes import read_as_drone, refuse
from pipelines.check.findings import ERROR, WARNING, Finding, check
from pipelines.language.errors import ComposeError, TooDeep, TooManyNodes
from pipelines.language.merge_keys import expanded
from pipelines.language.nodes import Mapping, Node, Place

YAML = check("yaml", ERROR, "text that is not YAML")
TOO_LARGE = check(
    "not-checked",
    WARNING,
    "a file too large or too deep to be looked into, or with an alias within itself; it is served as it is",
)
UNREAD = frozenset({YAML.id, TOO_LARGE.id})  # a document with one of these is missing from what is checked


def parse_documents(path: str, parts: documents.Split) -> tuple[list[Node], list[Finding]]:
    """Return the documents of a file that is served as it is written, each read by itself as Drone does, and what is wrong."""
    roots: list[Node] = []
    problems: list[Finding] = []
    for chunk in parts.chunks:
        place = Place(path, chunk.line - chunk.separated, 1)
        try:
            document, rest = read_as_drone(path, chunk.text.lstrip("\ufeff"), chunk.line - 1)
        except (TooDeep, TooManyNodes) as error:
            problems.append(TOO_LARGE.at(error.place, f"{error.message} It is served, and not looked into."))
        except ComposeError as error:
            # An alias within itself Drone reads under keys that it does not know, and in some that it does.
            entangled = "contains itself" in error.message
            problems.append((TOO_LARGE if entangled else YAML).at(error.place, error.message))
        else:
            if rest:
                problems.append(
                    documents.AFTER.at(rest, "the document has ended before: Drone reads nothing from here on; indent it alike.")
                )
            if document is None:
                problems.append(nothing_in(chunk, place, alone=len(parts.chunks) == 1))
                continue
            written, root = document.root, expanded(document.root, lenient=True)
            roots.append(root)
            if root is not written:  # of doubled keys the last counts, and all are read
                problems += shape.wrong_values(server.kind_in(root), written)
                if isinstance(root, Mapping) and isinstance(written, Mapping) and server.kind_in(root) == "pipeline":
                    problems += runner_values.unfit(written, server.type_in(root))
                problems += duplicate_keys(written)
    return roots, problems


def refused_by_drone(text: str) -> Iterator[Finding]:
    """Yield what Drone's parser refuses of a text that was composed, and therefore read already."""
    for chunk in documents.split(text).chunks:
        try:
            refuse("", chunk.text, chunk.line - 1)
        except ComposeError as error:
            yield YAML.at(error.place, error.message)


def nothing_in(chunk: documents.Chunk, place: Place, *, alone: bool) -> Finding:
    """Return the finding for an empty document, with its cause."""
    if not chunk.separated and not alone:
        return server.BEFORE.at(place, "what stands before the first --- is a document without a kind to Drone; move it below.")
    what = "nothing follows the ---" if chunk.separated else "there is nothing in it but comments"
    return server.EMPTY.at(place, f"{what}: a document without a kind, for which Drone refuses the whole file; remove it.")


def wrong_values(root: Mapping) -> Iterator[Finding]:
    return shape.wrong_values(server.kind_in(root), root)


RULES: tuple[Callable[[Mapping], Iterator[Finding]], ...] = (
    wrong_values, keys.keys, runner.steps, volumes.volumes, never_matches.never_matches,
)  # fmt: skip


def check_documents(roots: Collection[Node], *, operation: bool = False) -> Iterator[Finding]:
    """Yield what is wrong in each document by itself; `operation`: only custom builds run them."""
    has_pipeline = any(server.kind_in(root) == "pipeline" for root in roots)
    for root in roots:
        yield from server.without_kind(root)
        if isinstance(root, Mapping):
            if has_pipeline and server.kind_in(root) in server.RESOURCES:
                yield from runner_values.beside_pipelines(root)
            for rule in (*RULES, operations.never_runs) if operation else RULES:
                yield from rule(root)
