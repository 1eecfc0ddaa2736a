"""The YAML library of Drone's parser reads what was composed as it reads what was written."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings

from tests.envsubst import substituted
from tests.pipelines.language import strategies
from tests.pipelines.language.conftest import composed_from
from tests.pipelines.language.made_scripts import files
from tests.pipelines.language.strategies import documents
from tests.pipelines.language.test_scripts import environments, nodes, run, shape

PROGRAM = Path(__file__).parent / "goyaml"
PAIRS = 10_000
# What Go reads in another way than Python.
GO_ONLY = [
    "y",
    "Y",
    "n",
    "N",
    "-.5",
    "0o17",
    "1e3",
    "1E3",
    "=",
    "0b11",
    "-0b11",
    "0_7",
    "12e03",
    "+.inf",
    ".NaN",
    "<",
    "+",
    "+.1",
    "08",
    "1:30",
]
GO_ONLY += [
    "2026-11-23 10:00:00",
    "2001-12-14t21:59:43.10-05:00",
    "18446744073709551615",
    "9223372036854775808",
    "1__0",
    "0x_F",
    "-",
    "!!str 12",
]
GO_ONLY += ["!!str yes", "!!int '12'", "!!binary aGk=", "! 12", "! '12'", "! x", "!custom 12", "!!null x", "!!bool 'yes'"]
GO_ONLY = [
    text for text in GO_ONLY if text not in {"=", "-", "!!null x", ".NaN"}
]  # not plain, not readable, or not equal to itself


def go() -> str:
    """Find Go. On CI it must be there."""
    found = shutil.which("go") or shutil.which("/usr/local/go/bin/go")
    if not found and os.environ.get("CI") == "true":
        pytest.fail("Go is missing, and CI must compare with Drone's YAML library; install golang-go.")
    return found or pytest.skip("Go is missing, so Drone's YAML library cannot be asked; install it to run this test.")


@pytest.fixture(scope="module")
def alike(tmp_path_factory):
    """Give a function that lists the pairs that Go does not read alike."""
    program = tmp_path_factory.mktemp("go") / "goyaml"
    subprocess.run([go(), "build", "-o", program, "."], cwd=PROGRAM, check=True)

    def compare(pairs: list[tuple[str, str]]) -> list[str]:
        lines = "".join(json.dumps(pair) + "\n" for pair in pairs)
        answer = subprocess.run([program], input=lines, capture_output=True, text=True, check=True).stdout.splitlines()
        assert answer.pop() == f"read {len(pairs)}"
        return [f"{line}\n{pairs[int(line.split(':')[0]) - 1]}" for line in answer]

    return compare


def indented(text: str) -> str:
    return "".join(f"  {line}\n" if line else "\n" for line in text[:-1].split("\n"))


def test_go_reads_ten_thousand_composed_texts_as_it_reads_what_they_came_from(alike, monkeypatch):
    for text in GO_ONLY:
        monkeypatch.setitem(strategies.PLAIN, text, None)
    pairs: list[tuple[str, str]] = []

    @settings(
        max_examples=PAIRS // 3 + 1,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(documents(), documents())
    def collect(made, other):
        text, second = made[0], other[0]
        merges = f"base: &base\n{indented(text)}first:\n  <<: *base\n{indented(second)}last:\n{indented(second)}  <<: [*base, {{zz: 1}}]\n"
        pairs.append((text, composed_from("extends: a.yaml\n", a=text).text))
        pairs.append((merges, composed_from("extends: a.yaml\n", a=merges).text))
        both = f"steps:\n-\n{indented(text)}-\n{indented(second)}"
        pairs.append((both, composed_from("steps:\n- extends: a.yaml\n- extends: b.yaml\n", a=text, b=second).text))

    collect()
    while len(pairs) < PAIRS:  # hypothesis may find that it has tried everything
        collect()
    assert alike(pairs) == []


def test_go_reads_a_thousand_scripts_alike_once_runners_have_put_in_the_variables(alike):
    pairs: list[tuple[str, str]] = []

    @settings(max_examples=300, phases=[Phase.generate], database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(files())
    def collect(text):
        assume(nodes(text) is not None)
        composed = composed_from("extends: base.yaml\n", base=text).text
        environment = (values for values in environments(text) if (own := run(text, values)) and shape(own) == shape(nodes(text)))
        pairs.extend((substituted(text, values), substituted(composed, values)) for values in environment)

    collect()
    assert len(pairs) > 1000
    lines = alike(pairs)
    differing = [line for line in lines if ": the first is not YAML" not in line]
    assert differing == []
    assert len(lines) < len(pairs) / 10  # what libyaml reads and Go does not


def test_a_difference_would_be_seen(alike):
    assert len(alike([("a: yes", "a: 'yes'"), ("a: 0o7", "a: 0o7"), ("a: [", "a: b"), ("a: b", "b: a")])) == 3
