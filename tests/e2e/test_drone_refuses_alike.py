"""What the checks of Drone's server find, and what Drone's own parser and linter refuse, is the same."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pipelines.check import server, shape
from pipelines.check.extended_files import RememberedFiles
from pipelines.check.findings import ERROR
from pipelines.check.matching import DRONES
from pipelines.check.one_file import examine_file
from pipelines.tree.tree import Tree
from tests.e2e.test_go_reads_alike import go

PROGRAM = Path(__file__).parent / "godrone"
VALID = Path(__file__).parent.parent / "pipelines" / "check" / "valid"
TEXTS = 10_000
SCALARS = [
    "a",
    "b",
    "c",
    "12",
    "1.5",
    "0x1F",
    "1e3",
    "true",
    "yes",
    "off",
    "'true'",
    '"12"',
    "",
    "~",
    "null",
    "2026-11-24",
    "-1",
    "0o7",
    "1_0",
    ".5",
    "5.",
]
VALUES = st.sampled_from(
    [
        *SCALARS,
        "[]",
        "{}",
        "[a, b]",
        "[1, ~, true]",
        "[[a]]",
        "{a: b}",
        "{a: [b]}",
        "[{a: b}]",
        "{host: 80}",
        "{from_secret: x}",
        "{limit: x}",
        "&x a",
    ]
)
TOKENS = [
    *SCALARS, "<<: ", "- ", "- <<:", ": ", ":", "{", "}", "[", "]", ",", "#", " #", "|", ">", "'", '"', "!x ", "---\n", "\n---\n", "\n...\n", "\r", "\r\n", "\r---\n", "\t", "  ", " ", "\n", "? ", "?",
    "kind: pipeline\n", "name: a\n", "depends_on: [a]\n", "steps:\n", "platform: {os: linux}\n", "--- a", "{}", "[]", "{{ x }}", "\\'", "\\/",
]  # fmt: skip
KEYS = st.sampled_from(
    ["version", "kind", "type", "name", "clone", "concurrency", "depends_on", "node", "platform", "image_pull_secrets", "services",
     "steps", "trigger", "volumes", "workspace", "spec", "data", "get", "hmac", "unknown", "Kind"]
)  # fmt: skip
STEP_KEYS = st.sampled_from([*shape.STEP.keys, "unknown"])
KINDS = st.sampled_from(["pipeline"] * 8 + ["secret", "cron", "registry", "signature", "other", "", "[x]"])
TYPES = st.sampled_from(["", "type: docker\n", "type: docker\n", "type: exec\n", "type: kubernetes\n", "type: 12\n"])


@st.composite
def document(draw: st.DrawFn) -> str:
    """Write a document that may be right."""
    keys: dict[str, str] = {"name": draw(st.sampled_from(["a", "b", "c", "d", "", "12"]))}
    if draw(st.booleans()):
        keys["depends_on"] = f"[{draw(st.sampled_from(['a', 'b', 'c', '', '12', 'a, b']))}]"
    if draw(st.booleans()):
        keys["platform"] = (
            f"{{os: {draw(st.sampled_from(['linux', 'windows', 'plan9', '']))}, arch: {draw(st.sampled_from(['amd64', 'arm', 'x86', '~']))}}}"
        )
    if draw(st.booleans()):
        keys["clone"] = f"{{depth: {draw(VALUES)}, disable: {draw(VALUES)}}}"
    if draw(st.integers(0, 3)) == 0:
        keys[draw(KEYS)] = draw(VALUES)
    if draw(st.booleans()):
        step = {draw(STEP_KEYS): draw(VALUES) for _ in range(draw(st.integers(1, 3)))}
        keys["steps"] = "\n- " + "\n  ".join(f"{key}: {value}" for key, value in step.items())
    text = "".join(f"{key}: {value}\n" for key, value in keys.items() if key not in {"kind", "type"})
    kind = draw(KINDS)
    return f"kind: {kind}\n{draw(TYPES)}{text}" if kind else text


@st.composite
def file(draw: st.DrawFn) -> str:
    """Write a file."""
    separator = st.sampled_from(["---\n"] * 6 + ["--- # x\n", "-----\n", "---\r\n", "...\n", "---\n---\n", "---\n# comment\n"])
    text = draw(st.sampled_from([""] * 5 + ["---\n", "# comment\n", "\n", "# c\n---\n"]))
    for _ in range(draw(st.integers(1, 3))):
        text += draw(document()) + draw(separator)
    return text if draw(st.integers(0, 3)) == 0 else text.removesuffix("---\n")


@pytest.fixture(scope="module")
def drone(tmp_path_factory: pytest.TempPathFactory) -> Callable[[list[str]], list[str]]:
    """Give a function that asks Drone's library about texts."""
    program = tmp_path_factory.mktemp("go") / "godrone"
    subprocess.run([go(), "build", "-o", program, "."], cwd=PROGRAM, check=True)

    def ask(texts: list[str]) -> list[str]:
        lines = "".join(json.dumps(text) + "\n" for text in texts)
        # Go cuts what it repeats of a text, within a character too.
        done = subprocess.run([program], input=lines, capture_output=True, text=True, errors="replace", check=True)
        answers = done.stdout.splitlines()
        assert len(answers) == len(texts)
        return answers

    return ask


