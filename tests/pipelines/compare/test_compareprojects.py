"""`manage.py compareprojects`: who gets another pipeline."""

import html
import subprocess

import pytest
from django.core.management import CommandError, call_command

from configs.management.commands.compareprojects import read_slugs
from tests.pipelines.compare.examples import GOOD, OTHER, write


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


def test_what_is_only_written_otherwise_is_folded(repository, capsys):
    (repository / "shop" / "default.yaml").write_text(f"# says why\n{GOOD}")
    call_command("compareprojects", "main")
    assert capsys.readouterr().out == (
        "None of 2 pipelines changes; 1 is written otherwise and means the same.\n"
        "\n1 is written otherwise and means the same: shop (*) (--text shows how)\n"
    )
    call_command("compareprojects", "main", "--text")
    out = capsys.readouterr().out
    assert out.startswith("1 of 2 pipelines change: shop (*)\n")
    assert "+# says why\n" in out
    call_command("compareprojects", "main", "--format", "markdown")
    assert "<details><summary>1 is written otherwise and means the same</summary>\n\nshop (&#42;)" in capsys.readouterr().out


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
    call_command("compareprojects", str(repository), "main")  # the other way round it is fixed


def test_names_are_read_from_a_file(repository, tmp_path, capsys):
    file = tmp_path / "repos"
    file.write_text("# all\n\na/x # one\ng/sub/y\n")
    call_command("compareprojects", "main", "--repos", str(file))
    assert "of 4 pipelines" in capsys.readouterr().out
    file.write_bytes("\ufeffa/x\r\ng/sub/修复\r\n".encode())
    assert read_slugs(str(file)) == ["a/x", "g/sub/修复"]
    file.write_text("x\n")
    with pytest.raises(CommandError, match=r"repos:1: 'x' is not a repository"):
        call_command("compareprojects", "main", "--repos", str(file))


def test_the_change_that_brings_the_tree_is_compared_with_an_empty_one(repository, capsys):
    git = ["git", "-C", str(repository.parent), "-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run([*git, "checkout", "--quiet", "--orphan", "bare"], check=True)
    subprocess.run([*git, "reset", "--quiet"], check=True)
    subprocess.run([*git, "commit", "--quiet", "--allow-empty", "--message=bare"], check=True)
    for options in ([], ["--format=markdown"]):
        call_command("compareprojects", "bare", "main", *options)
        out = capsys.readouterr().out
        assert "2 of 2 pipelines change: shop (*), * (*); 2 fixed" in html.unescape(out)
        assert "bare has no folder projects. It is compared with an empty tree." in out
    with pytest.raises(CommandError, match="bare has no folder projects"):
        call_command("compareprojects", "main", "bare")
    with pytest.raises(CommandError, match="bare has no folder projects"):
        call_command("compareprojects", "bare", "bare")


def test_the_files_of_submodules_are_compared_too(repository, tmp_path, capsys):
    team = tmp_path / "team"
    write(team, {"default.yaml": GOOD})
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-c", "protocol.file.allow=always", "-C"]
    for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message=one"]):
        subprocess.run([*git, str(team), *command], check=True)
    subprocess.run([*git, str(repository), "submodule", "--quiet", "add", str(team), "team"], check=True)
    subprocess.run([*git, str(repository), "commit", "--quiet", "--all", "--message=two"], check=True)
    call_command("compareprojects", "HEAD")
    assert capsys.readouterr().out == "None of 3 pipelines changes.\n"
    (repository / "team" / "default.yaml").write_text(OTHER)
    call_command("compareprojects", "HEAD")
    assert capsys.readouterr().out.startswith("1 of 3 pipelines change: team (*)\n")
    subprocess.run([*git, str(repository / "team"), "commit", "--quiet", "--all", "--message=two"], check=True)
    subprocess.run([*git, str(repository), "commit", "--quiet", "--all", "--message=three"], check=True)
    subprocess.run(["rm", "-r", str(repository / "team"), str(repository.parent / ".git" / "modules")], check=True)
    subprocess.run([*git, str(tmp_path), "clone", "--quiet", str(team), str(repository / "team")], check=True)
    with pytest.raises(
        CommandError, match=r"HEAD cannot be read: its submodule team is at [0-9a-f]{40}, which is not here; fetch it"
    ):
        call_command("compareprojects", "HEAD")


def test_that_a_clone_is_too_shallow_is_said(repository, tmp_path, settings):
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(repository.parent)]
    subprocess.run([*git, "commit", "--quiet", "--all", "--message=two"], check=True)
    subprocess.run(["git", "clone", "--quiet", "--depth=1", repository.parent.as_uri(), str(tmp_path / "shallow")], check=True)
    settings.EDRONE_PROJECTS = tmp_path / "shallow" / "projects"
    with pytest.raises(CommandError, match="HEAD~1 is neither .* of which only the newest commits were cloned; fetch more"):
        call_command("compareprojects", "HEAD~1")
