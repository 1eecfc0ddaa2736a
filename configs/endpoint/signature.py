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
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

from pipelines.build_request import LARGEST_BODY, LARGEST_WITH_YAML
from pipelines.errors import ClockOff, OtherExtension, Unsigned

ALGORITHM = "hmac-sha256"
MUST_BE_SIGNED = ("date", "digest")
PARAMETER = re.compile(r'(?<![A-Za-z])([A-Za-z]++)="([^"]*)"')
PARAMETERS = re.compile(rf"{PARAMETER.pattern}(?:,\s*{PARAMETER.pattern})*")
HTTP_DATE = re.compile(
    r"[A-Z][a-z]{2}, (?P<day>[0-9]{2}) (?P<month>[A-Z][a-z]{2}) (?P<year>[0-9]{4}) "
    r"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2}) GMT"
)
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
LONGEST_HEADER = 4096  # characters; Drone's is about 200


class Clock(NamedTuple):
    now: datetime  # of edrone, with its zone
    tolerance: int  # seconds that a signed date may be off


@dataclass(frozen=True)
class Extension:
    """An address for a Drone server. Drone does not sign it, but what it signs tells what a request is meant for."""

    endpoint: str  # Drone's variable that holds the address
    secret: str  # edrone's variable that holds the secret
    accept: str  # the signed Accept header; empty: Drone sends none, and signs date and digest only
    largest: int = LARGEST_BODY  # bytes of a body


CONFIGURATION = Extension("DRONE_YAML_ENDPOINT", "DRONE_YAML_SECRET", "application/vnd.drone.config.v1+json")
CONVERSION = Extension(
    "DRONE_CONVERT_PLUGIN_ENDPOINT", "DRONE_YAML_SECRET", "application/vnd.drone.convert.v1+json", LARGEST_WITH_YAML
)
VALIDATION = Extension(
    "DRONE_VALIDATE_PLUGIN_ENDPOINT", "DRONE_YAML_SECRET", "application/vnd.drone.validate.v1+json", LARGEST_WITH_YAML
)
EVENTS = Extension("DRONE_WEBHOOK_ENDPOINT", "EDRONE_EVENTS_SECRET", "")


def verify(
    extension: Extension,
    header: Callable[[str], str | None],
    read_body: Callable[[], bytes],
    secrets: Sequence[str],
    clock: Clock,
) -> None:
    """Verify a signed request.

    The body is read once the signature and its date hold: nobody can hold a thread by sending a body slowly, neither without a
    signature nor with one that was seen long ago.

    Args:
        extension: the address that is asked.
        header: gives the value of a request header by its lower-case name, None where it was not sent.
        read_body: gives the raw body.
        secrets: any of them may have been used.
        clock: what the signed date is compared with.

    Raises:
        Unsigned: the request proves nothing.
        OtherExtension: it is signed, but meant for another address.
        ClockOff: rightly signed, but at a wrong time: an old request sent again, or a clock that is wrong.
    """
    sent = header("signature")
    if not sent:
        raise Unsigned(f"The request has no Signature header; only a Drone server with {extension.secret} set may ask.")
    parameters = parse_signature(sent)
    signed = parameters.get("headers", "date").lower().split(" ")
    # A long header named a thousand times makes a text of many megabytes. WSGI gives x-a and x_a the same value.
    if len({name.replace("_", "-") for name in signed}) != len(signed):
        raise Unsigned("The signature names a header twice.")
    if missing := [name for name in MUST_BE_SIGNED if name not in signed]:
        raise Unsigned(f"The signature does not cover the header {missing[0]}.")
    message = signed_message(header, signed)
    if not any(hmac.compare_digest(sign(secret, message), parameters["signature"].encode()) for secret in secrets):
        raise Unsigned(
            f"The signature does not match: Drone and edrone have different secrets ({extension.secret}), "
            f"or a proxy changed one of the signed headers ({', '.join(signed)})."
        )
    check_extension(extension, signed, header("accept") if "accept" in signed else None)
    check_clock(parse_date(header("date") or ""), clock)
    body = read_body()
    digest = "SHA-256=" + base64.b64encode(hashlib.sha256(body).digest()).decode()
    if not hmac.compare_digest(digest.encode(), (header("digest") or "").encode()):
        raise Unsigned("The header Digest does not match the body: a proxy changed the body, or sent it in chunks.")


def check_extension(extension: Extension, signed: Sequence[str], accept: str | None) -> None:
    """Refuse what Drone, or somebody who has seen its requests, sends to another extension.

    Args:
        extension: the address that is asked.
        signed: the names of the signed headers.
        accept: the header as it was signed; None where it was not.

    Raises:
        OtherExtension: it is meant for another address.
    """
    if extension.accept and accept != extension.accept:
        sent = f"this one asks for {accept[:100]}" if accept else "this one does not sign that header"
        raise OtherExtension(
            f"This address is for {extension.endpoint} alone, whose requests sign the header Accept with {extension.accept}; "
            f"{sent}: let no other extension of Drone ask here."
        )
    if not extension.accept and sorted(signed) != sorted(MUST_BE_SIGNED):
        raise OtherExtension(
            f"This address is for {extension.endpoint} alone, whose requests sign the headers date and digest; this one signs "
            f"{', '.join(signed)[:100]}: let no other extension of Drone ask here."
        )


def parse_signature(value: str) -> dict[str, str]:
    """Split the Signature header into its parameters.

    Raises:
        Unsigned: it is malformed, sent twice, or names another algorithm.
    """
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


def check_clock(signed_at: datetime, clock: Clock) -> None:
    """Refuse what was signed too long ago or in the future.

    Raises:
        ClockOff: with the distance in words.
    """
    ahead = (signed_at - clock.now).total_seconds()
    if abs(ahead) > clock.tolerance:
        direction = "ahead of" if ahead > 0 else "behind"
        raise ClockOff(
            f"Drone's clock is {in_words(abs(ahead))} {direction} edrone's (or the request was held up or sent again); "
            f"at most {in_words(clock.tolerance)} are accepted. Set both clocks by NTP."
        )


def in_words(seconds: float) -> str:
    """Say a time span as people do: 3 hours, 7 minutes, 5 minutes 1 second."""
    rounded = round(seconds)
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 600)):
        if rounded >= 2 * length:
            return counted(rounded // (60 if unit == "minute" else length), unit)
    minutes, rest = divmod(rounded, 60)
    return " ".join(counted(count, unit) for count, unit in ((minutes, "minute"), (rest, "second")) if count)


def counted(count: int, unit: str) -> str:
    return f"{count} {unit}{'' if count == 1 else 's'}"
