"""What checkprojects says of operations."""

import pytest

from pipelines.check.examine import examine
from pipelines.tree.tree import Tree
from tests.pipelines.check.examples import ANYTIME, GOOD, OPERATION, found


@pytest.mark.parametrize("head", ["", "kind: operation\n---\n"])
def test_an_operation_that_leaves_it_to_the_repository_is_found(tree, head):
    assert (OPERATION, 1, "repository-and-more") in found(tree({OPERATION: f"{head}kind: repository\n"}))


@pytest.mark.parametrize(
    "path",
    ["_operations/check.yaml", "shop/_operations/check-2.yml", "@ns/_operations/check.yaml", "@ns/shop/_operations/check.yaml", "@g/sub/shop/_operations/check.yaml"],
)  # fmt: skip
def test_an_operation_is_a_pipeline_with_its_head_taken_off(tree, path):
    head = "kind: operation\ntitle: Check\n---\n"
    assert found(tree({path: head + GOOD.replace("trigger:\n  event: [push]\n", "trigger: {event: custom}\n")})) == []
    anytime = GOOD.replace("trigger:\n  event: [push]\n", "")
    assert found(tree({path: head + anytime})) == []  # only custom builds run it
    ((_, line, id_),) = found(tree({path: f"{head}{anytime}platform: {{os: plan9}}\n"}))
    assert (line, id_) == (9, "unsupported-os")


def test_all_mistakes_of_a_head_are_found_at_their_places_and_those_of_the_pipeline_too(tree):
    head = (
        "kind: operation\ntitel: x\nlevel: admin\ninputs:\n  PATH: {}\n  A: {tipe: x, required: maybe}\n  B: {type: choice}\n"
        "  C: {type: number, default: ten}\n--- dropped\n"
    )
    assert found(tree({"_operations/check.yaml": f"{head}{ANYTIME}platform: {{os: plan9}}\n"})) == [
        *(("_operations/check.yaml", line, "operation-head") for line in (2, 3, 5, 6, 6, 7, 8)),
        ("_operations/check.yaml", 9, "separator-text"),
        ("_operations/check.yaml", 15, "unsupported-os"),
    ]


def test_an_operation_that_extends_another_gets_its_pipeline_without_the_head(tree):
    files = {
        "_operations/check.yaml": f"kind: operation\ntitle: All\n---\n{ANYTIME}",
        "shop/_operations/check.yaml": "kind: operation\ntitle: Ours\n---\nextends: _operations/check.yaml\nname: ours\n",
    }
    assert found(tree(files)) == []
    broken = {**files, "_operations/check.yaml": f"kind: operation\nlevel: all\n---\n{ANYTIME}"}
    assert found(tree(broken)) == [("_operations/check.yaml", 2, "operation-head")]


@pytest.mark.parametrize("event", ["[push]", "push", "{include: [push, tag]}"])
def test_a_pipeline_of_an_operation_that_waits_for_other_events_never_runs(tree, event):
    def operation(event):
        return {"_operations/check.yaml": f"{ANYTIME}trigger:\n  event: {event}\n"}

    assert found(tree(operation(event))) == [("_operations/check.yaml", 7, "operation-never-runs")]
    assert found(tree(operation(event.replace("push", "custom")))) == []


@pytest.mark.parametrize(
    ("conditions", "ids"),
    [
        ("{event: [push]}", ["operation-never-runs"]),
        ("{event: {exclude: [custom]}}", ["operation-never-runs"]),
        ("{target: [production]}", ["operation-never-runs"]),
        ("{cron: nightly}", ["operation-never-runs"]),
        ("{event: [promote, custom], target: [production]}", ["operation-never-runs"]),
        ("{event: [custom], target: [production]}", ["never-matches"]),
        ("{event: [custom, push], branch: [main]}", []),
        ("{ref: [refs/tags/v1]}", []),
        ("{branch: [main], action: [check]}", []),
        ("{status: [failure]}", []),
    ],
)
def test_conditions_of_an_operation_must_let_custom_builds_in(tree, conditions, ids):
    for text in (f"{ANYTIME}trigger: {conditions}\n", f"{ANYTIME}  when: {conditions}\n"):
        assert found(tree({"_operations/check.yaml": text})) == [("_operations/check.yaml", 6, id_) for id_ in ids]


def test_a_step_that_an_operation_extends_may_be_there_for_other_builds(tree):
    step = "name: z\nimage: y\nwhen: {event: [push]}\n"
    files = {"_operations/check.yaml": f"{ANYTIME}- extends: _shared/s.yaml\n", "_shared/s.yaml": step}
    assert found(tree(files)) == []


def test_an_operation_that_nobody_can_start_is_found_where_namespaces_are_named(tree):
    root = tree(
        {"@ns/shop/_operations/check.yaml": ANYTIME, "shop/_operations/check.yaml": ANYTIME, "_operations/check.yaml": ANYTIME}
    )
    assert found(root) == []  # shops of other namespaces have it
    dead = [(finding.path, finding.id) for finding in examine(Tree(root), {"ns"}) if finding.severity == "error"]
    assert dead == [("shop/_operations/check.yaml", "unreachable")]
    assert [finding for finding in examine(Tree(root), {"ns", "other"}) if finding.severity == "error"] == []


def test_a_name_that_no_operation_can_have_is_said_to_be_one(tree):
    (finding,) = [one for one in examine(Tree(tree({"_operations/Check_it.yaml": ANYTIME}))) if one.id == "reserved-name"]
    assert 'no operation can be called "Check_it"' in finding.message


@pytest.mark.parametrize("path", ["shop/default.yaml", "_operations/check.yaml"])
def test_a_head_further_down_is_found_where_it_stands(tree, path):
    text = ANYTIME if path.startswith("_") else GOOD
    lines = text.count("\n")
    assert found(tree({path: f"{text}---\ntitle: x\nkind: operation\n"})) == [(path, lines + 3, "operation-elsewhere")]


@pytest.mark.parametrize(
    "path", ["_operations/Check.yaml", "_operations/a/check.yaml", "shop/branch/_operations/check.yaml", "_operations/check.json", "_x/_operations/a.yaml"]
)  # fmt: skip
def test_an_operation_elsewhere_is_a_reserved_name_misused(tree, path):
    assert (path, 1, "reserved-name") in found(tree({path: GOOD}))
