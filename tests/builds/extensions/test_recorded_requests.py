"""Everything that a real Drone asked and told (tests/recorded/extensions) is accepted by edrone's addresses, as it was sent."""

import json
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine

from builds.extensions import validation
from builds.freezes import reading
from tests.conftest import RECORDED, Drone

EXTENSIONS = RECORDED.parent / "extensions"
ADDRESSES = {"config": "/edrone", "convert": "/edrone/convert", "validate": "/edrone/validate", "webhook": "/edrone/events"}
ANSWERED = {"config": 200, "convert": 204, "validate": 204, "webhook": 204}
SECRETS = {
    "config": "config-secret-of-the-rig-0123456789ab",
    "convert": "convert-secret-of-the-rig-0123456789a",
    "validate": "validate-secret-of-the-rig-0123456789",
    "webhook": "webhook-secret-of-the-rig-0123456789a",
}
NOTHING_SENT = "3-validate-answer-refused.json"
FILES = sorted(path for path in EXTENSIONS.glob("[36]-*.json") if path.name != NOTHING_SENT)
pytestmark = pytest.mark.usefixtures("records")


def requests_of(recorded: Any) -> Iterator[dict[str, Any]]:
    """Find the requests wherever they stand in a recording."""
    if isinstance(recorded, dict) and {"kind", "headers", "body"} <= recorded.keys():
        yield recorded
    elif isinstance(recorded, dict | list):
        for part in recorded.values() if isinstance(recorded, dict) else recorded:
            yield from requests_of(part)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_recorded_request_is_accepted(path: Path, settings: Any, tree: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validation, "known_freezes", reading.KnownFreezes())
    settings.DRONE_YAML_SECRETS = tuple(SECRETS[kind] for kind in ("config", "convert", "validate"))
    settings.EDRONE_EVENTS_SECRETS = (SECRETS["webhook"],)
    settings.DRONE_DATABASE = None
    operation = "kind: operation\ninputs:\n  FOO: {}\n---\n"
    pipeline = "kind: pipeline\ntype: exec\nname: base\nsteps:\n- {name: say, commands: [echo said]}\n"
    tree({"octocat/hello/default.yaml": pipeline, "octocat/hello/_operations/check.yaml": operation + pipeline})
    requests = list(requests_of(json.loads(path.read_text())))
    assert requests
    for request in requests:
        headers = dict(request["headers"])
        with time_machine.travel(parsedate_to_datetime(headers["Date"]), tick=False):
            answer = Drone().send(request["body"].encode(), headers, ADDRESSES[request["kind"]])
        assert answer.status_code == ANSWERED[request["kind"]], (request["kind"], answer.content)
