"""Ask the addresses of a running edrone whether it is edrone that answers there, without a secret."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import requests

from configs.client.diagnosis import tls_problem
from configs.endpoint.signature import CONFIGURATION, CONVERSION, EVENTS, VALIDATION
from texts.characters import one_line

TIMEOUT = 20.0  # seconds
EXTENSIONS = {
    "/edrone": CONFIGURATION,
    "/edrone/convert": CONVERSION,
    "/edrone/validate": VALIDATION,
    "/edrone/events": EVENTS,
}

EVENTS_SWITCH = {
    401: ("no Signature header", "takes signed events"),
    404: ("edrone takes no events", "switched off, since EDRONE_EVENTS_SECRET is not set"),
}


class AddressCheck(NamedTuple):
    url: str
    is_right: bool  # edrone answers there, as it should
    words: str


def check_addresses(base: str) -> Iterator[AddressCheck]:
    """Ask each address in turn; `base` is the address without a path."""
    for path, extension in EXTENSIONS.items():
        # Whoever asks with GET is told which variable of the Drone server belongs to the address.
        yield ask("GET", f"{base}{path}", {405: (f"set {extension.endpoint} of the Drone server", f"for {extension.endpoint}")})
    yield ask("POST", f"{base}/edrone/events", EVENTS_SWITCH)
    yield ask("GET", f"{base}/healthz", {200: ("OK\n", "runs")})
    yield ask("GET", f"{base}/readyz", {200: ('"status": "ready"', "ready")})


def reason_of(error: Exception) -> str:
    match error:
        case requests.exceptions.SSLError():
            return f"TLS failed: {tls_problem(error)}"
        case requests.exceptions.Timeout():
            return f"nothing came within {TIMEOUT:.0f} s"
        case requests.exceptions.ConnectionError():
            return "nothing listens there, or it cannot be reached"
    return one_line(error)


def ask(method: str, url: str, expected: Mapping[int, tuple[str, str]]) -> AddressCheck:
    """Ask one address; `expected` has, by its status, words of an answer of edrone and what that answer means."""
    try:
        answer = requests.request(method, url, timeout=TIMEOUT, allow_redirects=False)
    except (requests.exceptions.RequestException, ValueError) as error:
        return AddressCheck(url, is_right=False, words=f"no answer: {reason_of(error)}")
    words, meaning = expected.get(answer.status_code, (None, ""))
    if words is None or words not in answer.text:
        return AddressCheck(
            url, is_right=False, words=f"not the answer of edrone: {answer.status_code} {answer.text.strip()[:300]}"
        )
    return AddressCheck(url, is_right=True, words=meaning)
