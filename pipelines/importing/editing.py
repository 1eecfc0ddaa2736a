"""Put `extends` in the place of what a shared file has, and touch no other line. Pure."""

import re
from collections.abc import Callable, Iterable
from collections.abc import Mapping as Lookup
from dataclasses import dataclass, field

import yaml

from pipelines.importing.alike import StepUse, difference, same
from pipelines.importing.extents import Extents, extents_of
from pipelines.language.errors import ComposeError
from pipelines.language.nodes import Mapping, Node, Scalar, identity
from pipelines.language.writer import written

ODD_LINE_ENDS = re.compile("\r(?!\n)|[\x85\u2028\u2029]")  # which libyaml counts as lines
PLAIN_PATH = re.compile(r"[\w./-]+")
DASH = re.compile(r"[ ]*-[ ]+")


class NotEdited(Exception):
    """Why a step is left as it is."""


@dataclass(frozen=True)
class Edit:
    """A file in which steps extend shared files."""

    text: str  # as it was where no step is edited
    uses: dict[StepUse, str] = field(default_factory=dict)  # the steps that are edited, and what they extend
    left: dict[StepUse, str] = field(default_factory=dict)  # the others, and why


def edit_proven(
    text: str, wanted: dict[StepUse, str], shared: Lookup[str, Mapping], means_the_same: Callable[[str], bool]
) -> Edit:
    """Let steps of a text extend shared files: all at once, or where that does not work by halves, as far as it does.

    Args:
        text: of a file.
        wanted: steps of it, with the paths of shared files.
        shared: what these hold, all of which the steps have, too.
        means_the_same: whether an edited text does.
    """
    if not wanted:
        return Edit(text)
    try:
        return Edit(proven(text, wanted, shared, means_the_same), wanted)
    except NotEdited as error:
        if len(wanted) == 1 or not means_the_same(text):  # nor would any other text
            return Edit(text, left=dict.fromkeys(wanted, str(error)))
    edit, rest = Edit(text), halves(list(wanted.items()))
    while rest:
        some = rest.pop()
        uses = edit.uses | dict(some)
        try:
            edit = Edit(proven(text, uses, shared, means_the_same), uses, edit.left)
        except NotEdited as error:
            if len(some) == 1:
                edit.left[some[0][0]] = str(error)
            else:
                rest += halves(some)
    return edit


def halves(some: list[tuple[StepUse, str]]) -> list[list[tuple[StepUse, str]]]:
    """Return both halves, the first at the end."""
    middle = len(some) // 2
    return [some[middle:], some[:middle]]


def proven(text: str, uses: dict[StepUse, str], shared: Lookup[str, Mapping], means_the_same: Callable[[str], bool]) -> str:
    """Edit a text.

    Raises:
        NotEdited: it cannot be edited, or does not mean the same.
    """
    changed = edited(text, [(use, path, shared[path]) for use, path in uses.items()])
    if not means_the_same(changed):
        raise NotEdited("the pipeline would not mean the same for certain")
    return changed


class Lines:
    """The lines of a text, those that go and those that come."""

    def __init__(self, text: str) -> None:
        if ODD_LINE_ENDS.search(text):
            raise NotEdited("it has line ends that are neither \\n nor \\r\\n")
        self.lines = text.split("\n")
        self.ending = "\r" if "\r\n" in text else ""
        self.gone: set[int] = set()  # from 1, as all numbers here
        self.instead: dict[int, list[str]] = {}  # for the line of that number
        self.behind: dict[int, list[str]] = {}

    def text(self) -> str:
        result: list[str] = []
        for number, line in enumerate(self.lines, start=1):
            if number in self.instead:
                result += [f"{added}{self.ending}" for added in self.instead[number]]
            elif number not in self.gone:
                result.append(line)
            result += [f"{added}{self.ending}" for added in self.behind.get(number, ())]
        last = len(self.lines)
        if last in self.gone and last not in self.instead and last not in self.behind:
            result.append("")  # the line that is the last now had a line end, and keeps it
        return "\n".join(result)


def edited(text: str, uses: Iterable[tuple[StepUse, str, Mapping]]) -> str:
    """Let steps of a text extend shared files.

    Args:
        text: of a file.
        uses: steps of it; each with the path of a shared file, and what that holds, all of which the step has, too.

    Raises:
        NotEdited: it is written in a way that cannot be edited line by line.
    """
    lines = Lines(text)
    try:
        extents = extents_of(text)
        for use, path, shared in uses:
            edit(lines, extents, use.step, path, shared)
    except (yaml.YAMLError, ComposeError, KeyError) as error:
        raise NotEdited("it is written in a way that cannot be edited line by line") from error
    return lines.text()


def edit(lines: Lines, extents: Extents, step: Mapping, path: str, shared: Mapping) -> None:
    line, column = step.place.line, step.place.column
    before = lines.lines[line - 1][: column - 1]
    if not DASH.fullmatch(before):
        raise NotEdited("the step does not begin on a line of its own with its `-`")
    extends = f"extends: {quoted(path)}"
    indent = " " * (column - 1)
    if step.flow:
        last = extents.items[line, column]
        rest = difference(shared, step)
        lines.gone.update(range(line, last + 1))
        lines.instead[line] = [f"{before}{extends}", *indented(written(rest), indent)] if rest.pairs else [f"{before}{extends}"]
        return
    first = step.pairs[0][0]
    remove(lines, extents, shared, step)
    if line in lines.gone and line not in lines.instead:
        lines.instead[line] = [f"{before}{extends}"]
    else:
        lines.behind.setdefault(extents.pairs[spot(first)], []).insert(0, f"{indent}{extends}")


def quoted(path: str) -> str:
    """Return a path as YAML, which reads `@` and some others as more than text."""
    return path if PLAIN_PATH.fullmatch(path) else "'" + path.replace("'", "''") + "'"


def remove(lines: Lines, extents: Extents, shared: Mapping, mapping: Mapping) -> None:
    """Remove the lines of what is shared."""
    there = {identity(key): value for key, value in shared.pairs}
    for key, value in mapping.pairs:
        match = there.get(identity(key))
        if match is None:
            continue
        if key.place < mapping.place:
            raise NotEdited("what it could share comes to it through <<")
        begin, end = key.place.line, extents.pairs[spot(key)]
        if same(value, match):
            lines.gone.update(range(begin, end + 1))
        elif isinstance(value, Mapping) and isinstance(match, Mapping):
            if value.flow or value.place.line == begin:
                rest = Mapping(mapping.place, [(key, difference(match, value))], flow=False)
                replace(lines, key, written(rest), end)
            else:
                remove(lines, extents, match, value)


def replace(lines: Lines, key: Node, text: str, end: int) -> None:
    """Write what is left of a map between brackets."""
    begin, column = key.place.line, key.place.column
    lines.gone.update(range(begin, end + 1))
    before = lines.lines[begin - 1][: column - 1]
    first, *others = indented(text, " " * (column - 1))
    lines.instead[begin] = [before + first.lstrip(" "), *others]


def indented(text: str, indent: str) -> list[str]:
    return [f"{indent}{line}" if line else line for line in text.rstrip("\n").split("\n")]


def spot(node: Node) -> tuple[int, int]:
    if isinstance(node, Scalar) and node.lead == "?":
        raise NotEdited("it has a key that is written with ?")
    return node.place.line, node.place.column
