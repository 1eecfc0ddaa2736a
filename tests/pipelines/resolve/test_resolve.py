"""From a request to the YAML that is served."""

import errno
import os
import re
import shutil
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from pipelines.errors import NoFileServes, TreeUnavailable, Unusable, Vanished
from pipelines.resolve.resolve import Resolved, resolve
from pipelines.tree.files import TreeFile
from pipelines.tree.tree import Snapshot
from pipelines.tree.tree import Tree as TreeFiles
from tests.conftest import push


def write(root: Path, **files: str) -> Path:
    for path, text in files.items():
        file = root / f"{path}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return root


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write(
        tmp_path / "projects",
        **{"default": "root\n", "edrone/default": "edrone\n", "edrone/master": "master\n", "edrone/release/default": "release\n"},
    )


def text(root: Path, branch: str = "master", *namespaces: str, **fields: str) -> str | None:
    return resolve(push(branch, **fields), TreeFiles(root), namespaces).yaml


def test_the_first_candidate_that_is_there_serves(root):
    assert text(root) == "master\n"
    assert text(root, "develop") == "edrone\n"
    assert text(root, "release/1.2") == "release\n"
    assert text(root, "") == "edrone\n"
    assert text(root, slug="shop/cart") == "root\n"


def test_a_folder_of_the_namespace_comes_first(root):
    write(root, **{"@ismewen/edrone/default": "mine\n", "@shop/default": "shop\n"})
    assert text(root) == "mine\n"
    assert text(root, slug="somebody/edrone") == "master\n"
    assert text(root, slug="shop/cart") == "shop\n"


def test_a_fork_does_not_get_the_pipeline_of_the_company(root):
    assert text(root, "master", "ismewen", slug="somebody/edrone") == "root\n"
    assert text(root, "master", "ismewen") == "master\n"


def test_it_says_which_file_serves(root):
    assert resolve(push("develop"), TreeFiles(root)) == Resolved("edrone\n", "edrone/default.yaml", ("edrone/default.yaml",))


def test_an_edit_is_served_at_once(root):
    assert text(root) == "master\n"
    for number in range(20):
        (root / "edrone" / "master.yaml").write_text(f"edit {number}\n")
        assert text(root) == f"edit {number}\n"
    (root / "edrone" / "master.yaml").unlink()
    assert text(root) == "edrone\n"


def test_nothing_found_lists_the_paths_tried(root):
    (root / "default.yaml").unlink()
    with pytest.raises(NoFileServes) as caught:
        text(root, "master", slug="shop/cart")
    assert str(caught.value) == (
        "no file serves shop/cart, branch master. Tried in projects/: @shop/cart/master.yaml, @shop/cart/default.yaml, "
        "cart/master.yaml, cart/default.yaml, @shop/default.yaml, default.yaml (each also as .yml). "
        "Add one of them, or a projects/default.yaml with `kind: repository`."
    )
    with pytest.raises(NoFileServes, match="tag without a branch"):
        text(root, "v1", slug="shop/cart", event="tag")
    with pytest.raises(NoFileServes, match="branch '_x' is reserved"):
        text(root, "_x", slug="shop/cart")


@pytest.mark.parametrize("content", [b"", b"\xff"])
def test_a_candidate_that_cannot_serve_is_never_skipped(root, content):
    (root / "edrone" / "master.yaml").write_bytes(content)
    with pytest.raises(Unusable, match=r"^projects/edrone/master\.yaml"):
        text(root)


def test_a_missing_tree_is_named(tmp_path):
    with pytest.raises(TreeUnavailable, match="does not exist"):
        text(tmp_path / "gone")


KEEPS = [
    "kind: repository\n", "kind: repository", "---\nkind: repository\n", "# moved later\nkind: repository # yes\n", '"kind": "repository"\n',
    "{kind: repository}\n", "kind: repository\n---\n", "kind: 'repository'\r\n", "\ufeffkind: repository\n", "kind:\n  repository\n",
    "kind: repository\nname: kept\n", "kind: !!str repository\n", "kind: pipeline\nkind: repository\n",
]  # fmt: skip


@pytest.mark.parametrize("content", KEEPS)
def test_kind_repository_leaves_the_repository_its_own_file(root, content):
    write(root, **{"edrone/master": content})
    assert resolve(push(), TreeFiles(root)) == Resolved(None, "edrone/master.yaml", ("edrone/master.yaml",))


