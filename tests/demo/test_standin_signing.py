"""The stand-in holds what a running Drone held (tests/recorded/extensions), and takes what edrone signs."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from configs.endpoint.signing import NotSigned, refuse_unsignable, with_signature
from demo.standin.signing import KIND, documents, signature
from tests.demo.rig import SLUG, Rig
from tests.recorded_extensions import asked, files, given, read

KEY = "a-key-of-thirty-two-characters-0"  # that of the recording is not known
HMAC = re.compile(r"\b[0-9a-fA-F]{64}\b")
ALIEN = {"5-signing-wrong-hmac", "5-signing-signed-with-another-repository-s-key"}
SIGNED_BEHIND = re.compile(r"^---\nkind: signature\n", re.MULTILINE)
PATHS = [path for path in files("5-signing-*.json") if "stages_at_creation" in read(path)]
NO_KIND = "yaml: missing kind attribute"


@pytest.fixture
def held(rig: Rig) -> Rig:
    """The rig with a protected repository."""
    rig.drone.database.rows("UPDATE repos SET repo_protected = 1, repo_secret = ? WHERE repo_slug = ?", KEY, SLUG)
    return rig


def what_was_signed(recorded: Any) -> dict[str, str]:
    """Return the signatures in the texts that Drone was given, and the text that each was made for."""
    return {
        hmac.lower(): recorded.get("data") or SIGNED_BEHIND.split(text)[0]
        for request in recorded["requests"]
        if (text := given(request))
        for hmac in HMAC.findall(text)
    }


def signed_anew(recorded: Any, text: str) -> str:
    """Put signatures with our key in the place of the recorded ones, in the same case."""
    made = {hmac: signature(data, KEY) for hmac, data in what_was_signed(recorded).items()}
    return HMAC.sub(lambda hmac: made[hmac[0].lower()].upper() if hmac[0].isupper() else made[hmac[0].lower()], text)


def signed_part(text: str) -> str:
    return "".join(part for part in documents(text) if not KIND.search(part))


def stages_of(rig: Rig, build: dict[str, Any]) -> tuple[str, list[str]]:
    """Return the error of a build and its stages as they were made, before a runner has them."""
    with rig.drone.database.lock:
        made = rig.trigger(build)
        stages = rig.drone.database.stages(made["id"])
    return made.get("error", ""), [stage["stage_status"] for stage in stages]


def build_of(recorded: Any) -> dict[str, Any]:
    build: dict[str, Any] = json.loads(asked(recorded, "config")[0]["body"])["build"]
    return {"params": {}} | build


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_each_case_has_the_verdict_of_the_recording(path: Path, held: Rig):
    recorded = read(path)
    for kind in ("config", "convert"):
        answer = asked(recorded, kind)[0]["answer"]
        body = answer["body"] if path.stem in ALIEN else signed_anew(recorded, answer["body"])
        held.answers[kind] = answer | {"body": body}
    error, stages = stages_of(held, build_of(recorded))
    assert error == recorded["answer"]["body"].get("error", "")
    assert stages == recorded["stages_at_creation"]


def test_two_texts_have_one_signature_where_drone_gave_them_one():
    """What is signed of a text is known only from Drone's signatures: its key is not in the recording."""
    pairs = {
        (hmac, signed_part(data))
        for path in PATHS
        if path.stem not in ALIEN
        for hmac, data in what_was_signed(read(path)).items()
    }
    assert len(pairs) == len({hmac for hmac, _ in pairs}) == len({part for _, part in pairs}) == 11


@pytest.mark.parametrize("path", [path for path in PATHS if "data" in read(path)], ids=lambda path: path.stem)
def test_drone_takes_what_edrone_signs(path: Path, held: Rig):
    recorded = read(path)
    text = recorded["data"]
    try:
        refuse_unsignable(text)
    except NotSigned:
        assert path.stem.removeprefix("5-signing-") in {
            "line-of-70000-characters",
            "old-signature-inside-the-signed-text",
            "text-after-terminator",
        }
        return
    held.answers["config"] = {"status": 200, "body": {"data": with_signature(text, signature(text, KEY))}}
    error, stages = stages_of(held, build_of(recorded))
    unsigned = path.stem in {"5-signing-comment-before-leading-", "5-signing-empty-document-at-the-end"}
    assert error == (NO_KIND if unsigned else "")
    assert set(stages) <= {"pending"}


def test_a_stage_that_starts_is_given_its_text_without_a_look_at_its_signature(held: Rig):
    recorded = read(files("5-signing-unsigned-other-text-at-stage-start.json")[0])
    later = given(asked(recorded, "config")[0])
    signed = later.replace("unsigned-other-text", "signed")
    held.source.caching = False
    held.answers["config"] = {"status": 200, "body": {"data": with_signature(signed, signature(signed, KEY))}}
    with held.drone.database.lock:
        number = held.push("one")["number"]
        held.answers["config"] = {"status": 200, "body": {"data": later}}
    assert held.settled(number)["status"] == recorded["build"]["status"] == "success"
    log = "".join(line["out"] for line in held.call("GET", f"/{number}/logs/1/1"))
    assert "+ echo unsigned-other-text" in log
