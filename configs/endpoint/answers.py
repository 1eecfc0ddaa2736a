"""Answers in the forms that Drone reads and shows (docs/drone.md 1.4, 1.7)."""

import json

import msgspec
from django.http import HttpResponse

from configs.endpoint.drone_server import known
from pipelines.errors import ConfigError
from pipelines.resolve.resolve import Resolved
from texts.characters import LONGEST_SENTENCE, printable, shortened

SIGNED = "edrone: "  # what every error that people see in Drone begins with
LONGEST_MESSAGE = 470  # characters; Drone's column holds 500 and Drone writes "linter: unsupported os: " before it
ERROR_PIPELINE = "kind: pipeline\ntype: docker\nname: edrone-error\n"  # how one begins that shows an error
SERVER_ERROR, NOT_POSSIBLE = 500, 422
LONGEST_OF_A_STAGE = 500  # bytes; Drone cuts there, also within a character


def answer(result: Resolved | ConfigError, show_errors: str, *, stage_starts: bool) -> HttpResponse:
    """Return the answer to a request of Drone.

    Args:
        result: what the build is served, or why nothing is.
        show_errors: "build" or "http".
        stage_starts: Drone asks because a runner takes a stage of an existing build.
    """
    if isinstance(result, ConfigError):
        return failed(result, show_errors, stage_starts=stage_starts)
    if result.yaml is None:
        return HttpResponse(status=204)  # Drone then reads the repository's own file
    return pipeline(result.yaml)


def failed(error: ConfigError, show_errors: str, *, stage_starts: bool) -> HttpResponse:
    """Answer an error so that people see it.

    Where Drone gets no configuration, it makes no build and shows nobody why. So where `show_errors` is "build", an error is
    a pipeline that Drone's linter refuses: Drone then records a build with status error and the message as its text. Where a
    stage starts, no linter looks, and the runner fails with «resource not found»; a Drone that is new enough shows the words
    of an HTTP error there, and an older one lets the stage hang over it.
    """
    if show_errors == "build" and not error.always_http:
        if stage_starts and known.shows_stage_errors:
            return plain(cut(f"{SIGNED}{printable(str(error))}", LONGEST_OF_A_STAGE), error.status)
        return pipeline(error_pipeline(str(error)))
    return sentence(str(error), error.status)


def conversion(result: Resolved | ConfigError) -> HttpResponse:
    """Return the answer to a request for a conversion, where Drone shows the words of an HTTP error as those of the build.

    A server error may be answered by a proxy in words of its own: there is none.
    """
    if isinstance(result, ConfigError):
        status = result.status if result.status < SERVER_ERROR else NOT_POSSIBLE
        return plain(cut(f"{SIGNED}{printable(str(result))}", LONGEST_OF_A_STAGE), status)
    return answer(result, "http", stage_starts=False)


def pipeline(text: str) -> HttpResponse:
    """Answer a text as the configuration, as JSON whatever the Accept header says: Drone asks for a type of its own."""
    content = msgspec.json.encode({"Data": text})
    # Without the length, the server would send it in chunks.
    return HttpResponse(content, content_type="application/json", headers={"Content-Length": str(len(content))})


def sentence(text: str, status: int) -> HttpResponse:
    return plain(printable(shortened(text, LONGEST_SENTENCE)) + "\n", status)


def plain(text: str, status: int) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")


def cut(text: str, most: int) -> str:
    """Shorten a text to so many bytes, between two characters."""
    content = text.encode()
    return text if len(content) <= most else content[: most - len("…".encode())].decode(errors="ignore") + "…"


def error_pipeline(message: str) -> str:
    """Write a pipeline that Drone refuses with the message as the reason: its operating system is unknown."""
    line = f"{SIGNED}{printable(message)}"
    if len(line) > LONGEST_MESSAGE:
        line = line[: LONGEST_MESSAGE - 1] + "…"
    # A JSON string without escapes of non-ASCII is a YAML string too.
    operating_system = json.dumps(line, ensure_ascii=False)
    return f"{ERROR_PIPELINE}\nplatform:\n  os: {operating_system}\n  arch: amd64\n\nsteps: []\n"
