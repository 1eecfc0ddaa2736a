"""`manage.py compareprojects`: who gets another pipeline."""

import html
import shutil
import subprocess
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from configs.compare.comparing import BREAKS, CHANGES, MENDED, compare
from configs.compare.report import LONGEST_COMMENT, markdown, summary
from configs.compare.report import text as as_text
from configs.tree import Tree

GOOD = "kind: pipeline\nname: a\ntrigger:\n  event: [push]\nsteps:\n- name: x\n  image: y\n"
OTHER = GOOD.replace("image: y", "image: z")
EXTENDING = "kind: pipeline\nname: {}\ntrigger:\n  event: [push]\nsteps:\n- extends: _shared/s.yaml\n"
STEP = "name: s\nimage: s:1\n"


def write(root: Path, files: dict[str, str]) -> Tree:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return Tree(root)


@pytest.fixture
def compared(tmp_path):
    """Compare two trees, given as files; returns what changes as kind and name."""

    def run(base, head, namespaces=(), slugs=()):
        for name in ("base", "head"):
            shutil.rmtree(tmp_path / name, ignore_errors=True)
        before, after = (
            write(tmp_path / name, {"default.yaml": GOOD, **files}) for name, files in (("base", base), ("head", head))
        )
        return compare(before, after, namespaces, slugs)

    return run


def changed(found) -> set[tuple[str, str]]:
    return {(group.change.kind, str(case)) for group in found.groups for case in group.cases}


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
    assert changed(found) == {(BREAKS, "shop *"), (MENDED, "web *"), (BREAKS, "pay *")}
    assert "2 newly broken; 1 mended" in summary(found)


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


@pytest.fixture
def repository(tmp_path, settings):
    root = tmp_path / "repo" / "projects"
    write(root, {"shop/default.yaml": GOOD, "default.yaml": GOOD})
    git = ["git", "-C", str(root.parent), "-c", "user.name=a", "-c", "user.email=a@b"]
    for command in (["init", "--quiet", "--initial-branch=main"], ["add", "."], ["commit", "--quiet", "--message=one"]):
        subprocess.run([*git, *command], check=True)
    (root / "shop" / "default.yaml").write_text(OTHER)
    settings.EDRONE_PROJECTS = root
    return root


def test_a_revision_is_compared_with_the_tree_as_it_is_and_nothing_is_disturbed(repository, capsys):
    def state():
        index = (repository.parent / ".git" / "index").read_bytes()
        return index, sorted(str(path) for path in repository.parent.rglob("*") if "objects" not in path.parts)

    before = state()
    call_command("compareprojects", "main")
    out = capsys.readouterr().out
    assert out.startswith("1 of 2 pipelines change: shop (*)\n")
    assert "-  image: y\n+  image: z\n" in out
    assert state() == before
    call_command("compareprojects", "main", "HEAD")
    assert capsys.readouterr().out == "None of 2 pipelines changes.\n"


