"""Checks the parameters of an operation: before a build is started, and again when Drone asks for the YAML. Pure."""

import json
import math
import re
from collections.abc import Mapping, Sequence

from pipelines.operations.operation import Input, Operation
from pipelines.operations.parameter_names import unusable
from texts.sentence import Sentence
from texts.suggestions import few, nearest

NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", re.ASCII)
ADDED = frozenset({"action", "message", "EDRONE_ACTOR"})  # by Drone and by edrone, to every build that is started by hand
LONGEST = 4000  # characters of all parameters as JSON: Drone's column (docs/drone.md 5.2)
MOST_NAMED = 20  # problems in one message
MOST_GUESSED = 5  # unknown inputs of which it is said what may have been meant


def problems(operation: Operation, params: Mapping[str, str]) -> list[str]:
    """Return what is wrong with the parameters of a build of an operation; empty where they are right.

    Values are not repeated: they may be secret. What is too long for Drone is not looked into.
    """
    if too_long := length_problem(params):
        return [too_long]
    values = {name: value for name, value in params.items() if name not in ADDED}
    reasons: list[str] = [
        Sentence("%(name)s %(reason)s", name=repr(name), reason=reason) for name in values if (reason := unusable(name))
    ]
    if operation.inputs is not None:
        inputs = {wanted.name: wanted for wanted in operation.inputs}
        strange = [name for name in values if name not in inputs and not unusable(name)]
        reasons += [unknown(name, list(inputs), guess=number < MOST_GUESSED) for number, name in enumerate(strange)]
        reasons += [
            Sentence("%(name)s %(reason)s", name=name, reason=reason)
            for name, wanted in inputs.items()
            if (reason := missing_or_wrong(wanted, values))
        ]
    if any("\0" in value for value in values.values()):
        reasons.append(Sentence("values cannot contain a NUL character, because environment variables cannot"))
    return reasons


def with_defaults(operation: Operation, params: Mapping[str, str]) -> dict[str, str]:
    """Add the defaults of the inputs that are not given, since Drone does not know them."""
    defaults = {wanted.name: wanted.default for wanted in operation.inputs or () if wanted.default is not None}
    return defaults | dict(params)


def unknown(name: str, names: Sequence[str], *, guess: bool) -> str:
    """Write that an operation has no such input; `guess` which one was meant."""
    if guess and (meant := nearest(name, names)):
        return Sentence("%(name)s is not an input (did you mean %(meant)s?)", name=repr(name), meant=meant)
    if not names:
        return Sentence("%(name)s is not an input; the operation has none", name=repr(name))
    return Sentence("%(name)s is not an input; the inputs are %(names)s", name=repr(name), names=few(names))


def first_of(problems: Sequence[str]) -> list[str]:
    """Return as many problems as fit into one message, and how many more there are."""
    more = len(problems) - MOST_NAMED
    return [*problems[:MOST_NAMED], Sentence("and %(count)s more", count=more)] if more > 0 else list(problems)


def missing_or_wrong(wanted: Input, params: Mapping[str, str]) -> str:
    """Return what is wrong with the value of an input; empty where nothing is."""
    value = params.get(wanted.name)
    if value is None or (value == "" and wanted.required):
        return Sentence("is required") if wanted.required and (value is not None or wanted.default is None) else ""
    return wrong_value(wanted, value)


def wrong_value(wanted: Input, value: str) -> str:
    """Return why an input may not have a value; empty where it may."""
    if wanted.type == "choice" and value not in wanted.options:
        return Sentence("must be one of %(options)s", options=few(wanted.options))
    if wanted.type == "boolean" and value not in {"true", "false"}:
        return Sentence("must be true or false")
    if wanted.type == "number" and not (NUMBER.fullmatch(value) and math.isfinite(float(value))):
        return Sentence("must be a number, such as 3 or 0.5")
    return ""


def length_problem(params: Mapping[str, str]) -> Sentence | None:
    """Return that parameters are too long for Drone to store; it writes them as JSON, with < > & as six characters each."""
    written = json.dumps(dict(params), ensure_ascii=False, separators=(",", ":"))
    length = len(written) + 5 * sum(map(written.count, "<>&\u2028\u2029"))
    if length <= LONGEST:
        return None
    return Sentence(
        "the parameters are too long: %(length)s characters as JSON, and Drone stores at most %(most)s",
        length=length,
        most=LONGEST,
    )
