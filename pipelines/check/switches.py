"""Findings that are switched off: ids for the tree in `_checks.yaml`, and one on a line by the comment `# edrone: allow ID`."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pipelines.check import files
from pipelines.check.findings import CHECKS, ERROR, WARNING, Finding, check
from pipelines.check.keys import NEAR
from pipelines.errors import Unusable, Vanished
from pipelines.language.errors import ComposeError
from pipelines.language.limits import Budget
from pipelines.language.nodes import Mapping, Node, Place, Scalar, Sequence, text_of
from pipelines.language.reader import documents
from pipelines.tree.tree import Snapshot
from texts.suggestions import nearest

FILE = "_checks.yaml"
MISTAKE = check("checks-file", ERROR, "a mistake in `_checks.yaml`, which holds `off:` and a list of ids of this table")
IDLE = check("idle-switch", WARNING, "an id in `_checks.yaml`, or in a comment `# edrone: allow ID`, that silences nothing")

ALLOW = re.compile(r"#[ \t]*edrone:[ \t]*allow[ \t]+([a-z0-9-]+(?:[ \t]*,[ \t]*[a-z0-9-]+)*)")
NOTHING = re.compile(r"[ \t\r]*(?:#.*)?")  # on a line


@dataclass(frozen=True)
class Switch:
    """Something that silences findings of one id."""

    id: str
    place: Place  # where it is written
    line: int = 0  # of its file, that it silences; 0: the whole tree


class Switches:
    """Says which findings are switched off, and knows afterwards which switches have silenced nothing."""

    def __init__(self, switches: Iterable[Switch]) -> None:
        self.known = {(switch.id, switch.place.path if switch.line else "", switch.line): switch for switch in switches}
        self.used: set[Switch] = set()

    def silence(self, finding: Finding) -> bool:
        places = ((finding.id, finding.path, finding.line), (finding.id, "", 0))
        silencing = [self.known[place] for place in places if place in self.known]
        self.used.update(silencing)
        return bool(silencing)

    def idle(self) -> Iterator[Finding]:
        """Yield the switches that silence nothing."""
        for switch in self.known.values():
            if switch not in self.used:
                where = "on its line" if switch.line else "in the tree"
                unknown = "" if switch.id in CHECKS else f", nor a check of that name{hint(switch.id)}".rstrip(".")
                yield IDLE.at(switch.place, f'there is no finding "{switch.id}" {where}{unknown}; remove the switch.')


def allowed(path: str, text: str) -> Iterator[Switch]:
    """Yield what the comments of a file allow: on their line, or, if nothing else is on it, on the next that says something."""
    if "edrone:" not in text:
        return
    lines = text.split("\n")
    following = len(lines)  # number of the next line that says something
    for number in range(len(lines), 0, -1):
        line = lines[number - 1]
        if not NOTHING.fullmatch(line):
            following = number
        if comment := ALLOW.search(line):
            for name in re.split(r"[ \t]*,[ \t]*", comment.group(1)):
                yield Switch(name, Place(path, number, comment.start() + 1), following)


def of_the_tree(snapshot: Snapshot) -> tuple[list[Switch], list[Finding]]:
    """Read `_checks.yaml`; return what it switches off, and its mistakes."""
    try:
        spot = snapshot.file_at(FILE)
        read = documents(FILE, snapshot.read(spot).text, Budget()) if spot else []
    except ComposeError as error:
        return [], [MISTAKE.at(error.place, error.message)]
    except Unusable as error:
        return [], [files.unusable(FILE, error)]
    except Vanished:
        return [], []
    switches: list[Switch] = []
    mistakes: list[Finding] = []
    for document in read:
        for item, problem in entries(document.root):
            if problem:
                mistakes.append(MISTAKE.at(item.place, problem))
            else:
                switches.append(Switch(text_of(item), item.place))
    return switches, mistakes


def entries(root: Node) -> Iterable[tuple[Node, str]]:
    """Yield the ids that are switched off, and other nodes with what is wrong with them."""
    if not isinstance(root, Mapping):
        yield root, "must be a map: off: [ID, …]."
        return
    for key, value in root.pairs:
        if text_of(key) != "off":
            yield key, f'there is no key "{text_of(key)}"; write off: [ID, …].'
        elif not isinstance(value, Sequence):
            yield value, "off needs a list of ids: off: [ID, …]."
        else:
            for item in value.items:
                known = isinstance(item, Scalar) and item.value in CHECKS
                yield item, "" if known else f'"{text_of(item)}" is no id of a check{hint(text_of(item))}'


def hint(name: str) -> str:
    near = nearest(name, CHECKS, NEAR)
    return f'; did you mean "{near}"?' if near else "."
