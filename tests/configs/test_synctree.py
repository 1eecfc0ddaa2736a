"""`manage.py synctree`: the tree is swapped whole, or not at all."""

import fcntl
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from pipelines.git import GitError
from pipelines.resolve.resolve import resolve
from pipelines.tree import syncing
from pipelines.tree.revision import name_of
from pipelines.tree.tree import Tree
from tests.conftest import push

Commit = Callable[..., str]


@pytest.fixture
def commit(tmp_path: Path) -> Commit:
    """Make commits of a repository; each has just the files that are named."""
    repository = tmp_path / "repository"

    def git(*arguments: str) -> str:
        line = ["git", "-C", str(repository), "-c", "user.name=a", "-c", "user.email=a@b", *arguments]
        return subprocess.run(line, check=True, capture_output=True, text=True).stdout.strip()

    def make(**files: str) -> str:
        if not repository.exists():
            repository.mkdir()
            git("init", "--quiet", "--initial-branch=main")
        git("rm", "-rq", "--ignore-unmatch", ".")
        for name, content in files.items():
            file = repository / f"{name.replace('__', '/')}.yaml"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)
        git("add", "--all")
        git("commit", "--quiet", "--allow-empty", "--message", "x")
        return git("rev-parse", "HEAD")

    return make


@pytest.fixture
def synced(tmp_path: Path, settings: Any) -> Callable[..., str]:
    """Run the command on the tree `current/tree`; gives what it printed."""
    settings.EDRONE_PROJECTS = tmp_path / "current" / "tree"

    def run(*options: str, remote: str = "") -> str:
        printed = StringIO()
        call_command("synctree", remote or str(tmp_path / "repository"), *options, stdout=printed)
        return printed.getvalue()

    return run


def served(tmp_path: Path, branch: str = "master") -> str | None:
    return resolve(push(branch, "ismewen/shop"), Tree(tmp_path / "current" / "tree")).yaml


def refused(synced: Callable[..., str], message: str, *options: str, remote: str = "") -> str:
    with pytest.raises(CommandError, match=message) as raised:
        synced(*options, remote=remote)
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_the_tree_is_made_and_follows_the_repository(commit, synced, tmp_path):
    first = commit(projects__shop__master="kind: a\n", other="x\n")
    assert first in synced("--folder", "projects")
    assert served(tmp_path) == "kind: a\n"
    assert synced("--folder", "projects") == ""
    second = commit(projects__shop__develop="kind: b\n", projects__default="kind: c\n")
    assert f"is at {second} now; it was at {first}." in synced("--folder", "projects/")
    assert served(tmp_path) == "kind: c\n"
    assert served(tmp_path, "develop") == "kind: b\n"
    assert name_of(tmp_path / "current" / "tree") == second


def test_a_branch_or_a_tag_can_be_followed_and_the_way_back_is_one_too(commit, synced, tmp_path):
    first = commit(shop__master="kind: a\n")
    subprocess.run(["git", "-C", str(tmp_path / "repository"), "tag", "v1"], check=True)
    commit(shop__master="kind: b\n")
    synced("--branch", "main")
    assert served(tmp_path) == "kind: b\n"
    assert first in synced("--branch", "v1")
    assert served(tmp_path) == "kind: a\n"


def test_a_tree_whose_files_were_deleted_is_written_again(commit, synced, tmp_path):
    first = commit(shop__master="kind: a\n")
    synced()
    shutil.rmtree((tmp_path / "current" / "tree").resolve())
    assert f"is at {first} now." in synced()
    assert served(tmp_path) == "kind: a\n"


def test_another_folder_of_the_same_commit_is_another_tree(commit, synced, tmp_path):
    commit(a__shop__master="kind: a\n", b__shop__master="kind: b\n")
    for folder in ("a", "b", "a"):
        synced("--folder", folder)
        assert served(tmp_path) == f"kind: {folder}\n"


def test_what_fails_leaves_the_tree_as_it_was(commit, synced, tmp_path):
    commit(projects__shop__master="kind: a\n")
    synced("--folder", "projects")
    commit(elsewhere="x\n")
    refused(synced, "has no folder projects", "--folder", "projects")
    refused(synced, "gone of .* cannot be fetched", "--folder", "projects", "--branch", "gone")
    refused(synced, "is not the name of a branch", "--branch=--upload-pack=x")
    refused(synced, "is not the name of a branch", "--branch=a:refs/heads/b")
    refused(synced, "cannot be fetched", remote=str(tmp_path / "nowhere"))
    refused(synced, "cannot be fetched", remote="ext::sh -c true")
    assert served(tmp_path) == "kind: a\n"


