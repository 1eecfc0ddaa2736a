"""Operations compared."""

import pytest

from pipelines.compare.comparing import BREAKS, CHANGES
from pipelines.compare.report import markdown, summary
from pipelines.compare.report import text as as_text
from tests.pipelines.compare.examples import GOOD, OTHER, changed


def operation(title, text=GOOD, level="run", more=""):
    return f"kind: operation\ntitle: {title}\nlevel: {level}\n{more}---\n{text}"


def test_operations_are_compared_with_their_heads(compared):
    base = {
        "shop/default.yaml": GOOD,
        "_operations/check.yaml": operation("A", GOOD),
        "shop/_operations/check.yaml": operation("A", GOOD),
    }
    (group,) = compared(base, {**base, "_operations/check.yaml": operation("B", GOOD)}).groups
    assert [str(case) for case in group.cases] == ["* operation check"]
    assert "-title: A\n+title: B\n" in group.change.diff
    found = compared(base, {**base, "_operations/check.yaml": operation("A", OTHER)})
    assert changed(found) == {(CHANGES, "* operation check")}
    assert "-  image: y\n+  image: z\n" in found.groups[0].change.diff


def test_a_comment_in_a_head_or_another_way_to_write_it_changes_nothing(compared):
    files = {"_operations/check.yaml": operation("A", more="inputs:\n  X: {default: '1'}\n")}
    same = {"_operations/check.yaml": operation("'A'", more="# new\ninputs: {X: {type: string, default: 1}}\n")}
    assert compared(files, same).groups == []


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        ("inputs: {A: }\n", "inputs: {B: }\n", "-  A:\n+  B:\n"),
        ("inputs: {A: }\n", "inputs: {A: {required: true}}\n", "+    required: true\n"),
        ("inputs: {A: }\n", "inputs: {A: {default: ''}}\n", "+    default: ''\n"),
        ("inputs: {A: {type: choice, options: [x]}}\n", "inputs: {A: {type: choice, options: [x, z]}}\n", "+    - z\n"),
        ("", "description: says\n", "+description: says\n"),
        ("inputs: {A: }\n", "inputs: {A: }\ntarget: A\n", "+target: A\n"),
    ],
)
def test_what_may_be_told_to_an_operation_is_part_of_it(compared, before, after, shown):
    (group,) = compared(
        {"_operations/c.yaml": operation("A", more=before)}, {"_operations/c.yaml": operation("A", more=after)}
    ).groups
    assert shown in group.change.diff


def test_that_more_people_may_start_an_operation_is_said_first(compared):
    low, high = ({"_operations/c.yaml": operation("A", level=level)} for level in ("run", "deploy"))
    found = compared(high, low)
    assert summary(found) == "1 of 2 pipelines change: * (operation c); 1 that more people may start"
    assert found.groups[0].change.remark == "the level is run and was deploy: more people may start it"
    assert "-level: deploy\n+level: run\n" in found.groups[0].change.diff
    assert "more people may start it" in "\n".join(markdown(found))
    assert "may start" not in summary(compared(low, high))
    assert "fewer people may start it" in "\n".join(as_text(compared(low, high)))
    headless = {"_operations/c.yaml": GOOD}  # which needs no more than run
    assert compared(high, headless).groups[0].change.opens


def test_an_operation_whose_head_is_a_mistake_newly_breaks(compared):
    found = compared({"_operations/c.yaml": operation("A")}, {"_operations/c.yaml": operation("A", level="all")})
    assert changed(found) == {(BREAKS, "* operation c")}


def test_an_operation_comes_and_goes_without_anything_being_mended_or_broken_by_it(compared):
    good, bad = {"_operations/c.yaml": operation("A")}, {"_operations/c.yaml": operation("A", level="all")}
    assert changed(compared({}, good)) == changed(compared(good, {})) == {(CHANGES, "* operation c")}
    assert compared({}, good).groups[0].change.diff.startswith("--- /dev/null\n+++ projects/_operations/c.yaml\n")
    assert changed(compared({}, bad)) == {(BREAKS, "* operation c")}
