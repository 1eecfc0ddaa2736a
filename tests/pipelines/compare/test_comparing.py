"""Which builds get another pipeline."""

import pytest

from pipelines.compare.comparing import BREAKS, CHANGES, FIXED
from pipelines.compare.report import summary
from tests.pipelines.compare.examples import EXTENDING, GOOD, OTHER, STEP, changed


def test_the_same_tree_changes_nothing(compared):
    files = {"shop/default.yaml": EXTENDING.format("shop"), "_shared/s.yaml": STEP}
    found = compared(files, files)
    assert found.groups == []
    assert summary(found) == "None of 2 pipelines changes."


def test_a_shared_step_changes_all_who_extend_it_as_one_group(compared):
    files = {f"{name}/default.yaml": EXTENDING.format(name) for name in ("shop", "web", "pay")} | {"pay/main.yaml": GOOD}
    found = compared({**files, "_shared/s.yaml": STEP}, {**files, "_shared/s.yaml": STEP.replace("1", "2")})
    (group,) = found.groups
    assert sorted(map(str, group.cases)) == ["pay *", "shop *", "web *"]
    assert "-  image: s:1\n+  image: s:2\n" in group.change.diff
    assert summary(found) == "3 of 5 pipelines change: pay (*), shop (*), web (*)"


def test_a_new_nearer_file_changes_its_branch_only(compared):
    found = compared({"shop/default.yaml": GOOD}, {"shop/default.yaml": GOOD, "shop/release/1.yaml": OTHER})
    assert changed(found) == {(CHANGES, "shop release/1")}
    found = compared({"shop/default.yaml": GOOD}, {"shop/default.yaml": GOOD, "shop/release/default.yaml": OTHER})
    assert changed(found) == {(CHANGES, "shop release/*")}


def test_a_comment_that_drone_never_gets_changes_nothing(compared):
    files = {"shop/default.yaml": EXTENDING.format("shop")}
    assert compared({**files, "_shared/s.yaml": STEP}, {**files, "_shared/s.yaml": f"# new\n{STEP}"}).groups == []


def test_a_deleted_folder_falls_back_to_the_default(compared, tmp_path):
    found = compared({"shop/default.yaml": OTHER}, {})
    assert changed(found) == {(CHANGES, "shop *")}
    assert found.groups[0].change.diff.startswith("--- projects/shop/default.yaml\n+++ projects/default.yaml\n")


def test_what_breaks_and_what_is_mended_is_told_apart(compared):
    base = {
        "shop/default.yaml": EXTENDING.format("shop"),
        "_shared/s.yaml": STEP,
        "web/default.yaml": "name: [\n",
        "pay/default.yaml": GOOD,
    }
    head = {
        **base,
        "shop/default.yaml": EXTENDING.format("shop").replace("s.yaml", "t.yaml"),
        "web/default.yaml": GOOD,
        "pay/default.yaml": f"{GOOD}---\n",
    }
    found = compared(base, head)
    assert changed(found) == {(BREAKS, "shop *"), (FIXED, "web *"), (BREAKS, "pay *")}
    assert "2 newly broken; 1 fixed" in summary(found)


@pytest.mark.parametrize(("own", "shared"), [("'${X'", "a"), ("a", "'${X'"), ("a", '"\\/"')])
def test_what_the_runner_cannot_substitute_or_drone_not_read_breaks_also_where_it_is_shared(compared, own, shared):
    files = {
        "web/default.yaml": f"{GOOD}  user: a\n",
        "shop/default.yaml": EXTENDING.format("shop"),
        "_shared/s.yaml": f"{STEP}user: a\n",
    }
    head = {**files, "web/default.yaml": f"{GOOD}  user: {own}\n", "_shared/s.yaml": f"{STEP}user: {shared}\n"}
    broken = {(BREAKS, "web *")} if own != "a" else {(BREAKS, "shop *")}
    assert changed(compared(files, head)) == broken


def test_an_escape_that_only_drone_knows_breaks_nothing_and_one_that_it_does_not_know_does(compared):
    files = {name: f"{GOOD}  shell: {value}\n" for name, value in (("a/default.yaml", '"\\\'"'), ("b/default.yaml", '"\\/"'))}
    base = {"a/default.yaml": GOOD, "b/default.yaml": GOOD}
    assert changed(compared(base, files)) == {(CHANGES, "a *"), (BREAKS, "b *")}


def test_namespaces_choose_which_folder_counts(compared):
    base = {"@a/shop/default.yaml": GOOD, "shop/default.yaml": GOOD}
    found = compared(base, {**base, "shop/default.yaml": OTHER}, slugs=["b/shop"])
    assert changed(found) == {(CHANGES, "b/shop *")}
    assert (
        compared(base, {**base, "shop/default.yaml": OTHER}, namespaces={"c"}, slugs=["b/shop"]).of(CHANGES)[0].repository
        == "shop"
    )


def test_repositories_without_a_file_live_on_defaults(compared):
    head = {"default.yaml": OTHER, "@a/default.yaml": GOOD}
    assert changed(compared({"@a/default.yaml": GOOD}, head, slugs=["a/x", "b/y"])) == {(CHANGES, "b/y *"), (CHANGES, "* *")}


TWINS = {"@partner/shop/default.yaml": GOOD, "shop/default.yaml": GOOD, "shop/main.yaml": GOOD}


