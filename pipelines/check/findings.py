"""What a check finds, and the list of all checks."""

from typing import NamedTuple

from pipelines.language.nodes import Place

ERROR, WARNING = "error", "warning"


class Finding(NamedTuple):
    path: str  # from the root of the tree
    line: int  # from 1
    column: int  # from 1, in characters
    severity: str  # "error" or "warning"
    id: str  # of the check
    message: str  # one sentence: what, and what to do

    @property
    def place(self) -> Place:
        return Place(self.path, self.line, self.column)


class Check(NamedTuple):
    id: str
    severity: str  # "error" or "warning"
    what: str  # one line for docs/checks.md

    def at(self, place: Place, message: str) -> Finding:
        return Finding(*place, self.severity, self.id, message)


CHECKS: dict[str, Check] = {}


def check(name: str, severity: str, what: str) -> Check:
    CHECKS[name] = Check(name, severity, what)
    return CHECKS[name]


def top(path: str) -> Place:
    """Return the place of a finding about a file as a whole."""
    return Place(path, 1, 1)
