"""All files and folders of a tree, also of one that changes meanwhile."""

from pathlib import Path

import pytest

from pipelines.compare.touched import Touched
from pipelines.language.reader import documents
from pipelines.tree import listing as module
from pipelines.tree.listing import listing
from pipelines.tree.tree import Snapshot, Tree


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Make a tree with a linked folder and a linked file, and the link to it that git-sync would swap."""
    tree = tmp_path / "first"
    for folder in ("cart", "shop", "zoo"):
        (tree / folder).mkdir(parents=True)
        (tree / folder / "default.yaml").write_text("kind: pipeline\n")
    (tree / "linked").symlink_to("shop")
    (tree / "cart" / "main.yaml").symlink_to("default.yaml")
    (tmp_path / "projects").symlink_to("first")
    return tmp_path / "projects"


def swap(root: Path) -> None:
    (root.parent / "second").mkdir()
    (root.parent / "new").symlink_to("second")
    (root.parent / "new").rename(root)


def test_links_to_folders_are_followed(root):
    with Tree(root).snapshot() as snapshot:
        contents = listing(snapshot)
    assert contents.files == [
        "cart/default.yaml", "cart/main.yaml", "linked/default.yaml", "shop/default.yaml", "zoo/default.yaml",
    ]  # fmt: skip
    assert contents.folders == ["cart", "linked", "shop", "zoo"]
    assert not contents.unreadable


def test_a_link_to_a_folder_above_ends(root):
    (root / "shop" / "again").symlink_to("..")
    with Tree(root).snapshot() as snapshot:
        assert "shop/again" in listing(snapshot).folders


def test_a_folder_that_goes_away_meanwhile_is_not_read(root, monkeypatch):
    is_used = module.is_used

    def deleting(snapshot: Snapshot, path: str, name: str) -> bool:
        if path == "zoo":
            (root / "zoo" / "default.yaml").unlink()
            (root / "zoo").rmdir()
        return is_used(snapshot, path, name)

    monkeypatch.setattr(module, "is_used", deleting)
    with Tree(root).snapshot() as snapshot:
        contents = listing(snapshot)
    assert contents.unreadable == [("zoo", "cannot be read: No such file or directory")]


def test_of_a_tree_that_is_swapped_meanwhile_all_but_links_is_read(root):
    with Tree(root).snapshot() as snapshot:
        swap(root)
        contents = listing(snapshot)
    assert contents.files == ["cart/default.yaml", "cart/main.yaml", "shop/default.yaml", "zoo/default.yaml"]
    assert contents.unreadable == [("linked", "goes away or changes while it is read; try again")]


def test_a_file_of_a_tree_that_is_swapped_meanwhile_is_not_known_to_be_the_same(root):
    with Tree(root).snapshot() as before, Tree(root).snapshot() as after:
        touched = Touched(before, after, documents)
        assert touched.serves_the_same("cart/main.yaml")
        swap(root)
        assert touched.serves_the_same("shop/default.yaml")
        assert not touched.serves_the_same("cart/main.yaml")
        assert not Touched(before, after, documents).untouched("cart/main.yaml")
