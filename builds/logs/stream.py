"""What a running step has printed so far, from Drone's stream of events (docs/drone.md 4.4)."""

from contextlib import suppress
from typing import Any

import msgspec
from requests.exceptions import ReadTimeout, RequestException
from urllib3.exceptions import HTTPError, ReadTimeoutError

from builds.logs.log_lines import Line
from drone_api.calls import Call, Reply
from drone_api.client import OK, Client, RepoName, path
from drone_api.errors import DroneError
from drone_api.failures import failure
from drone_api.refusals import refused
from texts.sentence import Sentence

STREAM = "/api/stream/{}/{}/{}/{}/{}"
SECONDS = 1.0  # Drone gives the lines that it holds at once and then keeps the stream open: longer waiting gives no more
MOST = 8 * 1024 * 1024  # bytes
CHUNK = 64 * 1024  # bytes
SLOW = Sentence("Drone has not answered within a second; it is asked again every 2 seconds.")


def lines_so_far(client: Client, repo: RepoName, number: int, stage: int, step: int) -> list[Line]:
    """Ask for the lines that Drone holds of a running step: its newest 5,000, as many as come within a second.

    Raises:
        DroneError: Drone cannot be asked, or refuses; it does not say within a second that there is such a step.
    """
    call = Call("GET", path(STREAM, repo, number, stage, step), (), SECONDS, MOST)
    received = bytearray()
    transport = client.transport
    try:
        with transport.session.get(
            f"{transport.server}{call.path}", timeout=(transport.connect, SECONDS), allow_redirects=False, stream=True
        ) as answer:
            if answer.status_code != OK:
                words = answer.raw.read(CHUNK, decode_content=False)
                raise refused(Reply(call, answer.status_code, words, ""), transport.server)
            with suppress(HTTPError, OSError):  # the time is over
                while len(received) < MOST and (part := answer.raw.read1(CHUNK)):
                    received += part
    except (ReadTimeout, ReadTimeoutError, TimeoutError):
        failed = DroneError(SLOW, 504)
    except (RequestException, HTTPError, OSError, ValueError) as error:
        failed = failure(error, call, transport.server)
    else:
        return read(bytes(received))
    raise failed


def read(received: bytes) -> list[Line]:
    """Read events; an unfinished last one, comments and what is no line of a log are left out."""
    lines: list[Line] = []
    for event in received.split(b"\n\n")[:-1]:
        for row in event.splitlines():
            if row.startswith(b"data:"):
                with suppress(ValueError, RecursionError):
                    data = msgspec.json.decode(row.removeprefix(b"data:"))
                    if isinstance(data, dict) and "pos" in data:
                        lines.append(Line(whole(data["pos"], len(lines)), text(data.get("out")), whole(data.get("time"), 0)))
    return lines


def whole(value: Any, default: int) -> int:
    """Return a whole number, or the default."""
    return value if type(value) is int else default


def text(value: Any) -> str:
    """Return a text; anything else is written as JSON, nothing as the empty text."""
    if isinstance(value, str):
        return value
    return "" if value is None else msgspec.json.encode(value).decode()
