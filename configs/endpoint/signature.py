"""Verifies that Drone signed a request, with the secret that it shares with edrone (HTTP Signatures, cavage draft).

Framework-free. What Drone sends: docs/drone.md 1.3. Stricter than Drone's own SDK: the digest is compared with
the body, the date with the clock, and both must be signed, as must the media type that is asked for. httpsig, which signs
for `askconfig`, is the check in the tests; the server does without it, since it takes 27 MB in every worker
(docs/decisions.md).
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache

from pipelines.errors import ClockOff, OtherExtension, Unsigned

ALGORITHM = "hmac-sha256"
MUST_BE_SIGNED = ("date", "digest")
ACCEPT = "application/vnd.drone.config.v1+json"  # what Drone asks for; its other extensions have media types of their own
PARAMETER = re.compile(r'(?<![A-Za-z])([A-Za-z]++)="([^"]*)"')
PARAMETERS = re.compile(rf"{PARAMETER.pattern}(?:,\s*{PARAMETER.pattern})*")
HTTP_DATE = re.compile(
    r"[A-Z][a-z]{2}, (?P<day>[0-9]{2}) (?P<month>[A-Z][a-z]{2}) (?P<year>[0-9]{4}) "
    r"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2}) GMT"
)
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
LONGEST_HEADER = 4096  # characters; Drone's is about 200


def verify(
    header: Callable[[str], str | None], read_body: Callable[[], bytes], secrets: Sequence[str], now: datetime, tolerance: int
) -> None:
    """Verify a signed request.

    The body is read once the signature holds: nobody without one can hold a thread by sending the body slowly.

    Args:
        header: gives the value of a request header by its lower-case name, None where it was not sent.
        read_body: gives the raw body.
        secrets: any of them may have been used.
        now: the time of edrone's clock, with its zone.
        tolerance: seconds that the signed date may be off.

    Raises:
        Unsigned: the request proves nothing.
        OtherExtension: it is signed, but does not ask for a configuration.
        ClockOff: rightly signed, but at a wrong time: an old request sent again, or a clock that is wrong.
    """
    parameters = parse_signature(header("signature"))
    signed = parameters.get("headers", "date").lower().split(" ")
    if missing := [name for name in MUST_BE_SIGNED if name not in signed]:
        raise Unsigned(f"The signature does not cover the header {missing[0]}.")
    message = signed_message(header, signed)
    if not any(hmac.compare_digest(sign(secret, message), parameters["signature"].encode()) for secret in secrets):
        raise Unsigned(
            "The signature does not match: Drone and edrone have different secrets (DRONE_YAML_SECRET), "
            f"or a proxy changed one of the signed headers ({', '.join(signed)})."
        )
    check_accept(header("accept") if "accept" in signed else None)
    body = read_body()
    digest = "SHA-256=" + base64.b64encode(hashlib.sha256(body).digest()).decode()
    if not hmac.compare_digest(digest.encode(), (header("digest") or "").encode()):
        raise Unsigned("The header Digest does not match the body: a proxy changed the body, or sent it in chunks.")
    check_clock(parse_date(header("date") or ""), now, tolerance)


def check_accept(accept: str | None) -> None:
    """Refuse what Drone, or somebody who has seen its requests, sends to another extension: the address is not signed.

    Args:
        accept: the header as it was signed; None where it was not.

    Raises:
        OtherExtension: it does not ask for a configuration.
    """
    if accept != ACCEPT:
        asked = f"this one signs {accept[:100]}" if accept else "this one does not sign that header"
        raise OtherExtension(
            f"This address is for DRONE_YAML_ENDPOINT alone, whose requests sign the header Accept with {ACCEPT}; {asked}: "
            "let no other extension of Drone ask here."
        )


def parse_signature(value: str | None) -> dict[str, str]:
    """Split the Signature header into its parameters.

    Raises:
        Unsigned: it is missing, malformed, sent twice, or names another algorithm.
    """
    if not value:
        raise Unsigned("The request has no Signature header; only a Drone server with DRONE_YAML_SECRET set may ask.")
    if len(value) > LONGEST_HEADER or not value.isascii() or not PARAMETERS.fullmatch(value):
        raise Unsigned('The Signature header is malformed; it should read keyId="…",algorithm="…",signature="…",headers="…".')
    pairs = PARAMETER.findall(value)
    parameters = dict(pairs)
    if len(parameters) != len(pairs):
        raise Unsigned("The Signature header was sent twice, or repeats one of its parameters.")
    if parameters.get("algorithm") != ALGORITHM:
        raise Unsigned(f"The algorithm of the signature must be {ALGORITHM}, which is what Drone uses.")
    if not parameters.get("signature"):
        raise Unsigned("The Signature header holds no signature.")
    return parameters


def signed_message(header: Callable[[str], str | None], signed: Sequence[str]) -> bytes:
    """Put together the text that was signed, from the headers as they arrived."""
    lines = []
    for name in signed:
        sent = header(name)
        if sent is None:
            raise Unsigned(f"The signature covers the header {name!r}, which did not arrive: a proxy may have removed it.")
        if not sent.isascii():
            raise Unsigned(f"The signed header {name!r} holds characters outside ASCII.")
        lines.append(f"{name}: {sent}")
    return "\n".join(lines).encode()


def sign(secret: str, message: bytes) -> bytes:
    """Return the signature of a message in base64."""
    mac = keyed(secret).copy()
    mac.update(message)
    return base64.b64encode(mac.digest())


@lru_cache(maxsize=16)
def keyed(secret: str) -> hmac.HMAC:
    """Prepare a secret once: finding the algorithm in OpenSSL takes longer than signing."""
    return hmac.new(secret.encode(), digestmod="sha256")


def parse_date(value: str) -> datetime:
    """Read an HTTP date in the one form that Go and every other client writes."""
    match = HTTP_DATE.fullmatch(value)
    if match and match["month"] in MONTHS:
        day, year, hour, minute, second = map(int, match.group("day", "year", "hour", "minute", "second"))
        with suppress(ValueError):  # the 31st of June
            return datetime(year, MONTHS.index(match["month"]) + 1, day, hour, minute, second, tzinfo=UTC)
    raise Unsigned("The header Date is not a date; it should read like Fri, 02 Jan 2026 03:04:05 GMT.")


def check_clock(signed_at: datetime, now: datetime, tolerance: int) -> None:
    """Refuse what was signed too long ago or in the future.

    Raises:
        ClockOff: with the distance in words.
    """
    ahead = (signed_at - now).total_seconds()
    if abs(ahead) > tolerance:
        direction = "ahead of" if ahead > 0 else "behind"
        raise ClockOff(
            f"Drone's clock is {in_words(abs(ahead))} {direction} edrone's (or the request was held up or sent again); "
            f"at most {in_words(tolerance)} are accepted. Set both clocks by NTP."
        )


def in_words(seconds: float) -> str:
    """Say a time span as people do: 3 hours, 7 minutes, 5 minutes 1 second."""
    whole = round(seconds)
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 600)):
        if whole >= 2 * length:
            return counted(whole // (60 if unit == "minute" else length), unit)
    minutes, rest = divmod(whole, 60)
    return " ".join(counted(count, unit) for count, unit in ((minutes, "minute"), (rest, "second")) if count)


def counted(count: int, unit: str) -> str:
    return f"{count} {unit}{'' if count == 1 else 's'}"
