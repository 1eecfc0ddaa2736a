"""Ask edrone over HTTP as Drone does, and find out what is wrong where the answer is not a configuration."""

from collections.abc import Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime

import requests
import yaml

from configs.client.drone_request import SIGNED, signed_headers
from configs.endpoint.answers import ERROR_PIPELINE
from configs.endpoint.answers import SIGNED as SAID
from configs.endpoint.signature import CONFIGURATION, CONVERSION, Extension
from texts.characters import one_line

TIMEOUT = 60.0  # seconds; Drone's own
ALWAYS_SIGNED = ("date", "digest")
SAID_BY_EDRONE = {
    "has no Signature header": "a proxy between here and edrone removes the header Signature.",
    "does not match the body": "a proxy between here and edrone changes the body, or sends it in chunks.",
    "which did not arrive": "a proxy between here and edrone removes a header.",
}


class AskError(Exception):
    """No configuration came back; the message says what did, and the likely cause."""


def ask(url: str, content: bytes, secret: str, now: datetime, extension: Extension = CONFIGURATION) -> str | None:
    """POST a signed request.

    Returns:
        The YAML; None where Drone should read the repository's own file.

    Raises:
        AskError: with the likely cause.
    """
    answer = post(url, content, signed_headers(content, secret, now, accept=extension.accept))
    if answer.status_code == requests.codes.no_content:
        return None
    if answer.status_code == requests.codes.unauthorized:
        raise AskError(f"{quoted(answer)}\nLikely cause: {why_refused(url, content, secret, now, answer)}")
    if answer.is_redirect:
        raise AskError(
            f"{url} redirects ({answer.status_code}) to {answer.headers['Location']}.\n"
            f"Likely cause: Drone never follows redirects; {extension.endpoint} must be the final address."
        )
    if extension is CONVERSION and answer.text.startswith(SAID):
        raise AskError(answer.text)  # which Drone shows as the error of the build
    if not answer.ok:
        raise AskError(f"{quoted(answer)}\nLikely cause: {why_failed(answer)}")
    return configuration(answer)


def post(url: str, content: bytes, headers: dict[str, str]) -> requests.Response:
    """Send the request without following redirects."""
    try:
        return requests.post(url, data=content, headers=headers, timeout=TIMEOUT, allow_redirects=False)
    except requests.exceptions.SSLError as error:
        raise AskError(
            f"{url}: TLS failed: {tls_problem(error)}\nLikely cause: a certificate that is not trusted here."
        ) from None
    except requests.exceptions.Timeout:
        raise AskError(f"{url} did not answer within {TIMEOUT:.0f} s.\nLikely cause: a firewall, or a wrong address.") from None
    except requests.exceptions.ConnectionError:
        raise AskError(
            f"Nothing answers at {url}.\nLikely cause: edrone is not running there, or a wrong host or port."
        ) from None
    except (requests.exceptions.RequestException, ValueError) as error:
        raise AskError(f"{url} cannot be asked: {error}") from None


def tls_problem(error: requests.exceptions.SSLError) -> str:
    """Return what OpenSSL said, without the retries that requests and urllib3 tell of around it."""
    retried = error.args[0] if error.args else None
    reason = getattr(retried, "reason", None)
    return one_line(reason.args[0] if isinstance(reason, Exception) and reason.args else error)


def configuration(answer: requests.Response) -> str:
    """Read the answer as Drone does: it does not decompress, and matches the key whatever its case."""
    if encoding := answer.headers.get("Content-Encoding"):
        raise AskError(f"The answer is compressed ({encoding}).\nLikely cause: a proxy; Drone does not decompress.")
    try:
        value = answer.json()
        text = next(value[key] for key in value if key.lower() == "data")
    except (ValueError, AttributeError, TypeError, StopIteration):
        text = None
    if not isinstance(text, str):
        raise AskError(f"{quoted(answer)}\nLikely cause: something else than edrone answers at this address.")
    if message := shown_error(text):
        raise AskError(message)
    return text


def shown_error(text: str) -> str:
    """Return the message of a pipeline that shows an error of edrone; empty for others."""
    if not text.startswith(ERROR_PIPELINE):
        return ""
    pipeline = yaml.load(text, Loader=yaml.CSafeLoader)
    return str(pipeline["platform"]["os"])


def why_refused(url: str, content: bytes, secret: str, now: datetime, answer: requests.Response) -> str:
    """Return why the signature was refused, from edrone's own words or by signing less and asking again."""
    if "clock is" in answer.text and (difference := clock_difference(answer, now)):
        return difference
    if cause := next((cause for words, cause in SAID_BY_EDRONE.items() if words in answer.text), ""):
        return cause
    if post(url, content, signed_headers(content, secret, now, ALWAYS_SIGNED)).status_code == requests.codes.unauthorized:
        clock = clock_difference(answer, now)
        return clock or "another secret: DRONE_YAML_SECRET here differs from the one that edrone was started with."
    changed = ", ".join(changed_headers(url, content, secret, now))
    return f"a proxy between here and edrone changes the header {changed}, which Drone signs; let it pass unchanged."


def changed_headers(url: str, content: bytes, secret: str, now: datetime) -> Iterator[str]:
    """Name the headers that do not arrive as they were sent."""
    for name in SIGNED:
        headers = signed_headers(content, secret, now, (*ALWAYS_SIGNED, name))
        if name not in ALWAYS_SIGNED and post(url, content, headers).status_code == requests.codes.unauthorized:
            yield name


def clock_difference(answer: requests.Response, now: datetime) -> str:
    """Return how far the server's clock is from the one here; empty if it is less than a minute."""
    try:
        ahead = (parsedate_to_datetime(answer.headers.get("Date", "")) - now).total_seconds()
    except (ValueError, TypeError):
        return ""
    if abs(ahead) < TIMEOUT:
        return ""
    return f"clocks: edrone's is {abs(ahead):.0f} seconds {'ahead of' if ahead > 0 else 'behind'} the one here."


def why_failed(answer: requests.Response) -> str:
    causes = {
        400: "the address leads to edrone, but not what was sent: a proxy changes the body.",
        403: "the path is wrong: it is /edrone. Or a proxy refuses the request.",
        404: "the path is wrong: it is /edrone. Or, with EDRONE_SHOW_ERRORS=http, no file serves this build.",
        405: "the path is right, but the method did not arrive as POST: something redirects or rewrites it.",
        413: "a proxy refuses bodies of this size.",
        502: "a proxy cannot reach edrone.",
        503: "edrone's tree is not there, or a proxy has no edrone to ask; look at /readyz.",
        504: "a proxy gave up waiting for edrone.",
    }
    return causes.get(answer.status_code, "see edrone's log for this request.")


def quoted(answer: requests.Response) -> str:
    """Return the address, the status and the first 500 characters of an answer; of a web page nobody can read these."""
    if answer.headers.get("Content-Type", "").startswith("text/html"):
        return f"{answer.url} answered {answer.status_code} with a web page."
    return f"{answer.url} answered {answer.status_code}: {answer.text.strip()[:500]}"
