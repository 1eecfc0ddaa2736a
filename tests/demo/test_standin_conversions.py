"""The stand-in asks as a real Drone did, and does what that did with each answer of a converter (tests/recorded/extensions)."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.demo.rig import KINDS, SLUG, Rig
from tests.recorded_extensions import asked, data_of, files, read


def of_build(build: Any) -> dict[str, Any]:
    return {name: build.get(name) for name in ("status", "error", "event", "trigger", "params", "version")}


def of_stages(build: Any) -> list[Any]:
    return [
        (*(stage.get(name) for name in ("name", "kind", "type", "status", "error", "exit_code")),
         [(step["name"], step["status"]) for step in stage.get("steps", [])])
        for stage in build.get("stages", [])
    ]  # fmt: skip


def requests_of(recorded: Any) -> list[tuple[str, bool]]:
    """Return what the recorded Drone asked, as the rig notes it."""
    return [
        (request["kind"], json.loads(request["body"])["build"]["number"] > 0)
        for request in recorded["requests"]
        if request["kind"] in KINDS
    ]


def at_trigger(asked: list[tuple[str, bool]]) -> list[str]:
    return [kind for kind, numbered in asked if not numbered]


@pytest.mark.parametrize("path", files("1-convert-answers-*.json"), ids=lambda path: path.stem)
def test_each_answer_of_a_converter_has_its_effect(path: Path, rig: Rig):
    recorded = read(path)
    rig.answers["convert"] = recorded["answer_given"]
    rig.source.own_files[SLUG] = data_of(asked(recorded, "convert")[0])
    pushed, started = rig.push("one"), rig.call("POST", "?branch=two&FOO=bar")
    assert of_build(pushed) == of_build(recorded["hook_answer"]["body"])
    assert of_build(started) == of_build(recorded["api_answer"]["body"])
    assert of_stages(rig.settled(pushed["number"])) == of_stages(recorded["build_of_push"])
    assert of_stages(rig.settled(started["number"])) == of_stages(recorded["build_of_api"])
    assert at_trigger(rig.asked) == at_trigger(requests_of(recorded)) * 2


@pytest.mark.parametrize("path", files("1-own-file-*.json"), ids=lambda path: path.stem)
def test_each_own_file_is_built_as_drone_builds_it(path: Path, rig: Rig):
    recorded = read(path)
    rig.source.own_files[SLUG] = recorded["own_file"]
    rig.answers["convert"] = asked(recorded, "convert")[0]["answer"]
    build = rig.push("one")
    assert of_build(build) == of_build(recorded["hook_answer"]["body"])
    assert at_trigger(rig.asked) == at_trigger(requests_of(recorded))
    ended = rig.settled(build["number"])
    if "no-type" in path.stem:  # a docker pipeline, which the runner of the recording does not take
        assert [stage[:3] for stage in of_stages(ended)] == [stage[:3] for stage in of_stages(recorded["build"])]
    else:
        assert (ended["status"], of_stages(ended)) == (recorded["build"]["status"], of_stages(recorded["build"]))


def test_without_a_file_nobody_is_asked_to_convert(rig: Rig):
    recorded = read(files("1-config-204-no-file.json")[0])
    assert rig.call("POST", "?branch=nofile") == recorded["api_answer"]["body"]
    assert rig.asked == requests_of(recorded) == [("config", False)]


@pytest.mark.parametrize("path", files("2-conversion-at-stage-start-*.json"), ids=lambda path: path.stem)
def test_an_answer_that_changed_until_the_stage_starts_has_its_effect(path: Path, rig: Rig):
    recorded = read(path)
    at_start = asked(recorded, "convert")
    rig.answers["config"] = {"status": 200, "body": {"data": data_of(at_start[0])}}
    first = read(files("2-conversion-cache-size-0.json")[0])["steps"][0]
    rig.answers["convert"] = asked(first, "convert")[0]["answer"]
    with rig.drone.database.lock:  # no stage starts before the answer has changed
        build = rig.push("one")
        rig.answers["convert"] = at_start[0]["answer"]
    ended = rig.settled(build["number"])
    assert (ended["status"], of_stages(ended)) == (recorded["build"]["status"], of_stages(recorded["build"]))
    assert [one for one in rig.asked if one[1]] == requests_of(recorded)


@pytest.mark.parametrize("size", [0, 10])
def test_the_cache_of_conversions_gives_what_drones_gave(size: int, rig: Rig):
    """Push, restart, two promotions, roll back, three custom builds, while the converter's answer changes."""
    rig.source.convert_caching = size > 0
    numbers = dict[str, int]()
    for step in read(files(f"2-conversion-cache-size-{size}.json")[0])["steps"]:
        rig.asked.clear()
        rig.clock.shift(1)
        rig.answers["config"] = asked(step, "config")[0]["answer"]
        rig.answers["convert"] = {"status": 200, "body": {"data": WORDS.format(step["tree"])}}
        numbers[step["what"]] = number = started(rig, step, numbers.get("push", 0))["number"]
        assert rig.settled(number)["status"] == "success"
        assert rig.asked == requests_of(step), step["what"]
        said = [line for stage in (1, 2) for line in rig.call("GET", f"/{number}/logs/{stage}/1")]
        words = "".join(line["out"] for line in said)
        assert [word in words for word in ("WORD-v", "WORD2-v")] == [True, True]
        assert set(re.findall(r"v\d", words)) == set(re.findall(r"v\d", "".join(step["logs"]))), step["what"]


WORDS = """kind: pipeline
type: exec
name: build-all
steps:
- name: say
  commands: [echo WORD-{0}]
---
kind: pipeline
type: exec
name: second
steps:
- name: say
  commands: [echo WORD2-{0}]
"""


def started(rig: Rig, step: Any, pushed: int) -> Any:
    build = step["answer"]["body"]
    match build["event"]:
        case "push":
            return rig.call("POST", f"/{pushed}") if pushed else rig.push("dev")
        case "promote" | "rollback" as verb:
            return rig.call("POST", f"/{pushed}/{verb}?target={build['deploy_to']}")
    query = {"branch": build["target"], "action": build["action"]} | build.get("params", {})
    return rig.call("POST", f"?{urlencode({name: value for name, value in query.items() if value})}")


def test_a_slow_validation_makes_drone_ask_for_the_configuration_again(rig: Rig):
    recorded = read(files("2-slow-validation-*.json")[0])
    rig.source.convert_caching, rig.validation_takes = True, 1.1
    rig.answers["config"], rig.answers["convert"] = (asked(recorded, kind)[0]["answer"] for kind in ("config", "convert"))
    assert rig.settled(rig.push("slow")["number"])["status"] == "success"
    assert rig.asked == requests_of(recorded)
