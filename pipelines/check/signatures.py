"""Signatures that cannot be those of the text that is served (docs/drone.md 7.4)."""

import re
from collections.abc import Iterable, Iterator

from pipelines.check.findings import WARNING, Finding, check
from pipelines.check.server import kind_in
from pipelines.check.shape import key_place
from pipelines.language.nodes import Mapping, Node, text_of, value_of

STALE = check(
    "stale-signature",
    WARNING,
    "a `kind: signature` that is not over what is served: of a file that extends others or is extended, or no HMAC",
)
HMAC = re.compile(r"[0-9a-fA-F]{64}")


def stale(roots: Iterable[Node]) -> Iterator[Finding]:
    """Yield signatures that cannot be those of the text in which they are served."""
    for root in signatures(roots):
        if not HMAC.fullmatch(text_of(value_of(root, "hmac")) or ""):
            yield STALE.at(
                key_place(root, "hmac").place,
                "the signature is no HMAC of 64 hexadecimal digits, so Drone blocks the build; sign again.",
            )


def left_out(roots: Iterable[Node]) -> Iterator[Finding]:
    """Yield the signatures of a file of which builds get only a part, or more: composing leaves them out."""
    for root in signatures(roots):
        yield STALE.at(
            key_place(root, "hmac").place,
            "builds get a text that is composed of several files, and this signature is of one of them; it is left out, "
            "so remove it.",
        )


def signatures(roots: Iterable[Node]) -> Iterator[Mapping]:
    yield from (root for root in roots if isinstance(root, Mapping) and kind_in(root) == "signature")
