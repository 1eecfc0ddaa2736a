"""What a running Drone 2.28.2 sent to its extensions, and did with each answer (tests/recorded/extensions)."""

import json
import re
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import time_machine

from tests.conftest import RECORDED, Drone

FOLDER = RECORDED.parent / "extensions"
SECRETS = {"config": "config-secret-of-the-rig-0123456789ab", "convert": "convert-secret-of-the-rig-0123456789a"}
ADDRESSES = {"config": "/edrone", "convert": "/edrone/convert"}
SHORTENED = re.compile(r"<(\d+) times (.)>")  # how the recordings write a run of one letter


def files(pattern: str) -> list[Path]:
    found = sorted(FOLDER.glob(pattern))
    assert found, pattern
    return found


def read(path: Path) -> Any:
    return json.loads(SHORTENED.sub(lambda run: run[2] * int(run[1]), path.read_text()))


def data_of(request: Any) -> str:
    """Return the YAML that a request carries."""
    return str(json.loads(request["body"])["config"]["data"])


def given(request: Any) -> str:
    """Return the YAML that was answered; empty where it was none."""
    return str(json.loads(request["answer"]["body"] or "{}").get("data", ""))


def asked(recorded: Any, kind: str) -> list[Any]:
    return [request for request in recorded["requests"] if request["kind"] == kind]


def replay(drone: Drone, request: Any) -> Any:
    """Send a recorded request to edrone, byte for byte, at the time of its signature."""
    headers = dict(map(tuple, request["headers"]))
    with time_machine.travel(parsedate_to_datetime(headers["Date"]), tick=False):
        return drone.send(request["body"].encode(), headers, ADDRESSES[request["kind"]])
