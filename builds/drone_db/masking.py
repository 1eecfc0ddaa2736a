"""Masks values of build parameters that look secret, by their name or by a password in a URL."""

import re
from collections.abc import Mapping
from itertools import islice
from typing import NamedTuple

MASK = "********"
# Of the parameters of a build that a page shows. Drone on PostgreSQL stores 4,000 characters in all; on SQLite any number.
MOST_SHOWN = 200
MOST_CHARACTERS = 20_000
LONGEST_NAME, LONGEST_VALUE = 255, 4000  # characters; pages cut there
# A word of the name, as people write them: DB_PASSWORD, apiKey, github-token, AWS_SECRET_ACCESS_KEY, DOCKER_AUTH.
WORDS = (
    "password|passwd|passphrase|passwords|pass|pwd|pw|secret|secrets|token|tokens|credential|credentials|cred|creds|"
    "auth|authorization|bearer|cookie|cookies|jwt|otp|pin|salt|signature|webhook|dsn|pat"
)
RUN_TOGETHER = (
    "password|passwd|passphrase|passcode|secret|token|credential|apikey|accesskey|privatekey|authkey|sshkey|signingkey|"
    "kubeconfig|connectionstring|databaseur[il]|dbur[il]"
)
OF_KEYS = (
    "api|access|private|secret|ssh|gpg|pgp|rsa|encryption|signing|auth|license|deploy|account|master|service|tls|ssl|host|hmac|"
    "aws|azure|gcp"
)
# Each of these matches within one word, or at few places, so that time stays linear in the length of a name.
SECRET_WORD = re.compile(rf"(?:^|_)(?:{WORDS})(?:_|$|\d)|^keys?$")
KIND_OF_KEY = re.compile(rf"(?:^|_)(?:{OF_KEYS})(?=_)")
KEY_AFTER_IT = re.compile(r"_keys?(?:_|$|\d)")
ANYWHERE = re.compile(RUN_TOGETHER)
IN_AN_ADDRESS = re.compile(r"://[^/\s:@]*:[^/\s@]+@")  # user:password@
HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def looks_secret(name: str) -> bool:
    """Return whether a parameter's name suggests a secret. When in doubt, it does: a masked value can be looked up in Drone."""
    words = re.sub(r"[^a-z0-9]+", "_", HUMP.sub("_", name).lower()).strip("_")
    if ANYWHERE.search(words.replace("_", "")) or SECRET_WORD.search(words):
        return True
    kind = KIND_OF_KEY.search(words)
    return bool(kind and KEY_AFTER_IT.search(words, kind.end()))


def masked(params: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters with secret-looking values masked."""
    return {
        name: MASK if value and (looks_secret(name) or IN_AN_ADDRESS.search(value)) else value for name, value in params.items()
    }


class Shown(NamedTuple):
    """Parameters as a page shows them."""

    first: dict[str, str]  # secret-looking values masked
    total: int
    more: int  # how many are not shown


def shown_parameters(params: Mapping[str, str], most: int = MOST_SHOWN) -> Shown:
    """Mask the parameters that a page shows. Of very many it shows the first, and only these cost time."""
    first: dict[str, str] = {}
    characters = 0
    for name, value in islice(params.items(), most):
        characters += min(len(name), LONGEST_NAME) + min(len(value), LONGEST_VALUE)
        if first and characters > MOST_CHARACTERS:
            break
        first[name] = value
    return Shown(masked(first), len(params), len(params) - len(first))
