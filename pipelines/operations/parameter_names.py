"""Which names a parameter of a build may have, so that it neither means something else to Drone nor breaks a runner.

Runners turn parameters into environment variables of every step, and let them override Drone's own where `${NAME}` is written
(docs/drone.md 4.3 and 3.3).
"""

import re

from texts.sentence import Sentence

VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
LONGEST = 100  # characters
READ_BY_DRONE = frozenset({"access_token", "branch", "commit", "message", "action"})
READ_BY_EDRONE = "override"
OF_THE_SHELL = frozenset({"PATH", "HOME", "SHELL", "PWD", "ENV", "BASH_ENV", "IFS", "CI", "DRONE"})
BEGINNINGS = ("DRONE_", "EDRONE_", "CI_", "PLUGIN_", "LD_")


def unusable(name: str) -> str:
    """Return why a parameter may not have a name; empty where it may."""
    if not VARIABLE.fullmatch(name):
        return Sentence("cannot be an environment variable: use letters, digits and _, and do not start with a digit")
    if len(name) > LONGEST:
        return Sentence("is longer than %(most)s characters", most=LONGEST)
    return reserved(name)


def unusable_as_input(name: str) -> str:
    """Return why an input of an operation may not have a name; empty where it may."""
    if name == READ_BY_EDRONE:
        return "is reserved, because edrone reads it as the reason for overriding a freeze"
    return unusable(name)


def reserved(name: str) -> str:
    """Return what else a name means, of whatever build; empty where it means nothing."""
    if name in READ_BY_DRONE:
        return Sentence("is reserved, because Drone uses it itself")
    upper = name.upper()  # Windows knows no difference
    if upper in OF_THE_SHELL:
        return Sentence("is reserved, because changing it could keep steps from finding programs and files")
    for beginning in BEGINNINGS:
        if upper.startswith(beginning):
            return Sentence(
                "is reserved, because Drone and other programs set names that begin with %(beginning)s", beginning=beginning
            )
    return ""
