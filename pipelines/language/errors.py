"""What is wrong with an `extends`, where it stands, and which files led there."""

from pipelines.errors import Unusable
from pipelines.language.nodes import Place


class ComposeError(Unusable):
    """A mistake at a place: `projects/a.yaml:12:5: extends "b.yaml": no such file (extended from projects/c.yaml:3:1)`."""

    def __init__(self, place: Place, message: str) -> None:
        super().__init__(place, message)
        self.place = place
        self.message = message
        self.extended_from: list[Place] = []  # added on the way up, so the nearest first
        self.outermost = ""  # the reference at the last of these places, as it is written

    def passed(self, place: Place, reference: str) -> None:
        """Note the `extends` through which the mistake was reached."""
        self.extended_from.append(place)
        self.outermost = reference

    def __str__(self) -> str:
        chain = ", ".join(f"extended from {place}" for place in self.extended_from)
        return f"{self.place}: {self.message}" + (f" ({chain})" if chain else "")


class CycleError(ComposeError):
    """Files extend one another. The message names all of them, so the chain is not repeated."""

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


class Unreadable(ComposeError):
    """The text cannot be read here; Drone refuses it by itself, or does not look at that part."""


class TooDeep(Unreadable):
    """More maps and lists inside one another than a pipeline has."""


class TooManyNodes(Unreadable):
    """More nodes than a pipeline has."""
