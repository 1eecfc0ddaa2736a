"""A path in the tree → its text, and nothing outside the tree."""

import os
import re
import socket
import stat
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.errors import TreeUnavailable, Unusable, Vanished
from pipelines.tree.files import LARGEST_FILE
from pipelines.tree.tree import Tree


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "outside.yaml").write_text("kind: outside\n")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "x.yaml").write_text("kind: outside\n")
    root = tmp_path / "projects"
    (root / "edrone").mkdir(parents=True)
    (root / "edrone" / "master.yaml").write_text("kind: pipeline\n")
    return root


def find(root: Path, path: str) -> tuple[str, str] | None:
    with Tree(root).snapshot() as snapshot:
        source = snapshot.find(path)
        return (source.path, source.text) if source else None


def unusable(root: Path, path: str, message: str) -> None:
    with pytest.raises(Unusable, match="^projects/" + re.escape(path.removesuffix(".yaml")) + r"\.ya?ml.*" + message):
        find(root, path)


def test_it_reads_a_file(root):
    assert find(root, "edrone/master.yaml") == ("edrone/master.yaml", "kind: pipeline\n")


def test_it_finds_nothing_where_nothing_is(root):
    for path in (
        "edrone/develop.yaml",
        "shop/master.yaml",
        "edrone/master.yaml/x.yaml",
        "x" * 255 + ".yaml",
        "x/" * 2500 + "y.yaml",
    ):
        assert find(root, path) is None


def test_the_other_ending_is_accepted(root):
    (root / "edrone" / "develop.yml").write_text("kind: x\n")
    assert find(root, "edrone/develop.yaml") == ("edrone/develop.yml", "kind: x\n")


def test_both_endings_are_an_error(root):
    (root / "edrone" / "master.yml").write_text("kind: x\n")
    unusable(root, "edrone/master.yaml", "master.yml is there too")


TEXTS = [
    "a: 1\r\nb: 2\r\n",
    "\ufeffkind: x\n",
    "名称: 中文\n",
    "🚀: \u2028 \u2029 \x85\n",
    "no end of line",
    "a\rb",
    "\x00\x01",
    "# only a comment\n",
    "---\n",
]


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_is_given_to_the_last_byte(root, text):
    (root / "x.yaml").write_bytes(text.encode())
    assert find(root, "x.yaml") == ("x.yaml", text)


@given(st.text(min_size=1).filter(lambda text: text.strip("\ufeff \t\r\n")))
def test_any_text_is_given_to_the_last_byte(tmp_path_factory, text):
    root = tmp_path_factory.mktemp("tree", numbered=True)
    (root / "x.yaml").write_bytes(text.encode())
    source = find(root, "x.yaml")
    assert source
    assert source[1].encode() == text.encode()


@pytest.mark.parametrize("content", [b"", b"\n", b" \r\n\t", b"\xef\xbb\xbf", b"\xef\xbb\xbf\n"])
def test_an_empty_file_is_an_error(root, content):
    (root / "x.yaml").write_bytes(content)
    unusable(root, "x.yaml", "is empty")


def test_what_is_not_utf8_is_an_error_with_its_line(root):
    (root / "x.yaml").write_bytes(b"a: 1\nb: \xff\n")
    unusable(root, "x.yaml", r":2: is not UTF-8 text \(byte 0xff\)")


def test_a_file_past_the_limit_is_an_error(root):
    (root / "x.yaml").write_bytes(b"x" * LARGEST_FILE)
    assert find(root, "x.yaml")
    (root / "x.yaml").write_bytes(b"x" * (LARGEST_FILE + 1))
    unusable(root, "x.yaml", "larger than")


def test_a_folder_in_the_place_of_a_file_is_an_error(root):
    (root / "edrone" / "develop.yaml").mkdir()
    unusable(root, "edrone/develop.yaml", "is a folder")


def test_a_pipe_is_an_error_and_does_not_block(root):
    os.mkfifo(root / "x.yaml")
    unusable(root, "x.yaml", "device, socket or pipe")


def test_a_socket_is_an_error(root):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(root / "x.yaml"))
        unusable(root, "x.yaml", "device, socket or pipe")


def test_a_device_is_an_error(root):
    (root / "x.yaml").symlink_to("/dev/zero")
    unusable(root, "x.yaml", "leaves the tree")
    if os.geteuid() == 0:  # only root may make devices
        os.mknod(root / "y.yaml", stat.S_IFCHR | 0o600, os.makedev(1, 5))
        unusable(root, "y.yaml", "device, socket or pipe")


def test_links_inside_the_tree_are_followed(root):
    (root / "link.yaml").symlink_to("edrone/master.yaml")
    (root / "other").symlink_to("edrone")
    (root / "absolute.yaml").symlink_to(root / "edrone" / "master.yaml")
    (root / "again.yaml").symlink_to("other/master.yaml")
    for path in ("link.yaml", "other/master.yaml", "absolute.yaml", "again.yaml"):
        assert find(root, path) == (path, "kind: pipeline\n")


