"""Limits on what a build can be sent: names, characters, lengths (docs/drone.md 3.2, 4.3, 5.2)."""

import re
from collections.abc import Mapping

from builds.starting.errors import InvalidCommand
from pipelines.operations.inputs import length_problem
from pipelines.operations.parameter_names import unusable
from texts.characters import shortened
from texts.sentence import Sentence

ACTOR = "EDRONE_ACTOR"
# What Drone reads itself, and the characters that it can keep on PostgreSQL: a branch becomes refs/heads/…, and of a message the
# column takes the beginning, but it is among the parameters too.
COLUMNS = {"branch": 489, "commit": 50, "message": 4000, "operation": 50, "target": 500}
WORDS = {
    "branch": Sentence("The branch"),
    "commit": Sentence("The commit"),
    "message": Sentence("The message"),
    "operation": Sentence("The operation"),
    "target": Sentence("The target"),
}
ONE_LINE = frozenset(COLUMNS) - {"message"}
CONTROL = re.compile("[\x00-\x1f\x7f\x85\u2028\u2029]")
NOT_IN_A_VALUE = re.compile(r"[\x00\ud800-\udfff]")


def refuse_invalid(params: Mapping[str, str]) -> None:
    """Refuse names and values that Drone or a step could not take.

    Raises:
        InvalidCommand: they are too long; or naming the first that is wrong, without its value.
    """
    refuse_too_long(params)
    for name, value in params.items():
        if reason := unusable(name):
            raise InvalidCommand(
                Sentence("A parameter cannot be named “%(name)s”: the name %(reason)s.", name=shortened(name), reason=reason)
            )
        if NOT_IN_A_VALUE.search(value):
            raise InvalidCommand(
                Sentence(
                    "The value of the parameter “%(name)s” contains a NUL character or is not Unicode text.", name=shortened(name)
                )
            )


def refuse_too_long(params: Mapping[str, str]) -> None:
    """Refuse more than Drone can store.

    Args:
        params: all that the build will have, with those of its parent and those that edrone adds.

    Raises:
        InvalidCommand: PostgreSQL would refuse the row, and Drone would say 500 and make no build.
    """
    if problem := length_problem(params):
        raise InvalidCommand(
            Sentence(
                "The parameters are too long: %(length)s characters as JSON, and Drone stores at most "
                "%(most)s. Send less, or send the name of a file or secret instead of its content.",
                **problem.filled,
            )
        )