@pytest.mark.parametrize("name", ["main", "HEAD", ":/one", "HEAD^{/one}", "annotated"])
def test_a_revision_may_be_named_in_every_way_that_git_knows(repository, name, capsys):
    git = ["git", "-C", str(repository.parent), "-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run([*git, "tag", "--annotate", "--message=t", "annotated"], check=True)
    call_command("compareprojects", name)
    assert capsys.readouterr().out.startswith("1 of 2 pipelines change: shop (*)\n")


def test_a_hook_of_git_in_another_worktree_disturbs_nothing(repository, tmp_path, settings, capsys, monkeypatch):
    git = ["git", "-C", str(repository.parent)]
    subprocess.run([*git, "worktree", "add", "--quiet", "--detach", str(tmp_path / "linked")], check=True)
    settings.EDRONE_PROJECTS = tmp_path / "linked" / "projects"
    (settings.EDRONE_PROJECTS / "default.yaml").write_text(OTHER)
    folder = subprocess.run(
        [*git[:2], str(tmp_path / "linked"), "rev-parse", "--absolute-git-dir"], check=True, capture_output=True, text=True
    )
    monkeypatch.setenv("GIT_DIR", folder.stdout.strip())
    monkeypatch.setenv("GIT_INDEX_FILE", f"{folder.stdout.strip()}/index")
    monkeypatch.setenv("GIT_PREFIX", "")
    call_command("compareprojects", "main")
    assert capsys.readouterr().out.startswith("1 of 2 pipelines change: * (*)\n")


@pytest.mark.parametrize("name", ["nowhere", "--help", "-x", "main:projects", "main^{tree}", ":/none", ""])
def test_what_is_neither_folder_nor_revision_is_said(repository, name):
    with pytest.raises(CommandError, match="is neither a folder nor a revision"):
        call_command("compareprojects", "--", name)


def test_it_ends_with_1_only_where_something_newly_breaks(repository, tmp_path):
    (repository / "shop" / "default.yaml").write_text("extends: gone.yaml\n")
    with pytest.raises(SystemExit) as ended:
        call_command("compareprojects", "main")
    assert ended.value.code == 1
    call_command("compareprojects", str(repository), "main")  # the other way round it is mended


def test_names_are_read_from_a_file(repository, tmp_path, capsys):
    file = tmp_path / "repos"
    file.write_text("# all\n\na/x # one\ng/sub/y\n")
    call_command("compareprojects", "main", "--repos", str(file))
    assert "of 4 pipelines" in capsys.readouterr().out
    file.write_text("x\n")
    with pytest.raises(CommandError, match=r"repos:1: 'x' is not a repository"):
        call_command("compareprojects", "main", "--repos", str(file))


def test_a_comment_is_safe_whatever_a_pipeline_holds(compared):
    found = compared(
        {"shop/default.yaml": GOOD},
        {"shop/default.yaml": f"{GOOD}  commands:\n  - echo '````'\n  - </details>\n", "shop/<b>.yaml": OTHER},
    )
    text = "\n".join(markdown(found))
    assert "`````diff\n" in text
    assert "&lt;b&gt;" in text
    assert "<b>" not in text.replace("projects/shop/<b>.yaml", "")


def test_a_diff_does_nothing_to_a_terminal(compared):
    found = compared({"shop/default.yaml": GOOD}, {"shop/default.yaml": f"{GOOD}# \u202eä\t\x7f\u009b\n"})
    assert "\n+# \\u202eä\t\\x7f\\x9b" in "\n".join(as_text(found))


def test_a_comment_is_cut_between_changes(compared):
    def files(word):
        return {
            f"shop{n}/default.yaml": GOOD + "  commands:\n" + "".join(f"  - {word} {n} {m} {'x' * 60}\n" for m in range(100))
            for n in range(20)
        }

    text = "\n".join(markdown(compared(files("a"), files("b"))))
    assert len(text) <= LONGEST_COMMENT + 300
    assert text.endswith("`manage.py compareprojects` prints all.")
    assert text.count("<details") == text.count("</details>")


@pytest.mark.parametrize(("lines", "length"), [(250, 600), (3, 100_000), (1, 500_000)])
def test_a_change_that_is_too_long_for_a_comment_is_shown_cut(compared, lines, length):
    def files(word):
        return {"shop/default.yaml": GOOD + "  commands:\n" + "".join(f"  - {word} {n} {'x' * length}\n" for n in range(lines))}

    comment = "\n".join(markdown(compared(files("a"), files("b"))))
    assert len(comment) <= LONGEST_COMMENT
    assert "\n-  - a 0 xxx" in comment
    assert "lines are shown; `manage.py compareprojects` prints all.\n" in comment
    assert comment.rstrip().endswith("</details>")


def test_the_change_that_brings_the_tree_is_compared_with_an_empty_one(repository, capsys):
    git = ["git", "-C", str(repository.parent), "-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run([*git, "checkout", "--quiet", "--orphan", "bare"], check=True)
    subprocess.run([*git, "reset", "--quiet"], check=True)
    subprocess.run([*git, "commit", "--quiet", "--allow-empty", "--message=bare"], check=True)
    for options in ([], ["--format=markdown"]):
        call_command("compareprojects", "bare", "main", *options)
        out = capsys.readouterr().out
        assert "2 of 2 pipelines change: shop (*), * (*); 2 mended" in html.unescape(out)
        assert "bare has no folder projects. It is compared with an empty tree." in out
    with pytest.raises(CommandError, match="bare has no folder projects"):
        call_command("compareprojects", "main", "bare")
    with pytest.raises(CommandError, match="bare has no folder projects"):
        call_command("compareprojects", "bare", "bare")
