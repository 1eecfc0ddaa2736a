"""Which file is the operation that a build names, and which ones there are."""

from pathlib import Path
from typing import Any

import pytest

from pipelines.build_request import BuildRequest
from pipelines.errors import NoFileServes, TreeUnavailable, Unusable
from pipelines.operations.operation import Operation
from pipelines.resolve.operation_list import ListedOperation, list_operations
from pipelines.resolve.resolve import resolve
from pipelines.tree.tree import Tree as TreeFiles
from tests.conftest import push

HOMES = ("@ismewen/edrone/", "edrone/", "@ismewen/", "")


def custom(action: str = "check", **fields: Any) -> BuildRequest:
    return push(event="custom", action=action, **fields)


@pytest.mark.parametrize("ending", ["yaml", "yml"])
def test_the_nearest_folder_wins(tree, ending):
    for nearest in range(len(HOMES)):
        root = tree({f"{home}_operations/check.{ending}": f"from: {home}\n" for home in HOMES[nearest:]} | {"other.yaml": "x"})
        assert resolve(custom(), TreeFiles(root)).path == f"{HOMES[nearest]}_operations/check.{ending}"
        for home in HOMES:
            (root / f"{home}_operations/check.{ending}").unlink(missing_ok=True)


def test_the_branch_does_not_matter(tree):
    root = tree(
        {"edrone/_operations/check.yaml": "a\n", "edrone/master.yaml": "b\n", "edrone/develop/_operations/check.yaml": "c\n"}
    )
    for request in (custom(), custom(branch="develop"), custom(ref="refs/tags/v1", target="refs/tags/v1"), custom(branch="../x")):
        assert resolve(request, TreeFiles(root)).yaml == "a\n"


@pytest.mark.parametrize("event", ["push", "pull_request", "tag", "cron", "promote", "rollback", ""])
def test_other_events_with_an_action_are_ordinary_builds(tree, event):
    root = tree({"edrone/_operations/check.yaml": "operation\n", "edrone/default.yaml": "ordinary\n"})
    assert resolve(push(event=event, action="check"), TreeFiles(root)).yaml == "ordinary\n"
    assert resolve(push(event=event, params={"action": "check"}), TreeFiles(root)).yaml == "ordinary\n"


def test_custom_without_an_action_is_an_ordinary_build_of_the_branch(tree):
    root = tree({"edrone/_operations/check.yaml": "operation\n", "edrone/master.yaml": "ordinary\n"})
    assert resolve(custom(""), TreeFiles(root)).yaml == "ordinary\n"


def test_a_name_that_is_none_never_falls_back_and_lists_those_there_are(tree):
    root = tree({
        "edrone/master.yaml": "x\n", "default.yaml": "x\n", "edrone/_operations/check.yaml": "x\n", "_operations/smoke-test.yml": "x\n",
        "@ismewen/_operations/check.yaml": "x\n", "edrone/_operations/Bad.yaml": "x\n", "edrone/_operations/notes.md": "x\n", "edrone/_operations/sub/y.yaml": "x\n",
    })  # fmt: skip
    with pytest.raises(NoFileServes) as caught:
        resolve(custom("chek"), TreeFiles(root))
    assert str(caught.value) == (
        "there is no operation 'chek' for ismewen/edrone; there are check, smoke-test. Did you mean check? Looked for in projects/: "
        "@ismewen/edrone/_operations/chek.yaml, edrone/_operations/chek.yaml, @ismewen/_operations/chek.yaml, _operations/chek.yaml (each also as .yml)."
    )


@pytest.mark.parametrize(
    "action", ["../master", "a/b", "Check", "-a", "check.yaml", "a b", "_x", "\0", "ünï", "x" * 101, ".", "check\n"]
)
def test_what_cannot_be_a_name_is_not_looked_for(tree, action):
    root = tree({"edrone/_operations/check.yaml": "x\n", "edrone/default.yaml": "x\n", "edrone/master.yaml": "x\n"})
    with pytest.raises(NoFileServes, match="there are check.*lower-case letters, digits and -"):
        resolve(custom(action), TreeFiles(root))


def test_a_repository_without_operations_says_so(tree):
    with pytest.raises(NoFileServes, match=r"there is no operation 'check' for ismewen/edrone; there are none\."):
        resolve(custom(), TreeFiles(tree({"default.yaml": "kind: repository\n"})))


def test_only_named_namespaces_use_plain_folders(tree):
    root = tree({"edrone/_operations/deploy.yaml": "x\n", "_operations/check.yaml": "x\n"})
    fork = custom("deploy", slug="fork/edrone")
    assert resolve(fork, TreeFiles(root)).yaml == "x\n"
    with pytest.raises(NoFileServes, match="there are check.*not in EDRONE_NAMESPACES: edrone/ is not for it"):
        resolve(fork, TreeFiles(root), ["ismewen"])
    assert [each.name for each in list_operations("fork", "edrone", TreeFiles(root), ["ismewen"])] == ["check"]
    assert [each.name for each in list_operations("ismewen", "edrone", TreeFiles(root), ["ismewen"])] == ["check", "deploy"]


