"""What there is in a tree, who extends what, and when a file last changed."""

import os
import subprocess
from pathlib import Path

import pytest

from pipelines.inventory import kept
from pipelines.inventory.inventory import BUILD, OPERATION, OWN_FILE, PART, UNUSED, FileFacts
from pipelines.inventory.kept import KeptInventory
from pipelines.inventory.last_changes import last_changes

PIPELINE = "kind: pipeline\nname: a\nsteps:\n- extends: _shared/docker.yaml\n"
FILES = {
    "default.yaml": "kind: repository\n",
    "shop/default.yaml": PIPELINE,
    "shop/release.yaml": "extends: ./default.yaml\nname: release\n",
    "@team/sub/web/default.yaml": PIPELINE,
    "@team/default.yaml": PIPELINE,
    "_operations/check.yaml": PIPELINE,
    "_shared/docker.yaml": "extends: ./base.yaml\nname: docker\n",
    "_shared/base.yaml": "image: x\n",
    "_shared/forgotten.yaml": "image: x\n",
    "_shared/broken.yaml": "extends: [\n",
    "readme.md": "no pipeline\n",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(kept, "STILL_NEW", 0.0)


def test_it_says_what_each_file_is_for_and_who_comes_from_it(root):
    inventory = KeptInventory(root, ()).now().inventory
    assert {path: file.role for path, file in inventory.files.items()} == {
        "default.yaml": OWN_FILE,
        "shop/default.yaml": BUILD,
        "shop/release.yaml": BUILD,
        "@team/sub/web/default.yaml": BUILD,
        "@team/default.yaml": BUILD,
        "_operations/check.yaml": OPERATION,
        "_shared/docker.yaml": PART,
        "_shared/base.yaml": PART,
        "_shared/forgotten.yaml": UNUSED,
        "_shared/broken.yaml": UNUSED,
    }
    base = inventory.files["_shared/base.yaml"]
    assert set(base.users) == {
        "shop/default.yaml", "shop/release.yaml", "@team/sub/web/default.yaml", "@team/default.yaml", "_operations/check.yaml"
    }  # fmt: skip
    assert inventory.files["shop/release.yaml"].extends == ("shop/default.yaml",)
    owners = {path: file.owner for path, file in inventory.files.items() if file.owner}
    assert owners == {"shop/default.yaml": "shop", "shop/release.yaml": "shop", "@team/sub/web/default.yaml": "@team/sub/web"}


def test_files_that_extend_one_another_in_a_circle_end(root):
    (root / "_shared" / "base.yaml").write_text("extends: ./docker.yaml\n")
    inventory = KeptInventory(root, ()).now().inventory
    assert "shop/default.yaml" in inventory.files["_shared/base.yaml"].users


def test_only_what_changed_is_read_again(root, monkeypatch):
    read: list[str] = []
    facts_of = kept.facts_of

    def noted(snapshot, path, memory) -> FileFacts:
        read.append(path)
        return facts_of(snapshot, path, memory)

    monkeypatch.setattr(kept, "facts_of", noted)
    inventory = KeptInventory(root, ())
    first = inventory.now()
    assert len(read) == 10
    assert inventory.now() is first
    assert len(read) == 10
    (root / "shop" / "release.yaml").write_text("extends: _shared/forgotten.yaml\n")
    second = inventory.now()
    assert read[10:] == ["shop/release.yaml"]
    assert second.stamp != first.stamp
    assert second.inventory.files["_shared/forgotten.yaml"].users == ("shop/release.yaml",)
    (root / "shop" / "release.yaml").unlink()
    assert "shop/release.yaml" not in inventory.now().inventory.files


def test_a_tree_that_is_swapped_is_looked_at_at_once(root, tmp_path_factory, monkeypatch):
    monkeypatch.setattr(kept, "STILL_NEW", 1000.0)
    other, link = tmp_path_factory.mktemp("other"), tmp_path_factory.mktemp("links") / "projects"
    (other / "default.yaml").write_text(PIPELINE)
    link.symlink_to(root)
    inventory = KeptInventory(link, ())
    assert len(inventory.now().inventory.files) == 10
    (root / "new.yaml").write_text(PIPELINE)
    assert len(inventory.now().inventory.files) == 10  # for some seconds
    os.symlink(other, f"{link}.new")
    os.replace(f"{link}.new", link)
    assert list(inventory.now().inventory.files) == ["default.yaml"]


def git(root: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(root), "-c", "user.name=Ann", "-c", "user.email=a@b", *arguments], check=True)


def test_the_last_commit_of_each_file_is_found(root):
    assert last_changes(root) == {}
    git(root, "init", "--quiet")
    assert last_changes(root) == {}
    (root / "中 文.yaml").write_text("x: y\n")
    git(root, "add", ".")
    git(root, "commit", "--quiet", "--message=Bring all in")
    (root / "shop" / "default.yaml").write_text("x: y\n")
    git(root, "commit", "--quiet", "--all", "--message=Change the shop\n\nWhy: so.")
    changes = last_changes(root)
    assert changes["shop/default.yaml"].subject == "Change the shop"
    assert (changes["中 文.yaml"].author, changes["中 文.yaml"].subject) == ("Ann", "Bring all in")
    assert len(changes["default.yaml"].commit) == 40
    assert changes["shop/default.yaml"].time > 0
    below = last_changes(root / "shop")
    assert set(below) == {"default.yaml", "release.yaml"}


def test_the_words_of_a_commit_that_are_no_unicode_are_replaced(root):
    git(root, "init", "--quiet")
    git(root, "add", ".")
    git(root, "commit", "--quiet", "--message=Change the caf#")
    write = ["git", "-C", str(root), "hash-object", "-t", "commit", "-w", "--stdin", "--literally"]
    commit = subprocess.run(["git", "-C", str(root), "cat-file", "commit", "HEAD"], capture_output=True, check=True).stdout
    latin = subprocess.run(write, input=commit.replace(b"#", b"\xe9"), capture_output=True, check=True).stdout
    git(root, "reset", "--quiet", "--hard", latin.decode().strip())
    assert last_changes(root)["default.yaml"].subject == "Change the caf\N{REPLACEMENT CHARACTER}"
