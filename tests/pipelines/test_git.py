"""Git is run for a limited time, asks nobody, and its errors show no credentials."""

import subprocess
from pathlib import Path

import pytest

from pipelines.git import GitError, GitMissing, git


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    return tmp_path


def test_its_helpers_end_with_it_at_the_limit(repository, monkeypatch):
    helper = repository / "ssh"
    helper.write_text("#!/bin/sh\nsleep 3600\n")  # a child of the helper, which holds git's pipes open
    helper.chmod(0o755)
    monkeypatch.setenv("GIT_SSH_COMMAND", str(helper))
    monkeypatch.setattr("pipelines.git.LIMIT", 0.5)
    with pytest.raises(GitError, match=r"^x\. \(git: took longer than 0\.5 s\)$"):
        git(repository, "ls-remote", "ssh://host/x", problem="x.")


@pytest.mark.parametrize("address", ["https://me:hush-1@127.0.0.1:1/x", "https://127.0.0.1:1/x?token=hush-1"])
def test_credentials_of_an_address_are_not_in_the_error(repository, address):
    with pytest.raises(GitError, match=r"https://127\.0\.0\.1:1/x") as raised:
        git(repository, "ls-remote", address)
    assert "hush-1" not in str(raised.value)
    assert "\n" not in str(raised.value)


def test_variables_that_a_hook_sets_do_not_name_another_repository(repository, monkeypatch, tmp_path_factory):
    monkeypatch.setenv("GIT_DIR", str(tmp_path_factory.mktemp("elsewhere")))
    assert git(repository, "rev-parse", "--show-toplevel") == str(repository)


def test_a_missing_git_is_one_sentence(repository, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(GitMissing, match=r"^git cannot be run: No such file or directory$"):
        git(repository, "status")
