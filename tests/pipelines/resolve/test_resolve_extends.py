"""What is kept in memory never outlives the files that it came from."""

import os
import time

import pytest

from pipelines.build_request import BuildRequest
from pipelines.errors import Unusable
from pipelines.resolve import from_file
from pipelines.resolve.resolve import Resolved, resolve
from pipelines.tree import cache
from pipelines.tree.cache import Cache
from pipelines.tree.tree import Snapshot, Tree

STEP = "name: a\nimage: old\n"
TOP = "kind: pipeline\nname: x\nsteps:\n- extends: _shared/step.yaml\n"


class Projects:
    """A tree in a folder, and what edrone makes of it."""

    def __init__(self, folder):
        self.folder = folder
        self.tree = Tree(folder)

    def write(self, path, text):
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def resolved(self, branch="main", name="shop") -> Resolved:
        return resolve(BuildRequest("acme", name, "push", f"refs/heads/{branch}", branch), self.tree)

    def yaml(self, branch="main") -> str:
        return self.resolved(branch).yaml or ""


@pytest.fixture
def projects(tmp_path, monkeypatch):
    monkeypatch.setattr(from_file, "cache", Cache())
    monkeypatch.setattr(cache, "SETTLED", 0)
    projects = Projects(tmp_path / "projects")
    projects.write("_shared/step.yaml", STEP)
    projects.write("shop/default.yaml", TOP)
    time.sleep(0.02)  # past the granularity of the file system's clock
    return projects


@pytest.fixture
def reads(monkeypatch):
    """Give the paths that were really read."""
    seen = []
    original = Snapshot.read

    def read(self, spot):
        seen.append(spot.path)
        return original(self, spot)

    monkeypatch.setattr(Snapshot, "read", read)
    return seen


def test_what_did_not_change_is_not_read_again(projects, reads):
    first, second = projects.resolved(), projects.resolved()
    assert first == second
    assert reads == ["shop/default.yaml", "_shared/step.yaml"]
    assert first.sources == ("shop/default.yaml", "_shared/step.yaml")


def test_a_plain_file_is_not_read_again_either(projects, reads):
    projects.write("shop/plain.yaml", "kind: pipeline\n")
    time.sleep(0.02)
    assert projects.yaml("plain") == projects.yaml("plain") == "kind: pipeline\n"
    assert reads == ["shop/plain.yaml"]


def test_an_edit_of_an_extended_file_is_seen(projects):
    assert "image: old" in projects.yaml()
    projects.write("_shared/step.yaml", STEP.replace("old", "new"))
    assert "image: new" in projects.yaml()


def test_an_edit_of_the_file_itself_is_seen(projects):
    projects.yaml()
    projects.write("shop/default.yaml", TOP.replace("name: x", "name: y"))
    assert "name: y" in projects.yaml()


