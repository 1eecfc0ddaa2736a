"""The pipelines that edrone says would run are those that Drone's own library matches."""

import json
import subprocess
from collections.abc import Callable
from dataclasses import asdict
from random import Random
from typing import Any

import pytest

from pipelines.check.matching import matches_of
from pipelines.triggers.conditions import KEYS, TriggerValues
from tests.e2e.test_drone_refuses_alike import PROGRAM
from tests.e2e.test_go_reads_alike import go

TEXTS = 10_000
PIECES = [
    "a",
    "b",
    "v1",
    "/",
    "*",
    "**",
    "?",
    "[ab]",
    "[^a]",
    "[a-c]",
    "[",
    "]",
    "{a,b}",
    "{",
    "}",
    ",",
    "\\",
    "-",
    "^",
    ".",
    "ä",
]
WORDS = ["push", "tag", "pu*", "pull_request", "custom", "main", "release/*", "release/**", "**/1.2", "null", "~", "''", "", "12"]
VALUES = [
    "",
    "push",
    "tag",
    "custom",
    "main",
    "release/1.2",
    "release/a/1.2",
    "refs/heads/main",
    "a",
    "ab",
    "a/b",
    "a/b/v1",
    "ä",
    "12",
]
Ask = Callable[[list[dict[str, Any]]], list[list[str] | None]]


@pytest.fixture(scope="module")
def drone(tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """Give a function that asks Drone's library which pipelines of a text match a build."""
    program = tmp_path_factory.mktemp("go") / "godrone"
    subprocess.run([go(), "build", "-o", program, "."], cwd=PROGRAM, check=True)

    def ask(questions: list[dict[str, Any]]) -> list[list[str] | None]:
        lines = "".join(json.dumps(question) + "\n" for question in questions)
        done = subprocess.run([program, "match"], input=lines, capture_output=True, text=True, check=True)
        return [json.loads(line) for line in done.stdout.splitlines()]

    return ask


def pattern(random: Random) -> str:
    if random.random() < 0.4:
        return random.choice(WORDS)
    return json.dumps("".join(random.choices(PIECES, k=random.randint(1, 5))), ensure_ascii=False)


def condition(random: Random) -> str:
    """Write a condition in any of its forms, right or wrong."""
    listed = [f"[{', '.join(pattern(random) for _ in range(random.randint(0, 3)))}]" for _ in range(2)]
    odd = ["{include: x}", "[[a], b]", "[{a: b}, a]", "{include: [a, [b]], exclude: ~}", "{Include: [a]}", "!!str a", "~", "x: y"]
    forms = [pattern(random), listed[0], f"{{include: {listed[0]}, exclude: {listed[1]}}}", f"{{exclude: {listed[1]}}}"]
    return random.choice([*forms * 4, f"{{{random.choice(odd).strip('{}')}}}", random.choice(odd)])


def pipeline(random: Random, name: str) -> str:
    keys = random.sample([*KEYS, "paths", "instance", "status"], random.randint(0, 3))
    trigger = "".join(f"  {key}: {condition(random)}\n" for key in keys)
    return f"kind: pipeline\nname: {name}\n" + (f"trigger:\n{trigger}" if trigger else "")


def test_ten_thousand_texts_match_by_both_or_neither(drone: Ask):
    random = Random(18)
    questions: list[dict[str, Any]] = [
        {
            "text": "---\n".join(pipeline(random, name) for name in ("one", "two")[: random.randint(1, 2)]),
            "values": {key: random.choice(VALUES) for key in KEYS},
        }
        for _ in range(TEXTS)
    ]
    answers = drone(questions)
    accepted = ran = 0
    for question, expected in zip(questions, answers, strict=True):
        found = matches_of("default.yaml", question["text"], TriggerValues(**question["values"]))
        assert bool(found.refused) == (expected is None), question
        if expected is not None:
            accepted += 1
            ran += bool(expected)
            assert [each.name for each in found.pipelines if each.runs] == expected, question
    assert accepted > TEXTS * 0.5
    assert 0.1 < ran / accepted < 0.9


def test_a_difference_would_be_seen(drone: Ask):
    values = asdict(TriggerValues("main", "push", "", "refs/heads/main", "a/b", "", ""))
    text = "kind: pipeline\nname: one\ntrigger: {branch: main}\n---\nkind: pipeline\nname: two\ntrigger: {event: tag}\n"
    assert drone([{"text": text, "values": values}]) == [["one"]]
    assert drone([{"text": "kind: pipeline\nsteps: x\n", "values": values}]) == [None]
