"""Texts that mean the same, and texts that do not, though they look alike."""

import json
from itertools import combinations

import pytest
import yaml

from pipelines.compare.comparing import CHANGES, REWRITTEN, compare
from pipelines.compare.serving import Served
from tests.envsubst import SubstitutionError, substituted
from tests.pipelines.compare.examples import GOOD, write

STEP = "kind: pipeline\nname: a\nsteps:\n- name: s\n  image: i\n"


def same(first: str, second: str) -> bool:
    return Served(first, "").means_the_same(Served(second, ""))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("name: s", '"name": "s"'),
        ("commands: [make, test]", "commands:\n  - make # builds\n  - 'test'"),
        ("commands: [\"on\", '5']", "commands: [on, 5]"),
        ('environment: {A: "1", B: yes}', "environment:\n    B: 'yes'\n    A: 1"),
        ("settings: {a: yes}", "settings: {a: true}"),
        ("settings: {a: text}", "settings: {a: 'text'}"),
        ("commands: ['a$$b']", "commands: [a$b]"),
        ("commands: ['echo $$X']", "commands: [echo $$X]"),
        ("commands: [\"grep '\\\\\\\\d'\"]", "commands:\n  - \"grep '\\\\\\\\d'\""),
        ("commands: ['echo ${A}']", "commands:\n  - 'echo ${A}'"),
        ("when: {event: push}", "when: {event: [push]}"),
        ("when: {event: [push, tag]}", "when: {event: {include: [tag, push]}}"),
        ("commands:\n  - |\n    a\n    b", 'commands: ["a\\nb\\n"]'),
        ("settings: &x {a: b}", "settings: {a: b}"),
    ],
)  # fmt: skip
def test_written_otherwise(first, second):
    assert same(f"{STEP}  {first}\n", f"{STEP}  {second}\n")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("commands: [a, b]", "commands: [b, a]"),
        ("settings: {a: 5}", 'settings: {a: "5"}'),
        ("settings: {a: yes}", "settings: {a: 'yes'}"),
        ("settings: {a: null}", "settings: {}"),
        ("commands: ['echo ${A}']", "commands: [echo ${A}]"),
        ("commands: ['echo ${A}']", 'commands: ["echo ${A}"]'),
        ('commands: ["echo ${A}"]', 'commands: ["echo ${A:-x}"]'),
        ('commands: ["a\\\\nb"]', "commands: ['a\\nb']"),
        ("when: {event: [push]}", "when: {event: {exclude: [push]}}"),
        ("when: {branch: {include: [main]}}", "when: {branch: {include: main}}"),  # Drone passes over what is no list there
        ("when: {branch: {exclude: [main]}}", "when: {branch: {exclude: main}}"),
        ("image: a", "image: b"),
    ],
)  # fmt: skip
def test_not_the_same(first, second):
    assert not same(f"{STEP}  {first}\n", f"{STEP}  {second}\n")


VALUES = ["a ${A} b", "'a ${A} b'", '"a ${A} b"', '"a ${A}\\\\ b"', "|\n    a ${A} b", ">-\n    a ${A}\n    b", "'a $${A} b'", "a $${A} b",
          '"\\\\\\\\d"', "'\\\\d'", "'\\d'", "|-\n    \\\\d", '"a\\/b"', "'a/b'", "a/b", '"${A}"', "${A}", "'${A:-\"x\"}'", '"it\'s"', "it's"]  # fmt: skip
PROBES = ["", "x", "x y", "it's", 'say "x"', "a: b", "x # y", "5", "on", "a\nb", "\\d", "[", "a, b"]


def test_what_means_the_same_is_the_same_after_substitution_whatever_the_variables_hold():
    """The law, by the runner's own rules: see tests/envsubst.py."""

    def left(text: str, value: str) -> str:
        try:
            loaded = yaml.load(substituted(text, {"A": value}), yaml.CBaseLoader)
            return json.dumps(loaded)
        except (yaml.YAMLError, SubstitutionError):
            return "refused"

    alike = 0
    for first, second in combinations(VALUES, 2):
        texts = [f"{STEP}  environment:\n    X: {value}\n" for value in (first, second)]
        if same(*texts):
            alike += 1
            for probe in PROBES:
                assert left(texts[0], probe) == left(texts[1], probe), (first, second, probe)
    assert alike >= 4


@pytest.mark.parametrize("comment", ["# ${ never closed", "image # ${A[0]}", "# a ${A} and ${x.y}"])
def test_a_comment_for_which_runners_refuse_the_text_counts(comment):
    assert not same(f"{STEP}# one {comment}\n", STEP)


@pytest.mark.parametrize("comment", ["# ${A}", "# ${A:-b}", "# $${ a", "# ${#A} ${B}", "# $ { }"])
def test_a_comment_that_no_runner_refuses_does_not_count(comment):
    assert same(f"{STEP}{comment}\n", STEP)


def test_a_signature_holds_for_the_very_bytes():
    signature = "---\nkind: signature\nhmac: abc\n"
    assert not same(f"{STEP}{signature}", f"{STEP}# more\n{signature}")


def test_what_drone_converts_is_compared_as_text():
    assert not same("pipeline:\n  a: {image: x}\n", "pipeline:\n  a: {image:  x}\n")


def test_comments_and_quotes_change_no_pipeline(tmp_path):
    base, head = (
        write(tmp_path / "base", {"a/default.yaml": GOOD}),
        write(tmp_path / "head", {"a/default.yaml": f"# new\n{GOOD}"}),
    )
    assert [group.change.kind for group in compare(base, head).groups] == [REWRITTEN]
    assert [group.change.kind for group in compare(base, head).by_text().groups] == [CHANGES]
