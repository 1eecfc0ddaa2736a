"""One request to the Drone server and its answer. No request is ever repeated."""

import logging
import time
from http.cookiejar import DefaultCookiePolicy
from urllib.parse import urlsplit

import requests
from requests.exceptions import RequestException
from urllib3.exceptions import HTTPError

from drone_api.calls import Call, Reply
from drone_api.deadline import DeadlineAdapter
from drone_api.errors import AnswerTooLarge, DroneError
from drone_api.failures import failure, too_large

CONNECT = 5.0  # seconds
POOLED = 128  # idle connections that are kept; where more are needed at once, more are made
CHUNK = 64 * 1024  # bytes

logger = logging.getLogger("edrone.drone")


class Transport:
    """A session with one Drone server. Safe for threads."""

    def __init__(self, server: str, token: str, ca_file: str = "", connect: float = CONNECT) -> None:
        """Prepare a session; no connection is made yet.

        Args:
            server: address, without a slash at its end.
            token: the token of a Drone administrator; it is sent with each request, and never logged.
            ca_file: certificates to trust, PEM; empty for those of certifi.
            connect: seconds to wait for a connection.
        """
        self.server, self.connect = server, connect
        self.session = requests.Session()
        # Neither proxies nor ~/.netrc from the environment: the token goes straight to the server, and nowhere else.
        self.session.trust_env = False
        self.session.verify = ca_file or True
        self.session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        # Uncompressed, so that a small answer cannot become a large one.
        self.session.headers.update({"Authorization": f"Bearer {token}", "Accept-Encoding": "identity", "User-Agent": "edrone"})
        self.session.mount(f"{urlsplit(server).scheme}://", DeadlineAdapter(pool_connections=1, pool_maxsize=POOLED))

    def ask(self, call: Call) -> Reply:
        """Send one request and read the whole answer.

        Raises:
            DroneError: no answer came, or one that is too large.
        """
        started = time.perf_counter()
        # The error is raised outside of `except`: the one of requests holds the token and the parameters.
        outcome = self.exchange(call)
        result = outcome if isinstance(outcome, DroneError) else outcome.status
        milliseconds = (time.perf_counter() - started) * 1000
        expected = isinstance(outcome, Reply | AnswerTooLarge)  # whoever sets a limit knows what to do beyond
        level = logging.INFO if expected else logging.WARNING
        logger.log(level, "%s %s: %s (%.1f ms)", call.method, call.path, result, milliseconds)
        if isinstance(outcome, DroneError):
            raise outcome
        return outcome

    def exchange(self, call: Call) -> Reply | DroneError:
        """Send one request; return the error instead of raising it."""
        try:
            with self.session.request(
                call.method,
                f"{self.server}{call.path}",
                params=list(call.query),
                data=call.content or None,
                headers={"Content-Type": "application/json"} if call.content else None,
                timeout=(self.connect, call.wait),
                allow_redirects=False,
                stream=True,
            ) as answer:
                body = read(answer, call.limit)
                if body is None:
                    return too_large(call, answer.status_code)
                location = urlsplit(answer.headers.get("Location", ""))
                host = f"{location.scheme}://{location.netloc.rpartition('@')[2]}" if location.netloc else ""
                return Reply(call, answer.status_code, body, host)
        except (RequestException, HTTPError, OSError, ValueError) as error:
            return failure(error, call, self.server)


def read(answer: requests.Response, limit: int) -> bytes | None:
    """Read the body; return None as soon as it exceeds the limit."""
    parts, size = list[bytes](), 0
    while part := answer.raw.read(CHUNK, decode_content=False):
        size += len(part)
        if size > limit:
            return None
        parts.append(part)
    return b"".join(parts)
