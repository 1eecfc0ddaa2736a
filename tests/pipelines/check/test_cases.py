"""Small files that went wrong once, each with what Drone's server and its runners make of it, and what the check says."""

from pathlib import Path

import pytest

from pipelines.check.examine import examine
from pipelines.tree.tree import Tree
from tests.pipelines.check.examples import found, one

CASES = Path(__file__).parent / "cases"
SAYS = {
    "anchor-holder": [],
    "block-begins-with-empty-line": [(3, "warning", "no-trigger-event")],
    "conditions-that-never-match": [(4, "warning", "never-matches"), (11, "warning", "never-matches")],  # neither runs
    "duplicate-keys-lose-a-pipeline": [(10, "warning", "duplicate-key")],  # the first pipeline never runs
    "kept-blank-lines-at-the-end": [(3, "warning", "no-trigger-event")],
    "kubernetes-step-cycle": [(9, "error", "unknown-step")],  # the runner refuses it
    "legacy-with-a-blank-behind-pipeline": [(1, "warning", "legacy-format")],  # converted
    "legacy-with-two-steps-of-one-name": [(1, "warning", "legacy-format")],  # runs both steps
    "macstadium-settings": [],  # its runner reads them
    "no-steps-accepted": [(1, "warning", "no-steps")],  # clones, and passes
    "null-volume-crashes-the-runner": [(10, "error", "refused-volume")],
    "old-format": [(1, "warning", "legacy-format")],  # converted
    "substitution-the-runner-refuses": [(9, "error", "substitution")],  # missing closing brace
    "unnamed-exec-pipeline": [(1, "error", "unnamed-stage")],  # resource not found
}


def test_every_case_has_a_verdict():
    assert sorted(SAYS) == sorted(file.stem for file in CASES.glob("*.yaml"))


@pytest.mark.parametrize("case", SAYS)
def test_the_check_says_of_a_case_what_drone_makes_of_it(tree, case):
    findings = examine(Tree(tree(one((CASES / f"{case}.yaml").read_bytes()))))
    assert [(finding.line, finding.severity, finding.id) for finding in findings] == SAYS[case]


@pytest.mark.parametrize("case", ["anchor-holder", "block-begins-with-empty-line", "macstadium-settings", "old-format"])
def test_it_says_the_same_where_another_file_extends_the_case(tree, case):
    text = (CASES / f"{case}.yaml").read_bytes()
    ids = {id_ for _, _, id_ in found(tree({**one("extends: _shared/case.yaml\n"), "_shared/case.yaml": text}))}
    assert ids == {id_ for _, _, id_ in SAYS[case]}
