"""The request log: one line and the metrics of each request of Drone. Never the body, its token, or the signature."""

import json
import logging
import random
import re
from typing import Any

from django.conf import settings

from configs import metrics
from configs.endpoint.signing import is_held
from pipelines.build_request import BuildRequest
from pipelines.errors import ConfigError
from pipelines.resolve.resolve import Resolved
from texts.characters import LONGEST_SENTENCE, shortened

PLAIN = re.compile(r"[!#-<>-\[\]-~]+")  # printable ASCII without space, quote, equals sign and backslash
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
DEFAULT_FILE = re.compile(r"(^|/)default\.ya?ml$")
CONVERTED = (".jsonnet", ".star", ".starlark", ".script")

logger = logging.getLogger("edrone.config")


class Fields(dict[str, Any]):
    """The fields of a line, which the text form writes as name=value; the JSON form takes them as they are."""

    def __str__(self) -> str:
        return " ".join([f"{name}={quoted(value)}" for name, value in self.items()])


def log_and_count(
    build: BuildRequest | None,
    result: Resolved | ConfigError | None,
    seconds: float,
    request_id: str,
    purpose: str = "configuration",
) -> None:
    """Write the line and count the request.

    Args:
        build: None where the request could not be read or is not Drone's.
        result: what is answered; None where edrone itself failed, which Django logs with its traceback.
        seconds: how long it took.
        request_id: what a proxy calls this request, see `request_id_of`.
        purpose: what Drone asks for: "configuration" or "conversion".
    """
    outcome = outcome_of(result)
    fields = Fields(outcome=outcome)
    if purpose != "configuration":
        fields["asked"] = purpose
    if build:
        names = {"repo": build.slug, "event": build.event, "ref": build.ref, "target": build.target}
        fields.update({name: shortened(value) for name, value in names.items()}, build=build.number)
    if isinstance(result, Resolved):
        fields["file"] = result.path.removeprefix("/")
    fields.update(ms=round(seconds * 1000, 1), request_id=request_id)
    if isinstance(result, ConfigError):
        fields["reason"] = shortened(str(result), LONGEST_SENTENCE)
    logger.log(logging.INFO if isinstance(result, Resolved) else logging.WARNING, fields)
    for warning in useless_because(build) if build and purpose == "configuration" else ():
        logger.warning(warning)
    if settings.EDRONE_METRICS:
        metrics.count(purpose, outcome, seconds)


def request_id_of(sent: str) -> str:
    """Take the X-Request-Id that a proxy sent, or make one where there is none that fits into a log."""
    return sent if REQUEST_ID.fullmatch(sent) else f"{random.getrandbits(64):016x}"


def outcome_of(result: Resolved | ConfigError | None) -> str:
    """Return the outcome, one of metrics.OUTCOMES.

    It is `default` where a file called default serves the build, as every branch without a file of its own.
    """
    if result is None:
        return "failed"
    if isinstance(result, ConfigError):
        return result.outcome
    if result.yaml is None:
        return "repository"
    return "default" if DEFAULT_FILE.search(result.path) else "served"


def quoted(value: str | float) -> str:
    """Write a value so that nothing in it can look like another field or another line."""
    text = str(value)
    return text if PLAIN.fullmatch(text) else json.dumps(text)


def useless_because(request: BuildRequest) -> list[str]:
    """Return warnings about repositories whose settings make Drone hold or convert what edrone serves."""
    reasons = []
    slug, path = quoted(shortened(request.slug)), quoted(shortened(request.config_path))
    if is_held(request) and not settings.EDRONE_SIGN:
        reasons.append(
            f"{slug} is protected: Drone lets this build wait for approval, since edrone's YAML is not signed (set EDRONE_SIGN)"
        )
    if request.config_path.endswith(CONVERTED):
        reasons.append(f"{slug} has the configuration path {path}: Drone converts edrone's YAML and may fail")
    return reasons