SERVED = [
    "# kind: repository\nkind: pipeline\n",
    "kind: pipeline\nname: kind repository\n",
    "kind: repositorys\n",
    "Kind: repository\n",
    "- kind: repository\n",
    "kind: pipeline\nsteps:\n- kind: repository\n",
    "kind: repository: broken\n",
    "kind: [repository]\n",
    "kind: repository\n" + "[" * 5000,
]


@pytest.mark.parametrize("content", SERVED)
def test_what_only_looks_like_it_is_served(root, content):
    write(root, **{"edrone/master": content})
    assert text(root) == content


def test_kind_repository_beside_other_documents_is_an_error(root):
    for content in ("kind: repository\n---\nkind: pipeline\n", "kind: pipeline\n---\nkind: repository\n"):
        write(root, **{"edrone/master": content})
        with pytest.raises(Unusable, match="must be the only document"):
            text(root)


def test_a_file_that_vanishes_is_looked_up_again(root, monkeypatch):
    read = Snapshot.read
    vanished: list[str] = []

    def read_late(self: Snapshot, spot: TreeFile) -> object:
        if not vanished:
            vanished.append(spot.path)
            (root / spot.path).unlink()
        return read(self, spot)

    monkeypatch.setattr(Snapshot, "read", read_late)
    assert text(root) == "edrone\n"
    assert vanished == ["edrone/master.yaml"]


def test_a_file_that_always_vanishes_is_an_error(root, monkeypatch):
    def read(self: Snapshot, spot: TreeFile) -> object:
        raise Vanished(spot.path)

    monkeypatch.setattr(Snapshot, "read", read)
    with pytest.raises(Unusable, match=r"projects/edrone/master\.yaml: goes away or changes"):
        text(root)


def swap(link: Path, target: Path) -> None:
    """Swap a link as git-sync does."""
    new = link.with_name("new-link")
    new.symlink_to(target)
    new.rename(link)


def test_a_tree_that_is_deleted_after_a_swap_does_not_lend_its_defaults(tmp_path, monkeypatch):
    """git-sync swaps the link and then deletes the old tree, file by file, perhaps in the middle of an answer."""
    old = write(tmp_path / "a", **{"edrone/master": "old master\n", "edrone/default": "old default\n"})
    new = write(tmp_path / "b", **{"edrone/master": "new master\n"})
    link = tmp_path / "projects"
    link.symlink_to(old)
    find = Snapshot.either
    began: list[str] = []

    def find_late(self: Snapshot, path: str) -> object:
        if not began:
            began.append(path)
            swap(link, new)
            (old / "edrone" / "master.yaml").unlink()
        return find(self, path)

    monkeypatch.setattr(Snapshot, "either", find_late)
    assert text(link) == "new master\n"
    assert began


@pytest.mark.slow
def test_a_tree_swapped_again_and_again_is_never_mixed(tmp_path):
    link, stop = tmp_path / "projects", threading.Event()

    def worktree(number: int) -> Path:
        return write(tmp_path / f"tree{number}", **{"edrone/master": f"{number}\n" * 2000, "default": "never\n"})

    link.symlink_to(worktree(0))

    def keep_swapping() -> None:
        number = 0
        while not stop.is_set():
            swap(link, worktree(number + 1))
            shutil.rmtree(tmp_path / f"tree{number}")
            number += 1
            time.sleep(0.002)  # a hundred times as often as any deployment

    swapper = threading.Thread(target=keep_swapping)
    swapper.start()
    try:
        for _ in range(2000):
            served = text(link)
            assert served
            assert re.fullmatch(r"(\d+\n)\1{1999}", served), served[:200]
    finally:
        stop.set()
        swapper.join()


def test_a_link_that_is_swapped_while_it_is_followed_is_followed_again(root, monkeypatch):
    opened, failures = os.open, [FileNotFoundError(errno.ENOENT, "No such file or directory")]

    def open_root(path: str, *arguments: Any, **options: Any) -> int:
        if path == str(root) and failures:
            raise failures.pop()
        return opened(path, *arguments, **options)

    monkeypatch.setattr("pipelines.tree.tree.os.open", open_root)
    assert text(root) == "master\n"
    assert failures == []


@pytest.mark.slow
def test_a_file_edited_in_place_again_and_again_is_never_half(root):
    stop = threading.Event()

    def keep_replacing() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            new = root / "edrone" / "new"
            new.write_text(f"{number}\n" * 3000)
            new.rename(root / "edrone" / "master.yaml")

    writer = threading.Thread(target=keep_replacing)
    writer.start()
    try:
        for _ in range(1000):
            served = text(root) or ""
            assert served == "master\n" or re.fullmatch(r"(\d+\n)\1{2999}", served)
    finally:
        stop.set()
        writer.join()