def test_an_edit_that_hides_behind_an_old_time_is_seen(projects):
    projects.yaml()
    before = os.stat(projects.folder / "_shared/step.yaml")
    time.sleep(0.02)
    projects.write("_shared/step.yaml", STEP.replace("old", "new"))
    os.utime(projects.folder / "_shared/step.yaml", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert "image: new" in projects.yaml()


def test_a_file_that_replaces_another_is_seen(projects):
    projects.yaml()
    projects.write("_shared/other.yaml", STEP.replace("old", "new"))
    os.replace(projects.folder / "_shared/other.yaml", projects.folder / "_shared/step.yaml")
    assert "image: new" in projects.yaml()


def test_an_extended_file_that_goes_is_an_error_until_it_comes_back(projects):
    projects.yaml()
    os.rename(projects.folder / "_shared/step.yaml", projects.folder / "_shared/stop.yaml")
    for _ in range(2):
        with pytest.raises(
            Unusable, match=r'default.yaml:4:3: extends "_shared/step.yaml": no such file; did you mean "_shared/stop.yaml"'
        ):
            projects.yaml()
    os.rename(projects.folder / "_shared/stop.yaml", projects.folder / "_shared/step.yaml")
    assert "image: old" in projects.yaml()


def test_a_nearer_file_is_seen(projects):
    projects.yaml()
    projects.write("@acme/shop/default.yaml", "kind: pipeline\nname: nearer\n")
    assert "nearer" in projects.yaml()
    projects.write("@acme/shop/main.yml", "kind: pipeline\nname: nearest\n")
    assert "nearest" in projects.yaml()


def test_the_other_ending_beside_it_is_seen(projects):
    projects.yaml()
    projects.write("shop/default.yml", TOP)
    with pytest.raises(Unusable, match="only one may be"):
        projects.yaml()


def test_a_swapped_tree_is_seen(projects, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(projects.folder)
    swapped = Projects(link)
    assert "image: old" in swapped.yaml()
    new = Projects(tmp_path / "second")
    new.write("_shared/step.yaml", STEP.replace("old", "new"))
    new.write("shop/default.yaml", TOP)
    (tmp_path / "next").symlink_to(new.folder)
    os.replace(tmp_path / "next", link)
    assert "image: new" in swapped.yaml()


def test_a_link_inside_the_tree_is_followed_and_its_edits_are_seen(projects):
    projects.write("team/step.yaml", STEP)
    os.unlink(projects.folder / "_shared/step.yaml")
    (projects.folder / "_shared/step.yaml").symlink_to("../team/step.yaml")
    assert "image: old" in projects.yaml()
    projects.write("team/step.yaml", STEP.replace("old", "new"))
    assert "image: new" in projects.yaml()


def test_relative_paths_begin_where_the_link_is(projects):
    projects.write("team/deep/step.yaml", "extends: ./base.yaml\n")
    projects.write("_shared/base.yaml", "name: beside the link\n")
    os.unlink(projects.folder / "_shared/step.yaml")
    (projects.folder / "_shared/step.yaml").symlink_to("../team/deep/step.yaml")
    assert "name: beside the link" in projects.yaml()


@pytest.mark.parametrize("path", ["_shared/step.yaml", "_shared"])
def test_what_moves_out_of_the_tree_is_refused_even_if_a_link_leads_there(projects, tmp_path, path):
    projects.yaml()
    os.rename(projects.folder / path, tmp_path / "outside")
    (projects.folder / path).symlink_to(tmp_path / "outside")
    with pytest.raises(Unusable, match=r'default.yaml:4:3: extends "_shared/step.yaml": .*link that leaves the tree'):
        projects.yaml()


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (os.mkdir, "is a folder"),
        (os.mkfifo, "is a device, socket or pipe"),
        (lambda path: path.write_bytes(b"name: \xff\n"), r"step.yaml:1: is not UTF-8 text \(byte 0xff\)"),
        (lambda path: path.write_text(" \n"), "is empty"),
        (lambda path: path.write_bytes(b"x" * (1024 * 1024 + 1)), "is larger than"),
        (lambda path: path.symlink_to("/etc/passwd"), "link that leaves the tree"),
        (lambda path: path.symlink_to("nowhere"), "link that leads nowhere"),
        (lambda path: path.symlink_to("step.yaml"), "projects/_shared/step.yaml"),
    ],
)
def test_what_cannot_be_extended_is_named_with_who_extends_it(projects, make, problem):
    path = projects.folder / "_shared/step.yaml"
    os.unlink(path)
    make(path)
    with pytest.raises(Unusable, match=rf'^projects/shop/default.yaml:4:3: extends "_shared/step.yaml": .*{problem}'):
        projects.yaml()


def test_a_broken_extends_takes_down_only_the_builds_that_need_it(projects):
    projects.write("shop/broken.yaml", "extends: nothing.yaml\n")
    with pytest.raises(Unusable):
        projects.yaml("broken")
    assert "image: old" in projects.yaml()


def test_a_broken_file_does_not_fall_through_to_the_next(projects):
    projects.write("shop/main.yaml", "steps: [{extends: nothing.yaml}]\n")
    with pytest.raises(Unusable, match=r"shop/main\.yaml"):
        projects.yaml()


@pytest.mark.parametrize(
    "text",
    [
        "  kind: pipeline\nname: x\n",
        "{kind: pipeline}\nmore\n",
        "kind: pipeline\n\r---\nname: x\n",
        "kind: pipeline\n--- dropped: {\nkind: pipeline\n",
        "kind: pipeline\nx-a: &a [b]\nx-b: [{<<: *a}]\n",
        f"kind: pipeline\nx-a: {'[' * 200}{']' * 200}\n",
    ],
)
def test_what_drone_reads_and_edrone_cannot_is_served_as_it_is_where_it_extends_nothing(projects, text):
    for whole in (text, f"# extends: nothing\n{text}", f"{text}# extends: nothing\n"):
        projects.write("shop/main.yaml", whole)
        assert projects.yaml() == whole


def test_beside_a_document_that_extends_it_is_an_error(projects):
    projects.write("shop/main.yaml", "  kind: pipeline\nname: x\n---\nextends: _shared/step.yaml\n")
    with pytest.raises(Unusable, match="main.yaml:2:1: is not YAML"):
        projects.resolved()


