"""Which files are looked at, and which a build can select."""

import os
from difflib import SequenceMatcher

import pytest

from pipelines.check.examine import examine
from pipelines.check.report import FORMATS
from pipelines.compare.comparing import compare
from pipelines.tree.tree import Tree
from tests.pipelines.check.examples import EXTENDING, GOOD, STEP, found, one


def test_a_part_beside_its_project_is_no_pipeline_that_lacks_something(tree):
    assert found(tree({"shop/default.yaml": GOOD + "- extends: ./part.yaml\n", "shop/part.yaml": "name: z\nimage: y\n"})) == []


@pytest.mark.parametrize(
    "name", ["shop/feature x", "shop/a..b", "shop/x.lock", "shop/-x/y", "shop/a~1", "shop/a b/default", "@ns/shop/a^b"]
)
def test_a_branch_that_git_does_not_allow_is_never_built(tree, name):
    assert (f"{name}.yaml", 1, "unreachable") in found(tree({f"{name}.yaml": GOOD}))


@pytest.mark.parametrize(
    "name", ["default", "shop/default", "shop/release/1.2", "shop/release/default", "@ns/default", "@ns/shop/default", "@g/sub/shop/main", "shop/default/x", ".github/default", "shop/修复"]
)  # fmt: skip
def test_every_place_of_the_readme_is_selected(tree, name):
    assert found(tree({f"{name}.yaml": GOOD})) == []


def test_a_plain_folder_behind_a_nearer_default_is_dead_where_namespaces_are_named(tree):
    root = tree({"@ns/shop/default.yaml": GOOD, "shop/main.yaml": GOOD, "shop/default.yaml": GOOD})
    assert found(root) == []  # other namespaces may use it
    dead = [finding for finding in examine(Tree(root), {"ns"}) if finding.id == "unreachable"]
    assert [finding.path for finding in dead] == ["shop/default.yaml", "shop/main.yaml"]
    assert all("projects/@ns/shop/default is nearer" in finding.message for finding in dead)


def test_links_are_followed_within_the_tree_and_refused_outside(tree, tmp_path):
    root = tree(one(GOOD))
    os.symlink("shop", root / "alias")
    os.symlink("..", root / "shop" / "circle")
    os.symlink(tmp_path, root / "out")
    os.symlink("nowhere", root / "shop" / "gone.yaml")
    assert {(path, id_) for path, _, id_ in found(root) if "circle" not in path and not path.startswith("alias")} == {
        ("shop/gone.yaml", "unusable"),
        ("out", "unusable"),
    }


def test_what_is_not_in_the_tree_for_builds_is_left_alone(tree):
    files = {
        ".git/config": "x",
        ".github/workflows/ci.yaml": "on: push",
        ".drone.yml": "kind: x",
        "LICENSE": "x",
        "CODEOWNERS": "x",
    }
    assert found(tree({**one(GOOD), **files})) == []


def test_any_name_can_be_printed(tree, capsys):
    root = tree({"shop/a\nb.yaml": GOOD})
    (root / "shop" / os.fsdecode(b"\xff.yaml")).write_text(GOOD)
    assert {id_ for _, _, id_ in found(root)} == {"unreachable"}
    for write in FORMATS.values():
        "".join(write(examine(Tree(root)), "")).encode()
    assert len(list(FORMATS["text"](examine(Tree(root)), ""))) == 2


def test_a_link_to_itself_is_unusable_and_ends_nothing(tree):
    root = tree(one(GOOD))
    os.symlink("main.yaml", root / "shop" / "main.yaml")
    os.symlink("circle", root / "circle")
    assert found(root) == [("circle", 1, "stray-file"), ("shop/main.yaml", 1, "unusable")]
    assert compare(Tree(root), Tree(root)).groups == []


def test_what_may_have_been_meant_is_looked_for_once_where_many_files_extend_what_is_gone(tree, monkeypatch):
    asked = list[str]()

    def noted(b: str) -> SequenceMatcher[str]:
        asked.append(b)
        return SequenceMatcher(b=b)

    monkeypatch.setattr("texts.suggestions.SequenceMatcher", noted)
    files = {f"shop{number}/default.yaml": EXTENDING.replace("s.yaml", "gone.yaml") for number in range(20)}
    findings = examine(Tree(tree({**files, "_shared/gone1.yaml": STEP})))
    assert sum('did you mean "_shared/gone1.yaml"' in finding.message for finding in findings) == 20
    assert len(asked) == 1
