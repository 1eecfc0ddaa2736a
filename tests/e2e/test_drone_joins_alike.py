"""Drone's own structures get of a composed text what they get of merge keys and doubled keys as they are written."""

import json
import subprocess
from random import Random

from tests.e2e.test_drone_refuses_alike import PROGRAM
from tests.e2e.test_go_reads_alike import go
from tests.pipelines.language.conftest import composed_from

TEXTS = 3000
VALUES = {
    "environment": ["{A: 1}", "{A: {from_secret: x}, B: 2}", "{B: {from_secret: y}, C: 3}"],
    "settings": ["{a: {b: 1}}", "{a: {c: 2}, d: 3}", "{a: {from_secret: x}}", "{d: [1]}"],
    "when": ["{branch: [main]}", "{event: [push]}", "{matrix: {A: b}}", "{matrix: {C: d}}"],
    "resources": ["{limits: {cpu: 1}}", "{limits: {memory: 2}}", "{requests: {cpu: 1}}", "{limits: null}"],
    "build": ["{context: a}", "{image: b}", "x"],
    "push": ["{image: b}", "x"],
    "commands": ["[a]", "[b]"],
    "image": ["a", "b"],
}
# What a condition includes and excludes is kept or not by the kinds of the values that follow.
CONDITION = ["main", "[main, b]", "null", "{exclude: [a]}", "{include: [b]}", "{exclude: a}", "{exclude: [a], exclude: c}",
             "{exclude: [a], exclude: null}", "{exclude: [a], exclude: {b: c}}", "{include: c, exclude: [b]}", "{<<: {exclude: [d]}, include: [b]}"]  # fmt: skip
PIPELINE = {
    "trigger": VALUES["when"],
    "clone": ["{depth: 1}", "{disable: true}"],
    "node": ["{a: b}", "{c: d}", "{a: e}"],
    "platform": ["{os: linux}", "{arch: arm}"],
    "workspace": ["{path: a}", "{base: b}"],
    "concurrency": ["{limit: 1}", "{limit: 2}"],
}


def entries(random: Random, values: dict[str, list[str]], deep: int) -> str:
    """Write the inside of a map in braces, with doubled keys and merge keys in any order."""
    parts = [f"{key}: {value(random, key, values)}" for key in random.choices([*values], k=random.randint(1, 4))]
    for _ in range(random.randint(0, 2) if deep else 0):
        maps = [f"{{{entries(random, values, deep - 1)}}}" for _ in range(random.randint(1, 2))]
        parts.append(f"<<: [{', '.join(maps)}]" if len(maps) > 1 else f"<<: {maps[0]}")
    return ", ".join(random.sample(parts, len(parts)))


def value(random: Random, key: str, values: dict[str, list[str]]) -> str:
    if key in {"when", "trigger"} and random.random() < 0.5:
        return f"{{{', '.join(f'branch: {random.choice(CONDITION)}' for _ in range(random.randint(1, 3)))}}}"
    if key in {"when", "trigger", "resources"} and random.random() < 0.3:
        return f"{{{entries(random, {'branch': CONDITION, 'limits': ['null', '{cpu: 3}', '{memory: 4}']}, 1)}}}"
    return "null" if random.random() < 0.2 else random.choice(values[key])


def document(random: Random) -> str:
    step = f"{{name: s, {entries(random, VALUES, 2)}}}"
    volume = "{name: v, temp: {medium: a}, temp: {size_limit: 1}}"
    return f"{{kind: pipeline, name: a, {entries(random, PIPELINE, 2)}, steps: [{step}], volumes: [{volume}]}}\n"


def test_three_thousand_composed_texts_are_read_as_they_were_written(tmp_path):
    program = tmp_path / "godrone"
    subprocess.run([go(), "build", "-o", program, "."], cwd=PROGRAM, check=True)
    random = Random(26)
    texts = [document(random) for _ in range(TEXTS)]
    composed = [composed_from("extends: a.yaml\n", a=text).text for text in texts]
    lines = "".join(json.dumps(text) + "\n" for text in [*texts, *composed])
    read = subprocess.run([program, "read"], input=lines, capture_output=True, text=True, check=True).stdout.splitlines()
    assert len(read) == 2 * TEXTS
    differing = [case for case in zip(texts, composed, read[:TEXTS], read[TEXTS:], strict=True) if case[2] != case[3]]
    assert differing[:1] == []
