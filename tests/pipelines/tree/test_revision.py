"""Which state of the tree is served, and since when."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from pipelines.tree.revision import Revision, name_of, revision_of


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=T", "-c", "user.email=t@example.com", "-c", "init.defaultBranch=main"]
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    line = ["git", *identity, *arguments]
    return subprocess.run(line, cwd=folder, env=environment, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def work_tree(tmp_path: Path) -> Path:
    """A git work tree with the tree in the folder projects."""
    if not shutil.which("git"):
        pytest.fail("git is missing: these tests compare with what git itself says")
    repository = tmp_path / "repository"
    (repository / "projects/shop").mkdir(parents=True)
    (repository / "projects/default.yaml").write_text("kind: pipeline\n")
    git(repository, "init")
    git(repository, "add", ".")
    git(repository, "commit", "-m", "first")
    return repository


def test_it_is_the_commit_that_is_checked_out_around_the_tree(work_tree: Path):
    assert revision_of(work_tree / "projects").name == git(work_tree, "rev-parse", "HEAD")


def test_it_follows_a_commit_a_branch_and_a_detached_head(work_tree: Path):
    first = git(work_tree, "rev-parse", "HEAD")
    git(work_tree, "commit", "--allow-empty", "-m", "second")
    assert revision_of(work_tree / "projects").name == git(work_tree, "rev-parse", "HEAD") != first
    git(work_tree, "checkout", "-b", "feature/x")
    assert revision_of(work_tree / "projects").name == git(work_tree, "rev-parse", "HEAD")
    git(work_tree, "checkout", first)
    assert revision_of(work_tree / "projects").name == first


def test_it_follows_commits_of_a_git_that_keeps_no_log(work_tree: Path):
    git(work_tree, "config", "core.logAllRefUpdates", "false")
    shutil.rmtree(work_tree / ".git/logs")
    for text in ("one", "two"):
        (work_tree / "projects/default.yaml").write_text(f"kind: {text}\n")
        git(work_tree, "commit", "--all", "-m", text)
        assert name_of(work_tree / "projects") == git(work_tree, "rev-parse", "HEAD")


def test_it_reads_packed_references_and_linked_work_trees(work_tree: Path, tmp_path: Path):
    commit = git(work_tree, "rev-parse", "HEAD")
    git(work_tree, "pack-refs", "--all")
    assert revision_of(work_tree / "projects").name == commit
    git(work_tree, "worktree", "add", "-b", "other", str(tmp_path / "linked"))
    git(work_tree, "pack-refs", "--all")
    assert revision_of(tmp_path / "linked/projects").name == commit


def test_of_a_tree_that_git_sync_keeps_it_is_the_name_of_the_link_target(tmp_path: Path):
    (tmp_path / ".worktrees/abcd/projects").mkdir(parents=True)
    link = tmp_path / "current"
    link.symlink_to(".worktrees/abcd")
    os.utime(link, (1_700_000_000, 1_700_000_000), follow_symlinks=False)
    assert revision_of(link / "projects") == Revision("abcd", 1_700_000_000)
    assert revision_of(link) == Revision("abcd", 1_700_000_000)


def test_a_link_elsewhere_above_the_tree_says_nothing(work_tree: Path, tmp_path: Path):
    commit = git(work_tree, "rev-parse", "HEAD")
    (tmp_path / "above").symlink_to(work_tree.parent)
    (tmp_path / "work").symlink_to(work_tree)
    for root in (tmp_path / "above/repository/projects", tmp_path / "work/projects", tmp_path / "work"):
        assert name_of(root) == revision_of(root).name == commit
    (tmp_path / "data/projects").mkdir(parents=True)
    (tmp_path / "srv").symlink_to("data")
    assert name_of(tmp_path / "srv/projects") == revision_of(tmp_path / "srv/projects").name == ""


@pytest.mark.parametrize("target", [".worktrees/abcd", "rev-" + "a" * 40, "b" * 40])
def test_a_link_of_git_sync_goes_before_the_work_tree_that_it_leads_to(target: str, tmp_path: Path):
    (tmp_path / target / "projects").mkdir(parents=True)
    (tmp_path / target / ".git").write_text("gitdir: ../none\n")
    (tmp_path / "current").symlink_to(target)
    assert name_of(tmp_path / "current/projects") == revision_of(tmp_path / "current/projects").name == Path(target).name


def test_without_git_the_newest_file_tells_the_time(tmp_path: Path):
    for path, when in (
        ("shop/a.yaml", 1_600_000_000),
        ("shop/b.yaml", 1_650_000_000),
        ("shop", 1_500_000_000),
        (".", 1_500_000_000),
    ):
        file = tmp_path / "tree" / path
        if path.endswith(".yaml"):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("x")
        os.utime(file, (when, when))
    found = revision_of(tmp_path / "tree")
    assert found.changed == 1_650_000_000


def test_what_cannot_be_read_hides_neither_the_commit_nor_the_time(work_tree: Path):
    root, folder = work_tree / "projects", os.open(work_tree / "projects", os.O_RDONLY)
    for _ in range(20):  # no path is long enough for the innermost
        os.mkdir("d" * 250, dir_fd=folder)
        inner = os.open("d" * 250, os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = inner
    os.close(folder)
    revision = revision_of(root)
    shutil.rmtree(root / ("d" * 250))
    assert revision.name == git(work_tree, "rev-parse", "HEAD")
    assert revision.changed >= (root / "default.yaml").stat().st_mtime


@pytest.mark.parametrize("head", ["", "nonsense", "ref: refs/heads/none", "ref: ../../../etc/passwd"])
def test_a_broken_git_folder_is_no_revision_and_no_error(head: str, tmp_path: Path):
    (tmp_path / "tree/.git").mkdir(parents=True)
    (tmp_path / "tree/.git/HEAD").write_text(head)
    assert revision_of(tmp_path / "tree").name == ""


def test_a_tree_that_is_not_there_is_unknown(tmp_path: Path):
    assert revision_of(tmp_path / "none") == Revision("", 0.0)
    (tmp_path / "dangling").symlink_to("none")
    assert revision_of(tmp_path / "dangling") == Revision("", 0.0)
    (tmp_path / "binary").mkdir()
    (tmp_path / "binary/.git").write_bytes(b"\xff\xfe")
    assert revision_of(tmp_path / "binary").name == ""


def test_the_name_alone_is_the_same_and_follows_every_commit(tmp_path):
    root = tmp_path / "projects"
    root.mkdir()
    assert name_of(root) == ""
    git = tmp_path / ".git"
    (git / "refs/heads").mkdir(parents=True)
    (git / "logs").mkdir()
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    for commit in ("a" * 40, "b" * 40):
        (git / "refs/heads/main").write_text(f"{commit}\n")
        with (git / "logs/HEAD").open("a") as log:
            log.write(f"{commit}\n")
        assert name_of(root) == revision_of(root).name == commit
    link = tmp_path / "current"
    link.symlink_to("projects")
    assert name_of(link) == revision_of(link).name == "projects"
    assert name_of(tmp_path / "none") == "b" * 40