@pytest.mark.parametrize("target", ["../outside.yaml", "/etc/passwd", "../projects-2/x.yaml", "edrone/../../outside.yaml"])
def test_a_link_out_of_the_tree_is_an_error(root, target):
    (root.parent / "projects-2").mkdir()
    (root.parent / "projects-2" / "x.yaml").write_text("kind: outside\n")
    (root / "x.yaml").symlink_to(target)
    unusable(root, "x.yaml", "leaves the tree")


def test_a_folder_that_is_a_link_out_of_the_tree_is_an_error(root):
    (root / "shop").symlink_to("../outside")
    unusable(root, "shop/x.yaml", "leaves the tree")


@pytest.mark.parametrize(("target", "message"), [("../outside", "leaves the tree"), ("gone", "leads nowhere")])
def test_a_folder_that_leads_astray_is_an_error_also_for_files_that_are_not_behind_it(root, target, message):
    (root / "shop").symlink_to(target)
    (root / "edrone" / "release").symlink_to(f"../{target}")
    for path in ("shop/master.yaml", "edrone/release/default.yaml"):
        with pytest.raises(Unusable, match=message):
            find(root, path)


def test_a_link_to_nothing_and_a_circle_are_errors(root):
    (root / "x.yaml").symlink_to("gone.yaml")
    unusable(root, "x.yaml", "leads nowhere")
    (root / "a.yaml").symlink_to("b.yaml")
    (root / "b.yaml").symlink_to("a.yaml")
    unusable(root, "a.yaml", "leads nowhere|symbolic links")


def test_the_root_may_be_a_link(root):
    (root.parent / "current").symlink_to("projects")
    (root / "link.yaml").symlink_to("edrone/master.yaml")
    assert find(root.parent / "current", "edrone/master.yaml")
    assert find(root.parent / "current", "link.yaml")


def test_a_snapshot_stays_with_the_tree_it_began_with(root):
    swapped = root.parent / "swapped"
    swapped.mkdir()
    current = root.parent / "current"
    current.symlink_to("projects")
    with Tree(current).snapshot() as snapshot:
        assert snapshot.is_current()
        current.unlink()
        current.symlink_to("swapped")
        assert not snapshot.is_current()
        assert snapshot.find("edrone/master.yaml")
    assert find(current, "edrone/master.yaml") is None


def test_a_file_that_goes_away_between_look_and_read_has_vanished(root):
    with Tree(root).snapshot() as snapshot:
        spot = snapshot.file_at("edrone/master.yaml")
        assert spot
        (root / "edrone" / "master.yaml").unlink()
        with pytest.raises(Vanished):
            snapshot.read(spot)


@pytest.mark.parametrize(
    ("make", "message"),
    [(lambda root: None, "does not exist"), (lambda root: root.write_text("x"), "is not a folder"), (lambda root: root.symlink_to("gone"), "does not exist")],
)  # fmt: skip
def test_a_tree_that_is_not_there_is_an_error_that_names_the_setting(tmp_path, make, message):
    root = tmp_path / "tree"
    make(root)
    with pytest.raises(TreeUnavailable, match=f"EDRONE_PROJECTS.*{message}"):
        find(root, "default.yaml")
    assert message in Tree(root).problem()


def as_nobody(action: Callable[[], str]) -> str:
    """Do something as a user without rights, in a process of its own, since tests may run as root."""
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 warns of threads; the child starts none
        child = os.fork()
    if child == 0:
        try:
            if os.geteuid() == 0:
                os.setgid(65534)
                os.setuid(65534)
            os.write(writer, action().encode())
        finally:
            os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    with os.fdopen(reader, "rb") as pipe:
        return pipe.read().decode()


def complaint(root: Path, path: str) -> str:
    try:
        return repr(find(root, path))
    except (Unusable, TreeUnavailable) as error:
        return str(error)


@pytest.fixture
def open_root(root: Path) -> Path:
    """Let a user without rights reach the tree."""
    for folder in (root, *root.parents):
        if folder.owner() == Path.home().owner() and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o755)
    return root


def test_what_may_not_be_read_is_an_error_and_never_skipped(open_root):
    (open_root / "default.yaml").write_text("kind: x\n")
    (open_root / "edrone" / "master.yaml").chmod(0)
    assert (
        as_nobody(lambda: complaint(open_root, "edrone/master.yaml"))
        == "projects/edrone/master.yaml: cannot be read: Permission denied."
    )
    (open_root / "edrone").chmod(0)
    assert (
        as_nobody(lambda: complaint(open_root, "edrone/master.yaml"))
        == "projects/edrone/master.yaml: cannot be read: Permission denied."
    )
    open_root.chmod(0)
    assert "cannot be read: Permission denied" in as_nobody(lambda: complaint(open_root, "default.yaml"))
    assert "cannot be read: Permission denied" in as_nobody(lambda: Tree(open_root).problem())
    open_root.chmod(0o755)
    (open_root / "edrone").chmod(0o755)
