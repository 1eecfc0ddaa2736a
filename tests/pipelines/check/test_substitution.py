"""What the substitution of runners refuses is found where it is written."""

import gzip
import json

import pytest

from pipelines.check.envsubst import substituted
from pipelines.check.examine import examine
from pipelines.tree.tree import Tree
from tests.conftest import RECORDED
from tests.pipelines.check.examples import EXEC, EXTENDING, GOOD, found, one

BLOCK = "  commands:\n  - |\n    echo ${A}\n    echo é ${a[0]} # ${x-y}\n"
ESCAPE = "  commands:\n  - \"grep '\\\\d'\"\n"


def test_it_refuses_every_recorded_text_that_envsubst_refuses_with_the_same_words_and_no_other():
    lines = gzip.decompress((RECORDED.parent / "substitution.jsonl.gz").read_bytes()).splitlines()
    recorded = [json.loads(line) for line in lines]
    assert len(recorded) == 2405
    said = [next((problem for _, problem in substituted(case["in"])[1]), None) for case in recorded]
    assert said == [case.get("error") for case in recorded]


def test_each_expression_is_found_at_its_line_and_column(tree):
    places = [(finding.line, finding.column) for finding in examine(Tree(tree(one(GOOD + BLOCK))))]
    assert places == [(11, 12), (11, 22)]


def test_in_a_shared_file_it_is_found_there_and_told_once(tree):
    files = {f"shop{number}/default.yaml": f"extends: _shared/s.yaml\nname: b{number}\n" for number in range(3)}
    findings = examine(Tree(tree({**files, "_shared/s.yaml": GOOD + BLOCK})))
    assert [finding[:3] for finding in findings] == [("_shared/s.yaml", 11, 12), ("_shared/s.yaml", 11, 22)]


def test_a_comment_counts_too_as_runners_know_no_comments(tree):
    assert found(tree(one(f"{GOOD}# say ${{X[0]}}\n"))) == [("shop/default.yaml", 8, "substitution")]


def test_what_holds_no_pipeline_is_not_substituted(tree):
    assert found(tree(one("kind: secret\nname: a\ndata: ${X[0]}\n"))) == [("shop/default.yaml", 1, "no-pipeline")]


@pytest.mark.parametrize(
    "text", [r"""  commands: ["grep '\\\\d'"]""", r"""  commands: ['grep \\d', "a \\n \\' b"]""", "  commands: [$$, a]"]
)
def test_a_backslash_that_is_left_a_known_escape_is_no_mistake(tree, text):
    assert found(tree(one(f"{GOOD}{text}\n"))) == []


@pytest.mark.parametrize(
    ("line", "ids"),
    [
        ("""  commands: ["echo ${X:-a b"]  # }""", ["substitution"]),
        ("""  environment: {A: "${X:-a"}""", ["substitution"]),
        ("""  environment: {A: '${X:-a'}""", ["substitution"]),
        ("""  commands: ['echo ${X:-"a"}', "${X:-'b'}", 'echo ${X/[ab]/"}']""", []),
        ("""  commands: ["a $${X:-b"]  # }""", []),
        ("""  commands: ["C:\\\\${X}"]""", ["substitution"]),
    ],
)
def test_an_expression_that_goes_on_behind_its_quotes_is_found(tree, line, ids):
    assert [id_ for _, _, id_ in found(tree(one(f"{GOOD}{line}\n")))] == ids


def test_the_cause_that_is_named_is_no_matter_of_the_value(tree):
    (finding,) = examine(Tree(tree(one(f"""{GOOD}  commands: ["C:\\\\${{X}}"]\n"""))))
    assert "unknown escape character" in finding.message


def test_a_backslash_that_becomes_an_unknown_escape_is_found(tree):
    files = {**one(GOOD + ESCAPE), "cart/default.yaml": "extends: _shared/s.yaml\nname: b\n", "_shared/s.yaml": GOOD + ESCAPE}
    findings = [(*finding[:3], finding.id) for finding in examine(Tree(tree(files)))]
    assert findings == [("_shared/s.yaml", 9, 12, "substitution"), ("shop/default.yaml", 9, 12, "substitution")]


@pytest.mark.parametrize(
    ("expression", "is_refused"),
    [
        *(("${X:0:-1}", True), ("${X:2:-2}", True), ("${X:0:-0}", False), ("${X:0:1}", False), ("${X:0:-}", False)),
        *(("${X:a:-1}", False), ("${X: 0:-1}", False)),  # Go reads no number there
    ],
)
def test_a_negative_length_crashes_the_runner(tree, expression, is_refused):
    ids = [id_ for _, _, id_ in found(tree(one(f"{GOOD}  commands: ['echo {expression}']\n")))]
    assert ids == ["substitution"] * is_refused


@pytest.mark.parametrize("kind", ["exec", "ssh", "digitalocean", "macstadium"])
@pytest.mark.parametrize(
    "default", [":-", ":=", "=", ":+", ":?", ":-a${Y}", ":-${Y}a", ":${Y:-}:1", ":a", ":-a", ":-${Y}", ":-${Y:-z}"]
)
def test_a_default_is_exactly_one_word_for_runners_with_the_older_envsubst(tree, kind, default):
    text = EXEC.replace("make", f"'echo ${{X{default}}}'")
    ids = set() if default in {":a", ":-a", ":-${Y}", ":-${Y:-z}"} else {"substitution"}
    for written in (text.replace("exec", kind), f"{GOOD}---\n{text.replace('exec', kind).replace('name: a', 'name: b')}"):
        assert {id_ for _, _, id_ in found(tree(one(written))) if not id_.startswith("no-")} == ids
    assert "substitution" not in {id_ for _, _, id_ in found(tree(one(text.replace("exec", "docker"))))}


def test_a_default_that_is_not_one_word_is_found_in_a_shared_step(tree):
    shared = "name: s\nimage: y\ncommands: ['echo ${X:-}']\n"
    files = {"shop/default.yaml": EXTENDING, "cart/default.yaml": f"{EXEC}- extends: _shared/t.yaml\n"}
    root = tree({**files, "_shared/s.yaml": shared, "_shared/t.yaml": shared.replace("image: y\n", "")})
    assert found(root) == [("_shared/t.yaml", 2, "substitution")]


@pytest.mark.parametrize(
    "text", ["${" * 50_000, "${A:-" * 50_000, "${A:" * 50_000, "${A/" * 50_000, "$" * 100_000, "\\" * 100_001]
)
def test_hostile_text_takes_no_long_time(text):
    assert len(substituted(text)[1]) <= 20
