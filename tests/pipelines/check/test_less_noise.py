"""What is true of most files is told once a tree, what is not wanted can be switched off, and suggestions are near."""

import shutil

import pytest

from pipelines.check.examine import examine
from pipelines.compare.comparing import compare
from pipelines.tree.tree import Tree
from tests.pipelines.check.examples import ANYTIME, EXTENDING, FIRST, GOOD, found, one

PROMOTED = FIRST.replace("event: [push]", "event: [promote]\n  target: [production]")
TYPO = f"{GOOD}typo: 1\n"
OFF = "_checks.yaml"


def test_that_pipelines_have_no_event_is_told_once_a_tree_with_their_number(tree):
    root = tree({f"shop{number}/default.yaml": f"{ANYTIME}---\n{ANYTIME.replace('name: a', 'name: b')}" for number in range(3)})
    (finding,) = examine(Tree(root))
    assert (finding.path, finding.line, finding.id) == ("shop0/default.yaml", 2, "no-trigger-event")
    assert finding.message.endswith(" (and 5 more in 3 files)")
    (within,) = examine(Tree(root), within=["shop2"])
    assert within.path == "shop2/default.yaml"
    assert within.message.endswith(" (and 1 more in this file)")


@pytest.mark.parametrize("other", [PROMOTED, FIRST.replace("push", "custom"), FIRST.replace("event: [push]", "target: x")])
def test_it_is_told_by_file_where_another_pipeline_is_started_by_people(tree, other):
    root = tree({f"shop{number}/default.yaml": f"{ANYTIME}---\n{other}" for number in range(3)})
    assert found(root) == [(f"shop{number}/default.yaml", 2, "no-trigger-event") for number in range(3)]


def test_events_that_drone_passes_over_name_none(tree):
    files = {"shop/default.yaml": f"{ANYTIME}---\n{FIRST.replace('[push]', '{include: push}')}"}
    finding = next(finding for finding in examine(Tree(tree(files))) if finding.id == "no-trigger-event")
    assert finding.message.endswith(" (and 1 more in this file)")


def test_a_pattern_that_leaves_out_events_names_none(tree):
    files = {f"shop{number}/default.yaml": f"{ANYTIME}---\n{FIRST.replace('[push]', '{exclude: [tag]}')}" for number in range(3)}
    assert len(found(tree(files))) == 1


def test_what_needs_a_trusted_repository_is_told_once_a_tree(tree):
    root = tree({f"shop{number}/default.yaml": f"{GOOD}  privileged: true\n  dns: [1.1.1.1]\n" for number in range(3)})
    (finding,) = examine(Tree(root))
    assert (finding.line, finding.id) == (8, "needs-trust")
    assert finding.message.endswith(" (and 5 more in 3 files)")


@pytest.mark.parametrize("end", ["...\n", "...", "...\n# end\n\n", "...\n---\n"])
def test_a_last_line_after_which_nothing_is_dropped_is_fine(tree, end):
    assert found(tree(one(GOOD + end))) == []


@pytest.mark.parametrize(
    ("above", "step", "ids"),
    [
        ("main_only: &main {branch: [main]}\n", "  when: *main\n", []),
        ("main_only: &main {branch: [main]}\n", "", ["unknown-key"]),
        ("tool: &tool golang\n", "- {name: z, image: *tool}\n", []),
        ("defaults: &defaults {A: b}\n", "  environment: {<<: *defaults}\n", []),
        ("node: &node {A: b}\nlabels: *node\n", "", ["unknown-key"]),
    ],
)
def test_a_key_that_holds_an_anchor_for_other_keys_is_no_mistake(tree, above, step, ids):
    assert [id_ for _, _, id_ in found(tree(one(above + GOOD + step)))] == ids


def test_it_is_none_either_where_the_file_is_extended(tree):
    shared = "main_only: &main {branch: [main]}\n" + GOOD + "  when: *main\n"
    assert found(tree({**one("extends: _shared/s.yaml\nname: b\n"), "_shared/s.yaml": shared})) == []


