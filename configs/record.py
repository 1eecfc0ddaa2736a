"""What is kept of a request: one line in the log. Never the body, its token, or the signature."""

import json
import logging
import re

from configs.errors import ConfigError
from configs.payload import ConfigRequest
from configs.resolve import Resolved

PLAIN = re.compile(r"[!#-<>-\[\]-~]+")  # printable ASCII without space, quote, equals sign and backslash
CONVERTED = (".jsonnet", ".star", ".starlark", ".script")

logger = logging.getLogger("edrone.config")


def record(asked: ConfigRequest | None, result: Resolved | ConfigError, seconds: float) -> None:
    """Write the line.

    Args:
        asked: None where the request could not be read or is not Drone's.
        result: what is answered.
        seconds: how long it took.
    """
    fields: dict[str, str | int] = {"outcome": outcome_of(result)}
    if asked:
        fields |= {"repo": asked.slug, "event": asked.event, "ref": asked.ref, "target": asked.target, "build": asked.number}
    if isinstance(result, Resolved):
        fields["file"] = result.path
    fields["ms"] = f"{seconds * 1000:.1f}"
    if isinstance(result, ConfigError):
        fields["reason"] = str(result)
    level = logging.WARNING if isinstance(result, ConfigError) else logging.INFO
    logger.log(level, " ".join([f"{name}={quoted(value)}" for name, value in fields.items()]))
    for warning in useless_because(asked) if asked else ():
        logger.warning(warning)


def outcome_of(result: Resolved | ConfigError) -> str:
    """Name the outcome: served, repository, error, clock, unsigned or malformed."""
    if isinstance(result, ConfigError):
        return result.outcome
    return "repository" if result.yaml is None else "served"


def quoted(value: str | int) -> str:
    """Write a value so that nothing in it can look like another field or another line."""
    text = str(value)
    return text if PLAIN.fullmatch(text) else json.dumps(text)


def useless_because(request: ConfigRequest) -> list[str]:
    """Say what makes Drone misuse a right answer."""
    reasons = []
    if request.protected and request.trigger == "@hook":
        reasons.append(f"{request.slug} is protected: Drone lets this build wait for approval, since edrone's YAML is not signed")
    if request.config_path.endswith(CONVERTED):
        reasons.append(
            f"{request.slug} has the configuration path {request.config_path}: Drone converts edrone's YAML and may fail"
        )
    return reasons