def test_a_drone_that_is_too_old_is_told_so(tree):
    root = tree({"edrone/_operations/check.yaml": "x\n", "edrone/master.yaml": "y\n"})
    with pytest.raises(Unusable, match=r"the operation 'check' cannot be selected.*Operations need Drone 2\.19 or later"):
        resolve(custom("", params={"action": "check"}), TreeFiles(root))


def test_both_endings_a_folder_and_a_link_out_are_errors(tree, tmp_path):
    outside = tmp_path / "outside.yaml"
    outside.write_text("secret\n")
    root = tree(
        {
            "edrone/_operations/two.yaml": "x\n",
            "edrone/_operations/two.yml": "x\n",
            "edrone/_operations/folder.yaml/x": "x\n",
            "_operations/two.yaml": "x\n",
        }
    )
    (root / "edrone/_operations/out.yaml").symlink_to(outside)
    for name, words in (("two", "only one may be"), ("folder", "is a folder"), ("out", "leaves the tree")):
        with pytest.raises(Unusable, match=words):
            resolve(custom(name), TreeFiles(root))


def test_the_list_has_all_of_them_the_broken_ones_with_their_error(tree):
    head = "kind: operation\ntitle: Check\nlevel: deploy\n---\nkind: pipeline\n"
    root = tree({
        "edrone/_operations/check.yaml": head, "_operations/check.yaml": "hidden\n", "@ismewen/_operations/bad.yml": "kind: operation\nlevle: run\n---\nx\n",
        "_operations/plain.yml": "kind: pipeline\n", "_operations/empty.yaml": "", "edrone/_operations/lost.yaml": "extends: _shared/none.yaml\n",
    })  # fmt: skip
    assert list_operations("ismewen", "edrone", TreeFiles(root)) == [
        ListedOperation("bad", "@ismewen/_operations/bad.yaml", None, "projects/@ismewen/_operations/bad.yml:2:1: the head of an operation has no key `levle`; did you mean `level`?"),
        ListedOperation("check", "edrone/_operations/check.yaml", Operation("check", "edrone/_operations/check.yaml", "Check", "", "deploy", ())),
        ListedOperation("empty", "_operations/empty.yaml", None, "projects/_operations/empty.yaml: is empty. Delete it, or write a pipeline or `kind: repository` into it."),
        ListedOperation("lost", "edrone/_operations/lost.yaml", None, 'projects/edrone/_operations/lost.yaml:1:1: extends "_shared/none.yaml": no such file.'),
        ListedOperation("plain", "_operations/plain.yml", Operation("plain", "_operations/plain.yml")),
    ]  # fmt: skip


def test_the_list_of_a_strange_name_is_that_of_everybody(tree):
    root = tree({"_operations/check.yaml": "x\n", "edrone/_operations/deploy.yaml": "x\n"})
    for namespace, name in (("..", ".."), ("", ""), ("a", "_operations"), ("a", "@ismewen"), ("a", "b/../edrone")):
        assert [each.name for each in list_operations(namespace, name, TreeFiles(root))] == ["check"]


def test_the_list_follows_links_inside_the_tree_and_no_others(tree, tmp_path):
    root = tree({"other/_operations/check.yaml": "x\n", "edrone/master.yaml": "x\n", "shop/master.yaml": "x\n"})
    (root / "edrone/_operations").symlink_to("../other/_operations")
    assert [each.path for each in list_operations("ismewen", "edrone", TreeFiles(root))] == ["edrone/_operations/check.yaml"]
    (tmp_path / "away").mkdir()
    (root / "shop/_operations").symlink_to(tmp_path / "away")
    with pytest.raises(Unusable, match="leaves the tree"):
        list_operations("ismewen", "shop", TreeFiles(root))


def test_a_list_from_a_file_where_a_folder_should_be_is_an_error(tree):
    with pytest.raises(Unusable, match=r"projects/edrone/_operations: cannot be read: Not a directory"):
        list_operations("ismewen", "edrone", TreeFiles(tree({"edrone/_operations": "x\n"})))


def test_without_a_tree_there_is_no_list(tmp_path: Path):
    with pytest.raises(TreeUnavailable):
        list_operations("ismewen", "edrone", TreeFiles(tmp_path / "none"))


def test_an_edit_counts_from_the_next_request_on(tree):
    root = tree({"edrone/_operations/check.yaml": "kind: operation\ntitle: A\n---\nx\n"})
    assert resolve(custom(), TreeFiles(root)).yaml == "x\n"
    (root / "edrone/_operations/check.yaml").write_text("kind: operation\ntitle: BB\n---\nyy\n")
    found = resolve(custom(), TreeFiles(root))
    assert (found.yaml, found.operation and found.operation.title) == ("yy\n", "BB")