def test_a_plain_folder_counts_beside_a_folder_of_a_namespace(compared):
    assert changed(compared(TWINS, {**TWINS, "shop/default.yaml": OTHER})) == {(CHANGES, "shop *")}
    assert changed(compared(TWINS, {**TWINS, "shop/main.yaml": "steps: [\n"})) == {(BREAKS, "shop main")}
    files = {**TWINS, "shop/_operations/c.yaml": GOOD}
    found = compared(files, {**files, "shop/_operations/c.yaml": OTHER})
    assert (CHANGES, "shop operation c") in changed(found)


@pytest.mark.parametrize(
    ("namespaces", "slugs", "name"),
    [
        ((), ["foo/shop"], "foo/shop *"),  # which stands for all others too
        ((), ["partner/shop"], "shop *"),
        ({"partner", "foo"}, [], "shop *"),
        ({"partner", "foo"}, ["foo/shop"], "foo/shop *"),
    ],
)
def test_a_plain_folder_is_told_of_once_whoever_is_known_to_use_it(compared, namespaces, slugs, name):
    assert changed(compared(TWINS, {**TWINS, "shop/default.yaml": OTHER}, namespaces, slugs)) == {(CHANGES, name)}


def test_a_plain_folder_that_is_left_for_no_namespace_changes_nothing(compared):
    assert compared(TWINS, {**TWINS, "shop/default.yaml": OTHER}, {"partner"}).groups == []


def test_a_twin_with_the_other_ending_breaks_what_has_not_changed_itself(compared):
    files = {"shop/default.yaml": GOOD}
    assert changed(compared(files, {**files, "shop/default.yml": GOOD})) == {(BREAKS, "shop *")}


def test_what_is_extended_through_others_is_seen(compared):
    files = {"shop/default.yaml": EXTENDING.format("shop"), "_shared/s.yaml": "extends: ./t.yaml\n", "_shared/t.yaml": STEP}
    assert compared(files, files).groups == []
    assert changed(compared(files, {**files, "_shared/t.yaml": STEP.replace("1", "2")})) == {(CHANGES, "shop *")}
    gone = {path: text for path, text in files.items() if path != "_shared/t.yaml"}
    assert changed(compared(files, gone)) == {(BREAKS, "shop *")}


@pytest.mark.parametrize(
    "shared",
    ["name: [\n", "name: s\ncommands: [x]\n", "name: s\n---\nname: t\n", "extends: _shared/gone.yaml\n", None],
)  # fmt: skip
def test_a_broken_shared_file_is_one_group_without_a_diff_of_what_is_gone(compared, shared):
    files = {f"{name}/default.yaml": EXTENDING.format("x") for name in ("shop", "web", "pay")}
    found = compared({**files, "_shared/s.yaml": STEP}, files if shared is None else {**files, "_shared/s.yaml": shared})
    (group,) = found.groups
    assert (group.change.kind, len(group.cases)) == (BREAKS, 3)
    assert group.change.error
    assert "-kind: pipeline" not in group.change.diff


def test_mistakes_in_two_shared_files_are_two_groups(compared):
    files = {"shop/default.yaml": EXTENDING.format("x"), "web/default.yaml": EXTENDING.format("x").replace("s.yaml", "t.yaml")}
    base = {**files, "_shared/s.yaml": STEP, "_shared/t.yaml": STEP}
    assert len(compared(base, {**files, "_shared/s.yaml": "name: [\n", "_shared/t.yaml": "name: [\n"}).groups) == 2


DEEP = {f"@group/sub/shop/{name}.yaml": GOOD for name in ("default", "main", "release/default", "_operations/check")}


@pytest.mark.parametrize("slugs", [(), ["group/sub/shop"]])
@pytest.mark.parametrize(
    ("path", "case"),
    [
        ("default", "*"),
        ("main", "main"),
        ("release/default", "release/*"),
        ("_operations/check", "operation check"),
    ],
)
def test_repositories_of_namespaces_with_slashes_are_found_with_their_branches_and_operations(compared, path, case, slugs):
    head = {**DEEP, f"@group/sub/shop/{path}.yaml": OTHER}
    assert changed(compared(DEEP, head, slugs=slugs)) == {(CHANGES, f"group/sub/shop {case}")}


def test_a_namespace_with_slashes_has_a_default_and_operations_of_its_own(compared):
    base = {**DEEP, "@group/sub/default.yaml": GOOD, "@group/sub/_operations/deploy.yaml": GOOD}
    assert changed(compared(base, {**base, "@group/sub/default.yaml": OTHER})) == {(CHANGES, "group/sub/* *")}
    found = changed(compared(base, {**base, "@group/sub/_operations/deploy.yaml": OTHER}))
    assert found == {(CHANGES, "group/sub/* operation deploy"), (CHANGES, "group/sub/shop operation deploy")}


def test_a_folder_of_branches_is_no_repository(compared):
    files = {"@a/shop/default.yaml": GOOD, "@a/shop/release/default.yaml": GOOD, "@a/shop/x/y/z.yaml": GOOD}
    assert changed(compared(files, dict.fromkeys(files, OTHER))) == {
        (CHANGES, f"a/shop {branch}") for branch in ("*", "release/*", "x/y/z")
    }
    files = {"shop/main.yaml": GOOD, "@a/shop/release/default.yaml": GOOD, "@b/web/release/1.yaml": GOOD}
    head = {**dict.fromkeys(files, OTHER), "shop/main.yaml": GOOD}
    assert changed(compared(files, head)) == {(CHANGES, "a/shop release/*"), (CHANGES, "b/web release/1")}