def test_keeping_the_own_file_can_be_shared(projects):
    projects.write("_shared/own.yaml", "kind: repository\n")
    projects.write("shop/main.yaml", "extends: _shared/own.yaml\n")
    assert projects.resolved().yaml is None


def test_a_file_changed_just_now_is_not_kept(projects, reads, monkeypatch):
    monkeypatch.setattr(cache, "SETTLED", 10**12)
    projects.yaml()
    projects.yaml()
    assert reads.count("shop/default.yaml") == 2


def test_memory_is_bounded(projects, monkeypatch):
    kept: Cache[Resolved] = Cache(limit=20_000)
    monkeypatch.setattr(from_file, "cache", kept)
    for number in range(20):
        projects.write(f"shop/b{number}.yaml", f"kind: pipeline\nname: b{number}\n# {'x' * 3000}\n")
    time.sleep(0.02)
    for number in range(20):
        assert f"name: b{number}\n" in projects.yaml(f"b{number}")
    assert 0 < kept.used <= 20_000
    assert kept.used == sum(entry.size for entry in kept.entries.values())
    assert 1 < len(kept.entries) < 7


BROKEN = "kind: pipeline\nsteps:\n- extends: {a: b}\n"


def test_an_error_of_a_file_is_kept_as_answers_are(projects, reads):
    projects.write("shop/broken.yaml", BROKEN)
    projects.write("_shared/bad.yaml", "a: [\n")
    projects.write("shop/extending.yaml", TOP.replace("step.yaml", "bad.yaml"))
    time.sleep(0.02)
    for _ in range(3):
        with pytest.raises(Unusable, match=r"^projects/shop/broken.yaml:3:3: extends needs the path of a file"):
            projects.resolved("broken")
        with pytest.raises(Unusable, match=r"bad.yaml:2:1: is not YAML: .* \(extended from projects/shop/extending.yaml:4:3\)$"):
            projects.resolved("extending")
    assert reads == ["shop/broken.yaml", "shop/extending.yaml", "_shared/bad.yaml"]


def test_an_error_goes_with_its_cause(projects):
    projects.write("shop/broken.yaml", BROKEN)
    projects.write("_shared/bad.yaml", "a: [\n")
    projects.write("shop/extending.yaml", TOP.replace("step.yaml", "bad.yaml"))
    time.sleep(0.02)
    for branch in ("broken", "extending"):
        with pytest.raises(Unusable):
            projects.resolved(branch)
    projects.write("shop/broken.yaml", "kind: pipeline\nname: right\n")
    projects.write("_shared/bad.yaml", STEP)
    assert "name: right" in projects.yaml("broken")
    assert "image: old" in projects.yaml("extending")


@pytest.mark.parametrize("way", ["missing", "folder", "empty", "no UTF-8", "link that leads nowhere"])
def test_an_error_that_comes_from_what_is_not_a_text_is_not_kept(way, projects):
    file = projects.folder / "_shared/later.yaml"
    match way:
        case "folder":
            file.mkdir()
        case "empty":
            file.touch()
        case "no UTF-8":
            file.write_bytes(b"\xff\n")
        case "link that leads nowhere":
            file.symlink_to("nowhere.yaml")
    projects.write("shop/default.yaml", TOP.replace("step.yaml", "later.yaml"))
    time.sleep(0.02)
    for _ in range(2):
        with pytest.raises(Unusable, match="later"):
            projects.resolved()
    if file.is_dir():
        file.rmdir()
    file.unlink(missing_ok=True)
    projects.write("_shared/later.yaml", STEP)
    assert "image: old" in projects.yaml()


def test_an_error_that_is_kept_holds_on_to_nothing_else(projects):
    projects.write("shop/broken.yaml", BROKEN)
    time.sleep(0.02)
    errors = []
    for _ in range(3):
        with pytest.raises(Unusable) as caught:
            projects.resolved("broken")
        errors.append(caught.value)
    (entry,) = from_file.cache.entries.values()
    assert isinstance(entry.value, Unusable)
    assert (entry.value.__traceback__, entry.value.__context__) == (None, None)
    assert len({id(error) for error in [*errors, entry.value]}) == 4
    assert len({str(error) for error in errors}) == 1


def test_an_error_of_one_of_several_operations_is_kept_too(projects, reads):
    projects.write("shop/_operations/check.yaml", "kind: operation\nlevle: run\n---\nkind: pipeline\n")
    time.sleep(0.02)
    request = BuildRequest("acme", "shop", "custom", "", "", action="check")
    for _ in range(2):
        with pytest.raises(Unusable, match="did you mean `level`"):
            resolve(request, projects.tree)
    assert reads == ["shop/_operations/check.yaml"]
