"""What somebody asks Drone to do."""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from django.conf import settings

from builds.starting.models import Verb

KEY = re.compile(r"[!-~]{1,255}")


@dataclass(frozen=True)
class BuildCommand:
    """One thing to do; fields that a verb does not use are empty."""

    verb: Verb
    number: int = 0  # of the build that it is done to; 0 for a new one
    stage: int | None = None  # of approve and decline; None: all of the build
    stages: tuple[str, ...] = ()  # of approving all of the build: numbers of those that may be approved
    branch: str = ""  # of a new build, or a whole ref; empty: the default branch
    commit: str = ""
    message: str = ""
    operation: str = ""  # Drone's `action`
    target: str = ""  # of promote and rollback
    debug: bool = False  # of restart
    only_failed: bool = False  # of restart: leave out the pipelines that succeeded
    override: str = ""  # the reason for overriding a freeze; empty: none is
    params: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Caller:
    """Who gives a command, and how it came to edrone."""

    user: Any  # of Django
    means: str  # the token's name and start, or the administration
    key: str = ""  # Idempotency-Key, as KEY: a repeat with the same one does nothing new


def fingerprint(command: BuildCommand, slug: str) -> str:
    """Return a hash that tells commands apart without revealing their parameters: SECRET_KEY keys it."""
    text = json.dumps([slug, asdict(command)], sort_keys=True)
    return hmac.new(settings.SECRET_KEY.encode(), text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
