"""Signs what protected repositories are served, so that Drone builds it without an approval (docs/connecting.md).

Drone has the key, and is asked for each text once. Where it does not sign in time, the text is served as it is, and Drone holds
the build: that is late, and never wrong.
"""

import logging
import re
import time
from collections import OrderedDict
from dataclasses import replace
from functools import lru_cache
from hashlib import sha256
from threading import Lock

import yaml
from django.conf import settings

from configs import metrics
from drone_api.client import Client, RepoName
from drone_api.errors import DroneError, InternalError
from drone_api.failures import SERVER_ERROR
from drone_api.transport import Transport
from pipelines.build_request import BuildRequest
from pipelines.language import limits
from pipelines.language.kinds import kinds
from pipelines.resolve.resolve import Resolved
from texts.characters import shortened

CONNECT, WAIT = 0.5, 2.0  # seconds, at most
PAUSE = 1.0  # seconds without trying, after Drone or what lies before it has failed
KEPT, MOST_KEPT = 600.0, 2000  # seconds; signatures
END = re.compile(r"^\.\.\.", re.MULTILINE)  # where Drone stops reading
SIGNATURE = re.compile(r"kind\W+(?:str\W+)?signature\b")

logger = logging.getLogger("edrone.config")


class NotSigned(Exception):
    """Why a text is served as it is."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason  # one of metrics.UNSIGNED


class Signatures:
    """The signatures of this process, by repository and text."""

    def __init__(self) -> None:
        self.entries: OrderedDict[tuple[int, str, str], tuple[float, str]] = OrderedDict()
        self.lock = Lock()
        self.paused_until = 0.0  # of the monotonic clock

    def of(self, request: BuildRequest, text: str, end: float) -> str:
        """Return the signature of a text, before `end`, from Drone where it is not kept.

        Raises:
            NotSigned: Drone does not give one.
        """
        key, now = (request.repo_id, request.slug, sha256(text.encode()).hexdigest()), time.monotonic()
        with self.lock:
            until, signature = self.entries.get(key, (0.0, ""))
        if now < until:
            return signature
        if now < self.paused_until:
            raise NotSigned("drone", "Drone did not sign another one a moment ago")
        wait = min(WAIT, end - now - CONNECT)
        if wait <= 0:
            raise NotSigned("drone", "no time was left to ask Drone")
        try:
            signature = client_of(settings.DRONE_SERVER, settings.DRONE_TOKEN, settings.DRONE_CA_FILE).sign(
                RepoName(request.namespace, request.name), text, wait
            )
        except InternalError as error:  # about this text: Drone signs those of others
            raise NotSigned("text", str(error)) from None
        except DroneError as error:
            if error.status >= SERVER_ERROR:  # others are of this repository alone
                self.paused_until = time.monotonic() + PAUSE
            raise NotSigned("drone", str(error)) from None
        with self.lock:
            self.entries[key] = (now + KEPT, signature)
            self.entries.move_to_end(key)
            while len(self.entries) > MOST_KEPT:
                self.entries.popitem(last=False)
        return signature


signatures = Signatures()


def signed(request: BuildRequest, resolved: Resolved, end: float) -> Resolved:
    """Return what is served with Drone's signature behind it, where that makes Drone build it without an approval.

    At the start of a stage Drone looks at no signature: what was served with one is given again by its record.

    `end` is when Drone is answered, of the monotonic clock.
    """
    if not settings.EDRONE_SIGN or resolved.yaml is None or request.number or not is_held(request):
        return resolved
    try:
        refuse_forks(request)
        refuse_unsignable(resolved.yaml)
        signature = signatures.of(request, resolved.yaml, end)
    except NotSigned as error:
        logger.warning(
            "%s is protected: this build is served unsigned and waits for approval: %s", shortened(request.slug), error
        )
        if settings.EDRONE_METRICS:
            metrics.count_unsigned(error.reason)
        return resolved
    return replace(resolved, yaml=with_signature(resolved.yaml, signature))


def is_held(request: BuildRequest) -> bool:
    """Return whether Drone holds the build for approval, unless its YAML is signed: whatever a hook of the forge triggers.

    That is a promotion too, where it comes from a deployment of GitHub (docs/drone.md 7.4).
    """
    return request.protected and request.trigger == "@hook"


def refuse_forks(request: BuildRequest) -> None:
    """Approval is what protects a repository from the code of strangers. Where the forge does not say, it may be theirs."""
    if request.event == "pull_request" and request.source_repo != request.slug:
        known = "another repository" if request.source_repo else "a repository that the forge does not name"
        raise NotSigned("fork", f"the pull request comes from {known}")


def refuse_unsignable(text: str) -> None:
    """Refuse texts behind which Drone would not find a signature, or take another one."""
    if SIGNATURE.search(text):
        try:
            has_signature = "signature" in kinds(text)
        except yaml.YAMLError:
            has_signature = True
        if has_signature:
            raise NotSigned("signature", "its file has a `kind: signature` of its own, which counts; remove it")
    if END.search(text) or any(len(line.encode()) > limits.LINE for line in text.split("\n") if len(line) * 4 > limits.LINE):
        raise NotSigned("text", "Drone stops reading at a line ... or a line that is too long, before any signature")


def with_signature(text: str, signature: str) -> str:
    """Append a signature as `drone sign` does."""
    line_end = "" if text.endswith("\n") or not text else "\n"
    return f"{text}{line_end}---\nkind: signature\nhmac: {signature}\n\n...\n"


@lru_cache(maxsize=8)
def client_of(server: str, token: str, ca_file: str) -> Client:
    return Client(Transport(server, token, ca_file, connect=CONNECT))
