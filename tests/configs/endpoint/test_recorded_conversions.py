"""What a running Drone asked to have converted, asked again of edrone byte for byte."""

import json
import re
from datetime import UTC, datetime

import pytest

from configs.client import drone_request
from configs.endpoint.signature import CONVERSION
from tests.conftest import SECRET
from tests.recorded_extensions import ADDRESSES, SECRETS, asked, data_of, files, read, replay

ASKED = [path for path in files("[125]-*.json") if "requests" in read(path)]
OWN = "kind: pipeline\ntype: exec\nname: build-all\nsteps:\n- extends: _shared/say.yaml\n"
pytestmark = pytest.mark.usefixtures("records")


@pytest.fixture
def of_the_rig(settings):
    settings.DRONE_YAML_SECRETS = tuple(SECRETS.values())


@pytest.mark.usefixtures("of_the_rig")
@pytest.mark.parametrize("path", ASKED, ids=lambda path: path.stem)
def test_every_request_is_taken_and_only_what_extends_is_touched(path, drone, tree):
    tree({"default.yaml": "kind: repository\n"})
    for request in (request for request in read(path)["requests"] if request["kind"] in ADDRESSES):
        answer = replay(drone, request)
        if request["kind"] == "config" or "extends: " not in data_of(request):
            assert (answer.status_code, answer.content) == (204, b"")
        else:
            assert (answer.status_code, answer["Content-Type"]) == (422, "text/plain; charset=utf-8")
            assert re.fullmatch(
                r'edrone: \.drone\.yml:[12]:\d+: extends "(_shared/base": no such file|a": a repository\'s own file may extend '
                r"_shared/ and @octocat/_shared/ only)\.",
                answer.content.decode(),
            )


@pytest.mark.parametrize(("size", "conversions"), [(0, 8), (10, 5)])
def test_each_build_of_the_recording_keeps_the_text_of_its_trigger(size, conversions, drone, tree):
    """The tree is edited before each request: what Drone asks again as a stage starts must not show the edit."""
    edits, triggers = 0, []
    for step in read(files(f"2-conversion-cache-size-{size}.json")[0])["steps"]:
        texts = []
        for request in asked(step, "convert"):
            edits += 1
            tree({"default.yaml": "kind: repository\n", "_shared/say.yaml": f"name: edit-{edits}\ncommands: [make]\n"})
            texts.append(converted(drone, request))
        assert len(set(texts)) <= 1, step["what"]
        triggers += texts[:1]
    assert len(set(triggers)) == len(triggers) == conversions


def converted(drone, request) -> str:
    """Ask for the conversion of our file in place of the recorded one."""
    body = json.dumps(json.loads(request["body"]) | {"config": {"data": OWN, "kind": ""}}).encode()
    headers = drone_request.signed_headers(body, SECRET, datetime.now(UTC), accept=CONVERSION.accept)
    answer = drone.send(body, headers, ADDRESSES["convert"])
    assert answer.status_code == 200, answer.content
    return str(answer.json()["Data"])
