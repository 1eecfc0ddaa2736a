"""May these parameters go along with a build? Pure (drone-facts sections 4.3, 6.3, 8.2)."""

import json
import re
from collections.abc import Mapping

from builds.starting.errors import Refused

ACTOR = "EDRONE_ACTOR"
# Drone reads these itself in one call or another; PATH and the variables of Drone and edrone change how every step runs.
READ_BY_DRONE = frozenset({"access_token", "branch", "commit", "message", "action"})
RESERVED = re.compile(r"(?:PATH|DRONE|DRONE_.*|EDRONE_.*)", re.DOTALL)
NOT_IN_A_NAME = re.compile(r"[\x00-\x1f\x7f=\ud800-\udfff]")
NOT_IN_A_VALUE = re.compile(r"[\x00\ud800-\udfff]")
ROOM = 4_000  # characters of JSON that Drone's column holds
LONGEST_NAME = 255  # characters
ESCAPED_BY_GO = re.compile("[<>&\u2028\u2029]")
ESCAPE = 6  # characters, \u003c


def refuse_bad(params: Mapping[str, str]) -> None:
    """Refuse names and values that cannot go along.

    Raises:
        Refused: naming the first; a value is never repeated.
    """
    for name, value in params.items():
        if not name or len(name) > LONGEST_NAME or NOT_IN_A_NAME.search(name):
            raise Refused(f"{name[:50]!r} cannot be the name of a parameter: it becomes an environment variable of each step.")
        if name in READ_BY_DRONE:
            raise Refused(f"“{name}” cannot be the name of a parameter: Drone reads it itself.")
        if RESERVED.fullmatch(name):
            raise Refused(
                f"“{name}” cannot be the name of a parameter: PATH, DRONE_… and EDRONE_… are set by Drone and edrone alone."
            )
        if NOT_IN_A_VALUE.search(value):
            raise Refused(f"The value of the parameter “{name}” holds a NUL, or is not Unicode text.")


def refuse_too_much(params: Mapping[str, str]) -> None:
    """Refuse more than Drone can keep.

    Args:
        params: all that the build will have: those of its parent, and what edrone adds, among them.

    Raises:
        Refused: PostgreSQL would refuse the row, and Drone would say 500 and make no build.
    """
    size = written(params)
    if size > ROOM:
        raise Refused(
            f"The parameters are {size} characters long when Drone writes them as JSON, and its column holds {ROOM}: "
            "send less, or pass the name of a file or a secret instead of its content."
        )


def written(params: Mapping[str, str]) -> int:
    """Count the characters of the JSON that Drone's Go writes."""
    text = json.dumps(params, ensure_ascii=False, separators=(",", ":"))
    return len(text) + len(ESCAPED_BY_GO.findall(text)) * (ESCAPE - 1)
