"""What is fuzzed: for any input, an answer or one of edrone's own errors, and some laws; anything else is a fault.

Inputs are readable, so that a file of the corpus says what it is about.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from configs.endpoint.signature import CONFIGURATION, Clock, verify
from pipelines.build_request import parse
from pipelines.errors import ClockOff, ConfigError, Malformed, OtherExtension, Unsigned
from pipelines.language.compose import compose

SECRET = "a-secret-that-no-input-knows"
NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)
TOLERANCE = 300  # seconds
SEPARATOR = "\n=====\n"  # between the files of a tree: a name, a line end, the text


def signature(data: bytes) -> None:
    """Headers, an empty line, a body. `date: @` and `digest: @` are right ones, `signature: @NAMES` signs these headers."""
    head, _, body = data.partition(b"\n\n")
    lines = [line.partition(": ") for line in head.decode("latin-1").split("\n")]
    headers = {name.lower(): value for name, _, value in lines}
    if headers.get("date") == "@":
        headers["date"] = f"{NOW:%a, %d %b %Y %H:%M:%S GMT}"
    if headers.get("digest") == "@":
        headers["digest"] = digest(body)
    if headers.get("signature", "").startswith("@"):
        names = headers["signature"][1:]
        headers["signature"] = f'keyId="k",algorithm="hmac-sha256",signature="{mac(headers, names)}",headers="{names}"'
    try:
        verify(CONFIGURATION, headers.get, lambda: body, ["another", SECRET], Clock(NOW, TOLERANCE))
    except (Unsigned, ClockOff, OtherExtension) as refused:
        assert SECRET not in str(refused)
        return
    names = headers["signature"].split('headers="')[1].split('"')[0].lower()
    assert {"accept", "date", "digest"} <= set(names.split(" "))
    assert headers["accept"] == CONFIGURATION.accept
    assert f'"{mac(headers, names)}"' in headers["signature"]
    assert headers["digest"] == digest(body)
    signed_at = datetime.strptime(headers["date"], "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)
    assert abs(signed_at - NOW) <= timedelta(seconds=TOLERANCE)


def digest(body: bytes) -> str:
    return "SHA-256=" + base64.b64encode(hashlib.sha256(body).digest()).decode()


def mac(headers: dict[str, str], names: str) -> str:
    """Sign headers, a missing one as empty."""
    message = "\n".join(f"{name}: {headers.get(name, '')}" for name in names.split(" "))
    return base64.b64encode(hmac.digest(SECRET.encode(), message.encode(), "sha256")).decode()


def payload(data: bytes) -> None:
    """A body of Drone's request."""
    try:
        request = parse(data)
    except Malformed as error:
        assert "\n" not in str(error)
        return
    whole = json.loads(data)
    assert (request.namespace, request.name, request.slug) == tuple(whole["repo"][key] for key in ("namespace", "name", "slug"))
    assert (request.event, request.ref, request.target) == tuple(whole["build"][key] for key in ("event", "ref", "target"))
    assert "token" not in repr(request) or b"token" in json.dumps(whole["repo"] | whole["build"]).encode()


class Files:
    """A tree in memory."""

    def __init__(self, texts: dict[str, str]) -> None:
        self.texts = texts

    def text(self, path: str) -> str | None:
        return self.texts.get(path)

    def paths_near(self, _: str) -> list[str]:
        return list(self.texts)


def composing(data: bytes) -> None:
    """The text of top.yaml, then other files."""
    top, *others = data.decode("utf-8", "replace").split(SEPARATOR)
    texts = {name: text for name, _, text in (other.partition("\n") for other in others)}
    files = Files(texts | {"top.yaml": top})
    try:
        composed = compose("top.yaml", top, files)
    except ConfigError as error:
        assert str(error).startswith("projects/")
        return
    assert composed.sources[0] == "top.yaml"
    # Nothing is left to compose, and what was written is written as it will be served.
    assert compose("top.yaml", composed.text, files).text == composed.text


TARGETS: dict[str, Callable[[bytes], None]] = {"signature": signature, "payload": payload, "compose": composing}