@pytest.mark.parametrize(("key", "near"), [
    ("imge", "image"), ("enviroment", "environment"), ("main_only", ""), ("tags", ""), ("extend", "extends"), ("EXTENDS", "extends"),
])  # fmt: skip
def test_only_a_key_that_is_near_is_suggested(tree, key, near):
    (finding,) = examine(Tree(tree(one(f"{GOOD}  {key}: x\n"))))
    assert finding.message.endswith(f'did you mean "{near}"?' if near else "so it would be ignored.")


def test_an_id_is_switched_off_for_the_tree(tree):
    files = {"shop/default.yaml": TYPO, "cart/default.yaml": ANYTIME + "typo: 1\n"}
    root = tree({**files, OFF: "off:\n- unknown-key  # ours\n- no-trigger-event\n"})
    assert found(root) == []


@pytest.mark.parametrize(
    "text",
    [
        f"{GOOD}typo: 1  # edrone: allow unknown-key\n",
        f"{GOOD}# edrone: allow unknown-key\ntypo: 1\n",
        f"{GOOD}# edrone: allow unknown-key, no-steps\n# because\n\ntypo: 1\n",
    ],
)
def test_a_comment_allows_a_finding_on_its_line_or_the_next(tree, text):
    ids = [id_ for _, _, id_ in found(tree(one(text)))]
    assert ids == (["idle-switch"] if "no-steps" in text else [])


def test_a_comment_in_a_shared_file_allows_what_is_written_there(tree):
    shared = "name: s\nimage: y\nimagee: z  # edrone: allow unknown-key\n"
    assert found(tree({**one(EXTENDING), "_shared/s.yaml": shared})) == []


def test_a_comment_allows_nothing_on_another_line_and_nothing_else(tree):
    text = f"{GOOD}typo: 1\n# edrone: allow unknown-key\n"
    assert [(line, id_) for _, line, id_ in found(tree(one(text)))] == [(8, "unknown-key"), (9, "idle-switch")]
    text = f"{GOOD}typo: 1  # edrone: allow unknown-kee\n"
    (unknown, idle) = examine(Tree(tree(one(text))))
    assert (unknown.id, idle.id) == ("unknown-key", "idle-switch")
    assert 'did you mean "unknown-key"?' in idle.message


@pytest.mark.parametrize(("name", "ids"), [("default", ["missing-kind"]), ("part", [])])
def test_of_what_others_extend_only_a_default_must_be_a_pipeline(tree, name, ids):
    """Builds get it where their branch has no file; one of another name without a kind is a part."""
    files = {
        f"shop/{name}.yaml": GOOD.replace("kind: pipeline\n", ""),
        "cart/default.yaml": f"kind: pipeline\nextends: shop/{name}.yaml\n",
    }
    assert [id_ for path, _, id_ in found(tree(files)) if path.startswith("shop/")] == ids


def test_a_switch_for_the_tree_that_silences_nothing_is_found(tree):
    assert found(tree({**one(GOOD), OFF: "off: [unknown-key]\n"})) == [(OFF, 1, "idle-switch")]


@pytest.mark.parametrize(
    "text", ["- unknown-key\n", "of: [unknown-key]\n", "off: unknown-key\n", "off: [unknown-kee]\n", "off: [\n"]
)
def test_a_mistake_in_the_file_of_switches_is_found_and_switches_nothing_off(tree, text):
    ids = {(path, id_) for path, _, id_ in found(tree({**one(TYPO), OFF: text}))}
    assert ids == {(OFF, "checks-file"), ("shop/default.yaml", "unknown-key")}


def test_an_empty_file_of_switches_is_unusable_like_any_other(tree):
    assert found(tree({**one(GOOD), OFF: ""})) == [(OFF, 1, "unusable")]


@pytest.mark.parametrize("path", ["_checks.yml", "shop/_checks.yaml"])
def test_switches_elsewhere_are_told_where_they_belong(tree, path):
    (finding,) = examine(Tree(tree({**one(GOOD), path: "off: [unknown-key]\n"})))
    assert (finding.path, finding.id) == (path, "reserved-name")
    assert "in the file _checks.yaml at the root" in finding.message


def test_the_file_of_switches_changes_no_build(tree, tmp_path):
    shutil.copytree(tree(one(TYPO)), tmp_path / "before")
    after = tree({OFF: "off: [unknown-key]\n"})
    assert compare(Tree(tmp_path / "before"), Tree(after)).groups == []