def ours(root: Path, texts: list[str]) -> list[list[str]]:
    """Say what the checks find of Drone's own refusals."""
    found = []
    with Tree(root).snapshot() as snapshot:
        for text in texts:
            (root / "default.yaml").write_bytes(text.encode())
            one = examine_file(snapshot, "default.yaml", RememberedFiles(snapshot), serves=True)
            found.append([f"{finding.line}: {finding.id}" for finding in (*one.findings, *one.content) if finding.id in DRONES])
    return found


def differences(root: Path, texts: list[str], ask: Callable[[list[str]], list[str]]) -> list[tuple[str, str, list[str]]]:
    return [
        (text, said, found)
        for text, said, found in zip(texts, ask(texts), ours(root, texts), strict=True)
        if bool(said) != bool(found)
    ]


def test_ten_thousand_files_are_refused_by_both_or_neither(drone, tmp_path):
    texts: list[str] = []

    @settings(max_examples=TEXTS, phases=[Phase.generate], database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(file())
    def collect(text):
        if text.strip():
            texts.append(text)

    collect()
    while len(texts) < TEXTS:  # hypothesis may find that it has tried everything
        collect()
    assert 0.2 < sum(map(bool, drone(texts))) / len(texts) < 0.95
    assert differences(tmp_path, texts, drone)[:5] == []


def mutated(random: Random, text: str) -> str:
    """Break a file a little, or not."""
    for _ in range(random.randint(1, 3)):
        words = re.findall(r"[A-Za-z0-9_./*-]+|\s+|.", text, re.DOTALL) or [""]
        at = random.randrange(len(words))
        words[at : at + random.choice([0, 0, 1])] = random.choice([[], [random.choice(TOKENS)], [random.choice(words)]])
        text = "".join(words)
    return text


def test_ten_thousand_valid_files_with_a_word_put_in_or_left_out_are_too(drone, tmp_path):
    random = Random(6)
    valid = [file.read_bytes().decode() for file in sorted(VALID.glob("*.yaml"))]
    valid = [text for text in valid if "kind: template" not in text and "kind: repository" not in text]
    texts = [mutated(random, random.choice(valid)) for _ in range(TEXTS)]
    # Read otherwise, or not looked into, for reasons of edrone's own; or nobody writes it, so that it is not imitated.
    special = re.compile(
        r"extends|kind:\s*(template|repository)|^pipeline:|<<:.*<<:|!\S*[,\[\]]|!!|:[,\]}]",
        re.MULTILINE | re.DOTALL,
    )
    texts = [text for text in texts if text.strip("\ufeff \t\r\n") and not special.search(text)]
    assert len(texts) > TEXTS * 0.7
    assert 0.2 < sum(map(bool, drone(texts))) / len(texts) < 0.9
    assert differences(tmp_path, texts, drone)[:5] == []


def test_the_valid_pipelines_are_accepted_by_drones_own_library(drone):
    texts = {file.stem: file.read_bytes().decode() for file in sorted(VALID.glob("*.yaml"))}
    assert {name: said for name, said in zip(texts, drone(list(texts.values())), strict=True) if said} == {}


def test_a_difference_would_be_seen(drone, tmp_path):
    assert drone(["kind: pipeline\n", "kind: pipeline\ndepends_on: a\n"]) == [
        "",
        "yaml: unmarshal errors:   line 2: cannot unmarshal !!str `a` into []string",
    ]
    assert len(differences(tmp_path, ["kind: pipeline\n"], lambda _: ["refused"])) == 1


def test_the_ids_are_those_of_errors():
    assert all(check.severity == ERROR for check in (server.DUPLICATE, shape.WRONG_VALUE))
