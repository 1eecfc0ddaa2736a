"""A tree that is changed in place is believed only once it held still."""

import itertools
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipelines.errors import ConfigError, Unusable
from pipelines.resolve import from_file
from pipelines.resolve.resolve import resolve
from pipelines.tree import consistent_reads
from pipelines.tree.consistent_reads import PATIENCE, ReadOutcome, Retries, read_consistently, state_of
from pipelines.tree.tree import LastChange, Snapshot, Tree
from tests import checkouts
from tests.checkouts import Checkouts, asked_during_checkouts, git
from tests.conftest import push

QUIET = 100_000_000  # nanoseconds, as in production
REST = 1_500_000_000  # likewise


@pytest.fixture(autouse=True)
def waits(at_rest: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait as edrone does; other tests need not."""
    monkeypatch.setattr(consistent_reads, "QUIET", QUIET)
    monkeypatch.setattr(consistent_reads, "REST", REST)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "projects"
    (root / "shop").mkdir(parents=True)
    (root / "shop" / "master.yaml").write_text("kind: master\n")
    (root / "shop" / "default.yaml").write_text("kind: default\n")
    return root


def served(root: Path, branch: str = "master") -> str | None:
    return resolve(push(branch, "ismewen/shop"), Tree(root)).yaml


def while_it_waits(monkeypatch: Any, *acts: Callable[[], object]) -> None:
    """Let things happen during the first pauses of a look, however busy the machine is; what went before is in doubt till then."""
    left = list(acts)
    monkeypatch.setattr(consistent_reads, "QUIET", 10**15)

    def pause(self: Retries, seconds: float) -> bool:
        if left:
            left.pop(0)()
        if not left:
            monkeypatch.setattr(consistent_reads, "QUIET", QUIET)
        time.sleep(min(seconds, QUIET / 10**9))
        self.state = state_of(self.root)
        return False

    monkeypatch.setattr(Retries, "pause", pause)


def long_ago(monkeypatch: Any) -> None:
    """Let what changed before now have changed long ago."""
    monkeypatch.setattr(consistent_reads, "LONG_AGO", 20_000_000)
    time.sleep(0.05)


def test_what_changed_long_ago_costs_nothing(root, monkeypatch):
    long_ago(monkeypatch)
    monkeypatch.setattr(consistent_reads, "state_of", lambda _: pytest.fail("looked at"))
    monkeypatch.setattr(time, "sleep", lambda _: pytest.fail("waited"))
    assert served(root) == "kind: master\n"
    assert served(root, "develop") == "kind: default\n"
    with pytest.raises(ConfigError):
        resolve(push("master", "ismewen/cart"), Tree(root))


@pytest.mark.parametrize("name", ["master", "default"])
def test_a_file_that_is_missing_for_a_moment_is_waited_for(root, monkeypatch, name):
    file, away = root / "shop" / f"{name}.yaml", root.parent / "away"
    file.rename(away)
    while_it_waits(monkeypatch, lambda: away.rename(file))
    assert served(root, "master" if name == "master" else "develop") == f"kind: {name}\n"


def test_a_file_that_goes_away_once_its_folder_was_looked_at_is_waited_for(root, monkeypatch):
    long_ago(monkeypatch)
    file, away = root / "shop" / "master.yaml", root.parent / "away"
    folder_mode = Snapshot.folder_mode

    def looked_at(self: Snapshot, path: str) -> int:
        mode = folder_mode(self, path)
        if path == "shop" and file.exists() and not away.exists():
            file.rename(away)
            while_it_waits(monkeypatch, lambda: shutil.copy(away, file))
        return mode

    monkeypatch.setattr(Snapshot, "folder_mode", looked_at)
    assert served(root) == "kind: master\n"
    assert away.exists()


def test_a_file_that_is_empty_for_a_moment_is_waited_for(root, monkeypatch):
    file = root / "shop" / "master.yaml"
    file.write_text("")
    while_it_waits(monkeypatch, lambda: file.write_text("kind: written\n"))
    assert served(root) == "kind: written\n"


def test_a_file_that_is_half_for_a_moment_is_waited_for(root, monkeypatch):
    file = root / "shop" / "master.yaml"
    file.write_text("kind: ha")

    def more() -> None:
        with file.open("a") as rest:
            rest.write("lf no more\n")

    while_it_waits(monkeypatch, more)
    assert served(root) == "kind: half no more\n"


def test_an_extended_file_that_is_missing_for_a_moment_is_waited_for(root, monkeypatch):
    (root / "shop" / "master.yaml").write_text("kind: pipeline\nsteps:\n- extends: _shared/step.yaml\n")
    (root / "_shared").mkdir()
    while_it_waits(monkeypatch, lambda: (root / "_shared" / "step.yaml").write_text("image: a\n"))
    assert served(root) == "kind: pipeline\nsteps:\n- image: a\n"


@pytest.mark.parametrize("name", ["real/link.yaml", "shop/link.yaml", "real"])
def test_a_link_or_what_it_leads_to_that_is_missing_for_a_moment_is_waited_for(root, monkeypatch, name):
    away, moved = root.parent / "away", root / name
    (root / "real").mkdir()
    (root / "real" / "link.yaml").write_text("kind: linked\n")
    (root / "shop" / "link.yaml").symlink_to("../real/link.yaml")
    moved.rename(away)
    while_it_waits(monkeypatch, lambda: away.rename(moved))
    assert served(root, "link") == "kind: linked\n"


def test_an_error_that_stays_is_told_once_the_tree_is_at_rest(root):
    (root / "shop" / "master.yaml").write_text("")
    with pytest.raises(Unusable, match="is empty"):
        served(root)


@contextmanager
def repeated(act: Callable[[], object], seconds: float) -> Iterator[None]:
    """Do something again and again meanwhile."""
    over = threading.Event()

    def run() -> None:
        while not over.wait(seconds):
            act()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@pytest.mark.parametrize("state", ["empty", "missing", "without its folder"])
def test_a_writer_that_waits_long_for_its_turn_is_waited_for(root, monkeypatch, state):
    monkeypatch.setattr(consistent_reads, "REST", 10**11)
    monkeypatch.setattr(consistent_reads, "PATIENCE", 100)
    file, folder, away = root / "shop" / "master.yaml", root / "shop", root.parent / "away"
    if state == "empty":
        file.write_text("")
    elif state == "missing":
        file.unlink()
    else:
        folder.rename(away)

    def go_on() -> None:
        if state == "without its folder":
            away.rename(folder)
        else:
            file.write_text("kind: master\n")

    writer = threading.Timer(0.5, go_on)  # five times QUIET
    writer.start()
    try:
        assert served(root) == "kind: master\n"
    finally:
        writer.join()


@pytest.mark.parametrize(
    ("files", "folders", "top", "believed"),
    [(1, 20, 20, True), (20, 20, 20, True), (1, 2, 20, False), (1, 20, 2, False), (2, 0, 0, True)],
)
def test_a_default_is_believed_by_the_rest_of_its_folders_whenever_its_text_changed(root, files, folders, top, believed):
    since, tenth = time.time_ns(), 101_000_000
    changed = LastChange(since - files * tenth, folders and since - folders * tenth, top and since - top * tenth)
    found = ReadOutcome("shop/default.yaml", is_doubtful=True, is_file=True, at_root=False)
    assert Retries(str(root)).was_consistent(since, changed, found) is believed
    error = ReadOutcome("is empty", is_doubtful=True, is_file=False, at_root=False)
    assert Retries(str(root)).was_consistent(since, changed, error) is (files == 20)


def test_folders_of_others_that_come_and_go_hold_no_build(root, monkeypatch):
    monkeypatch.setattr(consistent_reads, "PATIENCE", 60)  # on a busy machine, what is missing for a moment may be so for longer
    other = root / "other"

    def come_or_go() -> None:
        other.rmdir() if other.exists() else other.mkdir()

    with repeated(come_or_go, 0.02):
        (root / "shop" / "master.yaml").write_text("kind: new\n")
        assert served(root) == "kind: new\n"
        assert served(root, "develop") == "kind: default\n"
        (root / "shop" / "master.yaml").write_text("")
        with pytest.raises(Unusable, match="is empty"):
            served(root)


def test_a_default_of_the_root_is_not_served_while_folders_come_and_go(root):
    (root / "default.yaml").write_text("kind: root\n")
    (root / "shop").rename(root.parent / "away")
    changing = pytest.raises(Unusable, match="changes whenever it is read")
    with repeated(lambda: os.utime(root), 0.02), changing:
        served(root)


def test_a_tree_that_is_removed_and_copied_again_and_again_gives_what_each_build_has(root, monkeypatch):
    monkeypatch.setattr(consistent_reads, "PATIENCE", 60)  # on a busy machine, what is missing for a moment may be so for longer
    copy = root.parent / "copy"
    shutil.copytree(root, copy)

    def update() -> None:
        for folder in root.iterdir():
            shutil.rmtree(folder)
        shutil.copytree(copy, root, dirs_exist_ok=True)

    with repeated(update, 0.6):
        for _ in range(3):
            assert served(root) == "kind: master\n"
            assert served(root, "develop") == "kind: default\n"


def test_a_tree_that_never_comes_to_rest_is_an_error_and_never_a_default(root, monkeypatch):
    monkeypatch.setattr(consistent_reads, "PATIENCE", 0.5)
    (root / "shop" / "master.yaml").unlink()
    while_it_waits(monkeypatch, *[(root / "shop" / "new").touch] * 1000)
    with pytest.raises(Unusable, match=r"EDRONE_PROJECTS\) changes whenever it is read; try again"):
        served(root)


@pytest.mark.parametrize("last", [None, SimpleNamespace(path="shop/default.yaml"), Unusable("is empty")])
def test_what_is_read_last_in_a_tree_that_was_swapped_meanwhile_is_never_the_answer(root, monkeypatch, last):
    read, over = iter([SimpleNamespace(path="shop/master.yaml"), last]), iter([False, True])
    changes = iter([LastChange(time.time_ns(), 0, 0), None])
    monkeypatch.setattr(Snapshot, "last_change", lambda _: next(changes))
    monkeypatch.setattr(Retries, "are_over", lambda _: next(over))

    def find(_: Snapshot) -> Any:
        found = next(read)
        if isinstance(found, Unusable):
            raise found
        return found

    with pytest.raises(Unusable, match="changes whenever it is read"):
        read_consistently(Tree(root), find)


def test_a_tree_that_is_edited_all_the_time_by_renames_of_whole_files_is_served(root):
    file, numbers = root / "shop" / "master.yaml", itertools.count()

    def edit() -> None:
        new = file.with_name(".new")
        new.write_text(f"kind: edited-{next(numbers)}\n")
        new.rename(file)

    with repeated(edit, 0.05):
        time.sleep(0.2)
        assert str(served(root)).startswith("kind: edited-")


@pytest.mark.parametrize("step", [PATIENCE / 2.5, PATIENCE / 2, PATIENCE * 2])
def test_however_the_time_passes_between_two_looks_at_the_clock_a_file_that_was_read_whole_is_served(root, monkeypatch, step):
    """A busy machine takes the processor away for a while, at any place."""
    file, clock = root / "shop" / "master.yaml", itertools.count(1)
    while_it_waits(monkeypatch, *[file.touch] * 1000)
    monkeypatch.setattr("pipelines.tree.consistent_reads.time", SimpleNamespace(monotonic=lambda: next(clock) * step))
    assert served(root) == "kind: master\n"


def test_a_default_that_extends_what_is_edited_all_the_time_is_served_once_its_own_folders_rest(root):
    (root / "_shared").mkdir()
    shared, numbers = root / "_shared" / "test.yaml", itertools.count()
    (root / "shop" / "default.yaml").write_text("kind: pipeline\nsteps:\n- extends: _shared/test.yaml\n")

    def edit() -> None:
        new = root / "_shared" / ".new"
        new.write_text(f"name: test-{next(numbers)}\n")
        new.rename(shared)

    edit()
    with repeated(edit, 0.05):
        time.sleep(REST / 10**9)
        assert "name: test-" in str(served(root, "develop"))


def test_a_clock_that_is_off_holds_no_build(root, monkeypatch):
    for seconds in (-3600, 3600):
        for module in (from_file, consistent_reads):
            monkeypatch.setattr(module, "now", lambda seconds=seconds: time.time_ns() + seconds * 10**9)
        (root / "shop" / "master.yaml").write_text(f"kind: {seconds}\n")
        assert served(root) == f"kind: {seconds}\n"


def test_a_tree_that_is_swapped_is_believed_at_once(root, monkeypatch):
    monkeypatch.setattr(consistent_reads, "QUIET", 10**12)
    link = root.parent / "current"
    link.symlink_to(root)
    assert served(link) == "kind: master\n"
    assert served(link, "develop") == "kind: default\n"


@pytest.fixture
def made(tmp_path: Path) -> Checkouts:
    return checkouts.repository(tmp_path / "repository")


def test_what_git_has_finished_is_believed_at_once(made, monkeypatch):
    monkeypatch.setattr(consistent_reads, "QUIET", 10**12)
    git(made.folder, "checkout", "--quiet", "old")
    assert made.texts["comes"]["old"] == served(made.projects, "comes")


def test_a_file_that_git_has_not_yet_brought_back_is_waited_for(made, monkeypatch):
    lock, file = made.folder / ".git" / "index.lock", made.projects / "shop" / "small.yaml"
    content = file.read_text()
    lock.touch()
    time.sleep(0.05)
    file.unlink()

    def finish() -> None:
        file.write_text(content)
        lock.write_bytes((made.folder / ".git" / "index").read_bytes())
        lock.rename(made.folder / ".git" / "index")

    monkeypatch.setattr(consistent_reads, "QUIET", 0)  # only git's lock tells
    while_it_waits(monkeypatch, time.monotonic, time.monotonic, finish)
    assert served(made.projects, "small") == content


def test_a_lock_that_was_left_behind_holds_only_what_changed_after_it(made, monkeypatch):
    monkeypatch.setattr(consistent_reads, "PATIENCE", 0.5)
    time.sleep(0.15)
    (made.folder / ".git" / "index.lock").touch()
    assert served(made.projects, "small") == made.texts["small"]["new"]
    time.sleep(0.05)
    (made.projects / "shop" / "small.yaml").write_text("kind: changed\n")
    with pytest.raises(Unusable, match=r"\.git/index\.lock was left behind"):
        served(made.projects, "small")
    long_ago(monkeypatch)
    assert served(made.projects, "small") == "kind: changed\n"


@pytest.mark.slow
def test_whatever_git_checks_out_every_answer_is_a_whole_file_of_one_commit(made, monkeypatch):
    monkeypatch.setattr(consistent_reads, "PATIENCE", 60)  # on a busy machine git itself may need long

    def ask(branch: str) -> str:
        try:
            return served(made.projects, branch) or ""
        except ConfigError as error:
            return str(error)

    answers = asked_during_checkouts(made, ask, 60)
    assert not answers.wrong
    assert set(answers.right) == set(made.texts)
