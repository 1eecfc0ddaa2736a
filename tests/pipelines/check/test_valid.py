"""What Drone accepts is never called an error, nor warned of."""

from pathlib import Path

import pytest

from pipelines.check.examine import examine
from pipelines.tree.tree import Tree
from tests.server import ROOT

VALID = sorted((Path(__file__).parent / "valid").glob("*.yaml"))


@pytest.mark.parametrize("file", VALID, ids=lambda file: file.stem)
def test_a_valid_pipeline_has_no_finding(tree, file):
    found = examine(Tree(tree({"shop/default.yaml": file.read_bytes()})))
    assert [finding for finding in found if finding.id != "needs-trust"] == []


@pytest.mark.parametrize("file", VALID, ids=lambda file: file.stem)
def test_it_has_none_either_when_it_is_composed(tree, file):
    found = examine(Tree(tree({"shop/default.yaml": "extends: _shared/all.yaml\n", "_shared/all.yaml": file.read_bytes()})))
    assert [finding for finding in found if finding.severity == "error"] == []


def test_there_are_pipelines_of_every_type():
    text = "".join(file.read_text() for file in VALID)
    assert len(VALID) >= 40
    for kind in ("docker", "kubernetes", "exec", "ssh", "vm", "digitalocean", "macstadium", "aws"):
        assert f"type: {kind}\n" in text
    for kind in ("secret", "signature", "cron", "registry", "template", "repository"):
        assert f"kind: {kind}\n" in text


def test_the_sample_tree_and_what_it_answers_have_no_finding():
    assert examine(Tree(ROOT / "projects")) == []
    assert examine(Tree(ROOT / "tests" / "sample")) == []


def test_edrones_own_pipelines_have_no_finding(tree):
    assert examine(Tree(tree({"default.yaml": (ROOT / ".drone.yml").read_bytes()}))) == []
