r"""What the substitution of runners makes of a file: they do it in the raw text, before they parse it (docs/drone.md 3.3).

An expression that cannot be read fails every stage of the file, without a line number; and where `\\` becomes `\`, or an
expression goes on behind its quotes, the text may be no YAML any more.
"""

from collections.abc import Iterable, Iterator
from collections.abc import Sequence as Many

from pipelines.check.documents import Split
from pipelines.check.envsubst import BAD, substituted
from pipelines.check.escapes import read_as_drone
from pipelines.check.extended_files import RememberedFiles
from pipelines.check.findings import ERROR, Finding, check
from pipelines.check.keys import below
from pipelines.check.server import kind_in, type_in
from pipelines.errors import Unusable
from pipelines.language.errors import ComposeError, TooDeep, TooManyNodes
from pipelines.language.nodes import Mapping, Node, Place, Scalar

SUBSTITUTION = check(
    "substitution", ERROR, "a `${` that the runner cannot substitute, or text that is not YAML once it has substituted"
)
ONE_WORD = frozenset({"exec", "ssh", "digitalocean", "macstadium"})  # types whose runners have envsubst 1.0.2
NOT_ONE_WORD = f"exec, ssh, digitalocean and macstadium want exactly one word as the default: {BAD}"
MARKS = "\"'[]"
LONGEST = 40  # characters of an expression in a message


def in_text(path: str, text: str, parts: Split, roots: Iterable[Node]) -> Iterator[Finding]:
    """Yield what the runner cannot do with a file that is served as it is written."""
    if "${" in text:
        for index, problem in mistakes(text, one_word=wants_one_word(roots)):
            line_start = text.rfind("\n", 0, index) + 1
            yield refused(Place(path, text.count("\n", 0, index) + 1, index - line_start + 1), text[index:], problem)
    for chunk in parts.chunks:
        if "\\\\" in chunk.text or swallows(chunk.text):
            yield from unreadable(Place(path, chunk.line, 1), chunk.text)


def swallows(text: str) -> bool:
    """Return whether an expression has a quote or a bracket in it, so that quotes or brackets may end within it."""
    left = substituted(text)[0] if "${" in text else text
    return any(text.count(mark) != left.count(mark) for mark in MARKS)


def wants_one_word(roots: Iterable[Node]) -> bool:
    """Return whether a runner with the older envsubst gets the file."""
    return any(isinstance(root, Mapping) and kind_in(root) == "pipeline" and type_in(root) in ONE_WORD for root in roots)


def mistakes(text: str, *, one_word: bool) -> list[tuple[int, str]]:
    """Return each expression that a runner of the file refuses: its index, and the problem."""
    refused = substituted(text)[1]
    if refused or not one_word:
        return refused
    return [(index, NOT_ONE_WORD) for index, _ in substituted(text, one_word=True)[1]]


def in_nodes(roots: Many[Node], text: str, extended: RememberedFiles) -> Iterator[Finding]:
    """Yield the same of documents that were composed, where it is written; `text` is what is served."""
    one_word = wants_one_word(roots)
    expressions, halved = "${" in text and mistakes(text, one_word=one_word), "\\\\" in text
    if not expressions and not halved:
        return
    for scalar in below(roots):
        if not isinstance(scalar, Scalar):
            continue
        if expressions and "${" in scalar.token:
            for index, problem in mistakes(scalar.token, one_word=one_word):
                yield refused(place_in(scalar, index, extended), scalar.token[index:], problem)
        if halved and scalar.token.startswith('"') and "\\\\" in scalar.token:
            yield from unreadable(scalar.place, scalar.token)


def refused(place: Place, rest: str, problem: str) -> Finding:
    expression = rest.split("\n", 1)[0]
    end = expression.find("}") + 1 or LONGEST
    return SUBSTITUTION.at(
        place,
        f"the runner cannot substitute {expression[: min(end, LONGEST)].rstrip()} ({problem}), so the stages of the file fail; "
        "comments count too. Write $${ for a ${ that is text.",
    )


def unreadable(place: Place, text: str) -> Iterator[Finding]:
    """Yield that a text is no YAML once it is substituted; the text itself is."""
    try:
        read_as_drone(place.path, substituted(text)[0].lstrip("\ufeff"))
    except (TooDeep, TooManyNodes):
        return
    except ComposeError as error:
        line, column = place.line + error.place.line - 1, error.place.column + (place.column - 1) * (error.place.line == 1)
        yield SUBSTITUTION.at(
            Place(place.path, line, column),
            f"the runner substitutes before it parses, and then the text {error.message.rstrip('.')}; close each ${{ before the "
            r"quote ends, and since \\ becomes \, write backslashes between single quotes or in a block (|).",
        )


def place_in(scalar: Scalar, index: int, extended: RememberedFiles) -> Place:
    """Return where a part of a scalar is written; blocks are indented there, and not in the scalar."""
    place, before = scalar.place, scalar.token[:index]
    if "\n" not in before:
        return place._replace(column=place.column + index)
    line = place.line + before.count("\n")
    try:
        lines = (extended.text(place.path) or "").split("\n")
    except Unusable:
        lines = []
    rest = scalar.token[index:].split("\n", 1)[0]
    return Place(place.path, line, (lines[line - 1].find(rest) + 1 if line <= len(lines) else 0) or 1)