def test_a_folder_is_never_replaced(commit, synced, tmp_path):
    commit(shop__master="kind: a\n")
    (tmp_path / "current" / "tree" / "shop").mkdir(parents=True)
    refused(synced, r"EDRONE_PROJECTS\) is no link.* move it away")
    assert (tmp_path / "current" / "tree" / "shop").is_dir()


def test_submodules_are_refused_since_they_would_be_missing(commit, synced, tmp_path):
    commit(shop__master="kind: a\n")
    git = ["git", "-C", str(tmp_path / "repository"), "-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run([*git, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},module"], check=True)
    subprocess.run([*git, "commit", "--quiet", "--message", "x"], check=True)
    refused(synced, "has submodules")
    assert not os.path.lexists(tmp_path / "current" / "tree")


def test_two_at_once_do_not_disturb_each_other(commit, synced, tmp_path):
    commit(shop__master="kind: a\n")
    synced()
    with (tmp_path / "current" / ".tree.synced" / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        refused(synced, "Another synctree is at work")
    synced()


def test_what_a_killed_run_left_does_not_matter(commit, synced, tmp_path):
    commit(shop__master="kind: a\n")
    store = tmp_path / "current" / ".tree.synced"
    (store / "partial" / "shop").mkdir(parents=True)
    (store / "partial" / "shop" / "half.yaml").write_text("kind")
    (store / "link").symlink_to("nowhere")
    synced()
    assert served(tmp_path) == "kind: a\n"
    assert not list(tmp_path.glob("current/tree/shop/half.yaml"))


@pytest.mark.parametrize("broken", ["lock", "objects"])
def test_what_a_killed_git_or_a_power_cut_left_fails_one_run_only(broken, commit, synced, tmp_path):
    commit(default="kind: pipeline\n")
    synced()
    repository = tmp_path / "current" / ".tree.synced" / "git"
    if broken == "lock":
        (repository / "shallow.lock").touch()
    else:
        for file in (path for path in (repository / "objects").rglob("*") if path.is_file()):
            file.unlink()
            file.touch()
    newest = commit(default="name: x\n")
    with pytest.raises(CommandError, match="cannot be fetched"):
        synced()
    assert newest in synced()


def test_what_could_not_be_written_does_not_fill_the_disk(commit, synced, tmp_path, monkeypatch):
    commit(default="kind: pipeline\n")
    synced()

    def full(repository: Path, inside: str, commit: str, folder: Path, problem: str) -> None:
        (folder / "half.yaml").write_text("kind: pipe")
        raise GitError(f"{problem} (git: No space left on device)")

    monkeypatch.setattr(syncing, "write_files", full)
    commit(default="name: x\n")
    with pytest.raises(CommandError, match="No space left"):
        synced()
    assert not (tmp_path / "current" / ".tree.synced" / "partial").exists()


def test_replaced_folders_are_deleted_later(commit, synced, tmp_path):
    names = []
    for number in range(3):
        names.append(commit(shop__master=f"kind: {number}\n"))
        synced()
    folders = tmp_path / "current" / ".tree.synced" / "root"
    assert set(os.listdir(folders)) == set(names)
    long_ago = time.time() - syncing.KEPT - 1
    for each in folders.iterdir():
        os.utime(each, (long_ago, long_ago))
    names.append(commit(shop__master="kind: new\n"))
    synced()
    assert set(os.listdir(folders)) == set(names[2:])  # the one that was replaced just now is kept


@pytest.mark.parametrize("remote", ["https://ann:hush-1@127.0.0.1:1/x.git", "https://127.0.0.1:1/x.git?private_token=hush-1", "http://hush-1@127.0.0.1:1/x", "ssh://ann:hush-1@127.0.0.1:1/x"])  # fmt: skip
def test_no_password_is_shown_or_stored(commit, synced, tmp_path, remote):
    assert "hush-1" not in refused(synced, "cannot be fetched", remote=remote)
    for file in tmp_path.rglob("*"):
        assert not file.is_file() or b"hush-1" not in file.read_bytes()


def test_git_that_hangs_is_left(commit, synced, monkeypatch, tmp_path):
    monkeypatch.setattr("pipelines.git.LIMIT", 0.5)
    helper = tmp_path / "ssh"
    helper.write_text("#!/bin/sh\nsleep 3600\n")
    helper.chmod(0o755)
    monkeypatch.setenv("GIT_SSH_COMMAND", str(helper))
    assert re.search(r"longer than 0.5 s", refused(synced, "cannot be fetched", remote="ssh://host/x"))
