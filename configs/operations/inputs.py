"""Are these the parameters that an operation takes? Pure; asked before Drone is, and again when Drone asks for the YAML."""

import difflib
import json
import math
import re
from collections.abc import Mapping

from configs.operations.names import unusable
from configs.operations.operation import Input, Operation
from configs.sentence import Sentence

NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", re.ASCII)
ADDED = frozenset({"action", "message", "EDRONE_ACTOR"})  # by Drone and by edrone, to every build that is started by hand
LONGEST = 4000  # characters of all parameters as JSON: Drone's column (drone-facts.md section 6.3)
MOST_NAMED = 20  # problems in one message


def problems(operation: Operation, params: Mapping[str, str]) -> list[str]:
    """Say what is wrong with the parameters of a build of this operation; nothing where they are right.

    Values are not repeated: they may be secret.
    """
    given = {name: value for name, value in params.items() if name not in ADDED}
    found: list[str] = [
        Sentence("%(name)s %(reason)s", name=repr(name), reason=reason) for name in given if (reason := unusable(name))
    ]
    if operation.inputs is not None:
        inputs = {each.name: each for each in operation.inputs}
        found += [unknown(name, operation) for name in given if name not in inputs and not unusable(name)]
        found += [
            Sentence("%(name)s %(reason)s", name=name, reason=reason)
            for name, each in inputs.items()
            if (reason := missing_or_wrong(each, given))
        ]
    if any("\0" in value for value in given.values()):
        found.append(Sentence("no value may hold the character NUL, which no environment variable can"))
    if too_long := length_problem(params):
        found.append(too_long)
    return found


def with_defaults(operation: Operation, params: Mapping[str, str]) -> dict[str, str]:
    """Add the defaults of the inputs that are not given, since Drone does not know them."""
    defaults = {each.name: each.default for each in operation.inputs or () if each.default is not None}
    return defaults | dict(params)


def unknown(name: str, operation: Operation) -> str:
    """Say that the operation has no such input."""
    names = [each.name for each in operation.inputs or ()]
    near = difflib.get_close_matches(name.upper(), {each.upper(): each for each in names}, n=1)
    if near:
        meant = next(each for each in names if each.upper() == near[0])
        return Sentence("%(name)s is no input (did you mean %(meant)s?)", name=repr(name), meant=meant)
    if not names:
        return Sentence("%(name)s is no input; there are none", name=repr(name))
    return Sentence("%(name)s is no input; there are %(names)s", name=repr(name), names=list(names))


def missing_or_wrong(wanted: Input, given: Mapping[str, str]) -> str:
    """Say what is wrong with the value of an input; empty where nothing is."""
    value = given.get(wanted.name)
    if value is None or (value == "" and wanted.required):
        return Sentence("is required") if wanted.required and (value is not None or wanted.default is None) else ""
    return wrong_value(wanted, value)


def wrong_value(wanted: Input, value: str) -> str:
    """Say why an input may not have this value; empty where it may."""
    if wanted.type == "choice" and value not in wanted.options:
        return Sentence("must be one of %(options)s", options=list(wanted.options))
    if wanted.type == "boolean" and value not in {"true", "false"}:
        return Sentence("must be true or false")
    if wanted.type == "number" and not (NUMBER.fullmatch(value) and math.isfinite(float(value))):
        return Sentence("must be a number, such as 3 or 0.5")
    return ""


def length_problem(params: Mapping[str, str]) -> Sentence | None:
    """Say so where Drone could not store the parameters; it writes them as JSON, with < > & as six characters each."""
    written = json.dumps(dict(params), ensure_ascii=False, separators=(",", ":"))
    length = len(written) + 5 * sum(map(written.count, "<>&\u2028\u2029"))
    if length <= LONGEST:
        return None
    return Sentence(
        "the parameters are too long: %(length)s characters as JSON, and Drone stores %(most)s at most",
        length=length,
        most=LONGEST,
    )
