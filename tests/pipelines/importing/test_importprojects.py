"""`manage.py importprojects`: repositories' own files brought into the tree."""

import os
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from pipelines.importing.clones import NoClone, slug_of
from tests import drones

TEXT = "kind: pipeline\r\nname: a  \n# 默认\n"


@pytest.fixture
def root(tmp_path: Path, settings) -> Path:
    folder = tmp_path / "projects"
    folder.mkdir()
    settings.EDRONE_PROJECTS = folder
    settings.EDRONE_NAMESPACES = frozenset()
    return folder


@pytest.fixture
def clone(tmp_path):
    """Make a clone."""

    def make(remote: str, text: str | bytes | None = TEXT, name: str = "", file: str = ".drone.yml") -> str:
        folder = tmp_path / "clones" / (name or remote.replace("/", "_"))
        folder.mkdir(parents=True)
        subprocess.run(["git", "-C", str(folder), "init", "--quiet"], check=True)
        if remote:
            subprocess.run(["git", "-C", str(folder), "remote", "add", "origin", remote], check=True)
        if text is not None:
            (folder / file).write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(folder)

    return make


def run(capsys, *arguments: str) -> str:
    call_command("importprojects", *arguments)
    return str(capsys.readouterr().out)


def refused(capsys, *arguments: str) -> str:
    """Import what cannot be imported, and give what is said of each folder."""
    with pytest.raises(
        CommandError, match=r"^Nothing to import\. A folder must be a git clone with a remote and with a \.drone\.yml"
    ):
        call_command("importprojects", *arguments)
    return str(capsys.readouterr().out)


def partly_refused(capsys, *arguments: str) -> str:
    """Import what can be imported only in part, and give what is said of each folder."""
    with pytest.raises(CommandError, match=r"^[1-9]\d* of \d+ not imported: the lines above say why\."):
        call_command("importprojects", *arguments)
    return str(capsys.readouterr().out)


def files(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if not path.is_dir())


@pytest.mark.parametrize(
    ("remote", "slug"),
    [
        ("git@github.com:octocat/hello.git", ("octocat", "hello")),
        ("git@github.com:octocat/hello", ("octocat", "hello")),
        ("github.com:octocat/hello.git", ("octocat", "hello")),
        ("https://github.com/octocat/hello.git", ("octocat", "hello")),
        ("https://github.com/octocat/hello/", ("octocat", "hello")),
        ("https://user:ghp_x@github.com/octocat/hello.git", ("octocat", "hello")),
        ("https://user:gh@p_x@github.com/octocat/hello.git", ("octocat", "hello")),
        ("https://git.company.com:8443/group/sub/deep/hello.git", ("group/sub/deep", "hello")),
        ("ssh://git@git.company.com:2222/group/hello.git", ("group", "hello")),
        ("ssh://git@[::1]:2222/group/hello.git", ("group", "hello")),
        ("git@[fe80::1]:group/hello.git", ("group", "hello")),
        ("git@gitlab.com:group/sub/hello.git", ("group/sub", "hello")),
        ("git@host:/group/hello.git", ("group", "hello")),
        ("git://host/group/hello.git", ("group", "hello")),
        ("https://bitbucket.company.com/scm/team/hello.git", ("team", "hello")),
        ("https://github.com/octocat/hello.github.io.git", ("octocat", "hello.github.io")),
    ],
)  # fmt: skip
def test_the_remote_names_the_repository(remote, slug):
    assert slug_of(remote) == slug


@pytest.mark.parametrize(
    "remote",
    ["/srv/git/hello.git", "../hello", "file:///srv/git/a/hello.git", "https://github.com/hello", "git@host:hello.git", "",
     "https://me:x/y@host/a/hello.git", "ext::sh -c a/hello", "codecommit::eu/a/hello"],
)  # fmt: skip
def test_a_remote_without_namespace_and_name_is_refused(remote):
    with pytest.raises(NoClone):
        slug_of(remote)


@pytest.mark.parametrize(
    "remote",
    ["https://me:ghp_secret@github.com/hello", "https://me:ghp@secret@github.com/hello", "https://me:x/secret@github.com/a/hello",
     "https://github.com/hello?private_token=secret", "me:secret@github.com:hello", "https://secret@github.com/hello#secret"],
)  # fmt: skip
def test_the_password_of_a_remote_is_not_repeated(remote):
    with pytest.raises(NoClone, match=r"its remote (https://)?github\.com[/:]") as caught:
        slug_of(remote)
    assert "secret" not in str(caught.value)


def test_of_several_addresses_of_a_remote_the_first_counts_as_for_git(root, clone, capsys):
    folder = clone("git@host:a/hello.git")
    subprocess.run(["git", "-C", folder, "remote", "set-url", "--add", "origin", "git@host:mirror/hello.git"], check=True)
    assert "(a/hello): is now" in run(capsys, folder)


@pytest.mark.parametrize(
    ("settings_of_git", "said"),
    [
        ("[core\n", "it is not a git clone that git can read: bad config line 1 in file "),
        ('[remote "origin"]\n\tpushurl = x\n', "its git remote origin has no address."),
    ],
)
def test_why_git_cannot_tell_is_said(root, clone, capsys, settings_of_git, said):
    folder = clone("git@host:a/hello.git")
    Path(folder, ".git", "config").write_text(settings_of_git)
    assert f"not imported: {said}" in refused(capsys, folder)


def test_a_bare_repository_has_no_file_to_import(root, clone, tmp_path, capsys):
    subprocess.run(["git", "init", "--quiet", "--bare", str(tmp_path / "hello.git")], check=True)
    for folder in (str(tmp_path / "hello.git"), f"{clone('git@host:a/hello.git')}/.git"):
        assert "not imported: it is a repository without a work tree; clone it." in refused(capsys, folder)


def test_that_git_is_missing_is_said(root, clone, capsys, monkeypatch):
    folder = clone("git@host:a/hello.git")
    monkeypatch.setenv("PATH", "/nowhere")
    assert "not imported: git cannot be run: No such file or directory." in refused(capsys, folder)


def test_a_pipe_is_not_waited_for(root, clone, capsys):
    folder = clone("git@host:a/hello.git", text=None)
    os.mkfifo(f"{folder}/.drone.yml")
    assert "not imported: its .drone.yml is not a file." in refused(capsys, folder)


def test_files_are_imported_byte_for_byte(root, clone, capsys):
    out = run(
        capsys, clone("git@github.com:octocat/hello.git"), clone("https://github.com/octocat/world", "kind: pipeline\nname: b")
    )
    assert files(root) == ["hello/default.yaml", "world/default.yaml"]
    assert (root / "hello" / "default.yaml").read_bytes() == TEXT.encode()
    assert (root / "world" / "default.yaml").read_bytes() == b"kind: pipeline\nname: b"
    assert (root / "world" / "default.yaml").stat().st_mode & 0o777 == 0o644
    assert "(octocat/hello): is now projects/hello/default.yaml" in out
    assert "2 of 2 imported." in out


def test_a_dry_run_writes_nothing(root, clone, capsys):
    out = run(capsys, "--dry-run", clone("git@github.com:octocat/hello.git"))
    assert files(root) == []
    assert list(root.iterdir()) == []
    assert "would become projects/hello/default.yaml" in out


@pytest.mark.parametrize("ending", ["yaml", "yml"])
def test_nothing_is_overwritten(root, clone, capsys, ending):
    (root / "hello").mkdir()
    (root / "hello" / f"default.{ending}").write_text("mine\n")
    folder = clone("git@github.com:octocat/hello.git")
    assert f"projects/hello/default.{ending} is there already, and another text; it is never overwritten" in refused(
        capsys, folder
    )
    assert files(root) == [f"hello/default.{ending}"]
    assert (root / "hello" / f"default.{ending}").read_text() == "mine\n"


def test_a_second_run_finds_everything_there(root, clone, capsys):
    folder = clone("git@github.com:octocat/hello.git")
    run(capsys, folder)
    assert "is there already, and the same" in run(capsys, folder)


def test_a_twin_that_comes_in_a_later_run_is_told_where_it_belongs(root, clone, capsys):
    run(capsys, clone("git@host:a/hello.git"))
    out = refused(capsys, clone("git@host:b/hello.git", "kind: pipeline\nname: other\n"))
    assert "never overwritten; if it is another repository's, import this one by hand as projects/@b/hello/default.yaml." in out
    assert files(root) == ["hello/default.yaml"]


def test_two_repositories_of_one_name_get_folders_of_their_namespaces(root, clone, capsys):
    run(capsys, clone("git@host:a/hello.git"), clone("git@host:g/sub/hello.git"), clone("git@host:a/other.git"))
    assert files(root) == ["@a/hello/default.yaml", "@g/sub/hello/default.yaml", "other/default.yaml"]


@pytest.mark.parametrize("file", ["default.yaml", "main.yaml"])
def test_what_the_tree_has_for_a_name_is_never_hidden_by_a_nearer_file(root, clone, capsys, file):
    (root / "hello").mkdir()
    (root / "hello" / file).write_text(f"{TEXT}# edited in the tree\n")
    out = refused(capsys, clone("git@host:a/hello.git"), clone("git@host:b/hello.git"))
    for namespace in "ab":
        assert f"import this one by hand as projects/@{namespace}/hello/default.yaml" in out
    assert files(root) == [f"hello/{file}"]


def test_the_repository_that_a_plain_folder_was_made_for_is_found_there_beside_a_twin(root, clone, capsys):
    first = clone("git@host:a/hello.git")
    run(capsys, first)
    out = partly_refused(capsys, first, clone("git@host:b/hello.git", f"{TEXT}# another\n"))
    assert "(a/hello): not imported: projects/hello/default.yaml is there already, and the same." in out
    assert files(root) == ["hello/default.yaml"]


def test_a_file_in_place_of_a_folder_stops_only_the_repository_of_that_name(root, clone, capsys):
    (root / "docs").touch()
    out = partly_refused(capsys, clone("git@host:a/docs.git"), clone("git@host:a/hello.git"))
    assert "(a/docs): not imported: projects/docs is or lies behind a file, or a link " in out
    assert files(root) == ["docs", "hello/default.yaml"]


def test_a_namespace_that_may_not_use_plain_folders_gets_one_of_its_own(root, clone, capsys, settings):
    settings.EDRONE_NAMESPACES = frozenset({"a"})
    run(capsys, clone("git@host:a/x.git"), clone("git@host:b/y.git"))
    assert files(root) == ["@b/y/default.yaml", "x/default.yaml"]


def test_what_cannot_be_imported_is_told_and_the_rest_goes_on(root, clone, capsys, tmp_path):
    (tmp_path / "plain").mkdir()
    within = Path(clone("git@host:a/within.git")) / "docs"
    within.mkdir()
    only, several = clone("", name="only"), clone("", name="several")
    for folder, remote in ((only, "upstream"), (several, "one"), (several, "two")):
        subprocess.run(["git", "-C", folder, "remote", "add", remote, "git@host:a/only.git"], check=True)
    cases = {
        only: "is now projects/only/default.yaml",
        several: "it has several git remotes (one, two) and none is called origin",
        str(within): "it is a folder within a clone, not a clone",
        clone("", name="no-remote"): "has no git remote",
        clone("git@host:a/none.git", None): "has no .drone.yml",
        clone("git@host:a/empty.git", " \n"): "is empty",
        clone("git@host:a/latin.git", b"\xe4"): "is not UTF-8",
        clone("git@host:a/_x.git"): "is reserved",
        clone("git@host:a/extending.git", "extends: x.yaml\n"): "has a key `extends`",
        clone("git@host:a/twice.git") + "/.git/..": "is now projects/twice/default.yaml",
        clone("https://host/a/twice.git", name="again"): "is the same repository as",
        str(tmp_path / "gone"): "there is no such folder",
        str(tmp_path / "plain"): "is not a git clone",
    }
    out = partly_refused(capsys, clone("git@host:a/good.git"), *cases)
    for folder, message in cases.items():
        (line,) = [line for line in out.splitlines() if line.startswith((f"{folder} ", f"{folder}:"))]
        assert message in line
    assert files(root) == ["good/default.yaml", "only/default.yaml", "twice/default.yaml"]


@pytest.mark.parametrize("link", ["hello", "@a", "@a/hello"])
@pytest.mark.parametrize("target", ["../outside", "/nowhere", "gone"])
def test_nothing_is_written_through_a_link_that_leaves_the_tree(root, clone, capsys, settings, link, target):
    settings.EDRONE_NAMESPACES = frozenset({"a"} if link == "hello" else {"b"})
    outside = root.parent / "outside"
    outside.mkdir()
    (root / link).parent.mkdir(exist_ok=True)
    (root / link).symlink_to(outside if target == "../outside" else target)
    out = partly_refused(capsys, clone("git@host:a/hello.git"), clone("git@host:b/good.git"))
    assert "a link that leaves the tree or leads nowhere" in out
    assert "1 of 2 imported." in out
    assert list(outside.rglob("*")) == []


def test_a_link_within_the_tree_is_followed(root, clone, capsys):
    (root / "there").mkdir()
    (root / "hello").symlink_to("there")
    assert "1 of 1 imported." in run(capsys, clone("git@host:a/hello.git"))
    assert (root / "there" / "default.yaml").is_file()


def test_a_tree_that_is_not_there_is_not_made(root, clone):
    root.rmdir()
    with pytest.raises(CommandError, match="make it first"):
        call_command("importprojects", clone("git@host:a/b.git"))


@pytest.mark.parametrize(
    ("file", "command"), [(".drone.jsonnet", "drone jsonnet --stream"), (".drone.star", "drone starlark"), (".drone.starlark", "--source .drone.starlark")]
)  # fmt: skip
def test_what_to_do_with_a_program_that_makes_the_yaml_is_said(root, clone, capsys, file, command):
    out = refused(capsys, clone("git@host:a/shop.git", "local x = 1;", file=file))
    assert f": not imported: its {file} is a program that makes the YAML" in out
    assert f"{command}` write .drone.yml there" in out
    assert "`drone repo update --config .drone.yml a/shop`" in out
    assert files(root) == []


def test_a_program_that_drone_reads_is_told_with_its_path(root, clone, capsys):
    out = refused(capsys, clone("git@host:a/shop.git", "local x = 1;", file="build.jsonnet"), "--path", "build.jsonnet")
    assert "`drone jsonnet --stream --source build.jsonnet` write .drone.yml there" in out


@pytest.mark.parametrize("file", [".drone.yaml", ".drone/drone.yml", "drone.yml", ".drone/drone.yaml", "drone.yaml"])
def test_the_usual_other_paths_are_looked_at(root, clone, capsys, file):
    folder = clone("git@host:a/shop.git", None)
    (Path(folder) / file).parent.mkdir(exist_ok=True)
    (Path(folder) / file).write_text(TEXT)
    run(capsys, folder)
    assert (root / "shop" / "default.yaml").read_bytes() == TEXT.encode()


def test_a_path_that_is_named_counts_alone_and_of_several_the_first(root, clone, capsys):
    folder = clone("git@host:a/shop.git", "kind: pipeline\nname: usual\n")
    (Path(folder) / "ci").mkdir()
    (Path(folder) / "ci" / "build.yml").write_text(TEXT)
    assert "it has no other.yml; it has .drone.yml: if that is meant, import it with --path .drone.yml." in refused(
        capsys, folder, "--path", "other.yml"
    )
    run(capsys, folder, "--path", "other.yml", "--path", "ci/build.yml")
    assert (root / "shop" / "default.yaml").read_bytes() == TEXT.encode()


@pytest.mark.parametrize("path", ["../secret.yml", "/etc/hostname"])
def test_a_path_never_leads_out_of_the_clone(root, clone, capsys, path):
    folder = clone("git@host:a/shop.git")
    (Path(folder).parent / "secret.yml").write_text(TEXT)
    assert f"its {path} is a link that leaves the clone" in refused(capsys, folder, "--path", path)


def test_what_is_there_instead_is_said(root, clone, capsys):
    folder = clone("git@host:a/shop.git", None)
    for file in ("ci/drone-build.yml", ".gitlab-ci.yml", "Jenkinsfile"):
        (Path(folder) / file).parent.mkdir(exist_ok=True)
        (Path(folder) / file).write_text("x: y\n")
    assert "it has no .drone.yml or .drone.yaml; it has ci/drone-build.yml, .gitlab-ci.yml, Jenkinsfile." in refused(
        capsys, folder
    )


def test_names_that_differ_in_case_only_are_told(root, clone, capsys):
    (root / "WEB").mkdir()
    out = run(capsys, clone("git@host:a/Shop.git"), clone("git@host:a/shop.git", name="other"), clone("git@host:a/web.git"))
    assert "projects/Shop/ and projects/shop/ differ in upper and lower case only: a checkout on macOS" in out
    assert "projects/web/ and projects/WEB/ differ in upper and lower case only" in out


def test_signatures_are_told(root, clone, capsys):
    signed = clone("git@host:a/signed.git", f"{TEXT}---\nkind: signature\nhmac: abc\n")
    out = run(capsys, signed, clone("git@host:a/plain.git"))
    assert "which is right only while not a byte changes" in out
    assert out.count("a/signed.") == 1
    assert "a/plain." not in out


@pytest.mark.parametrize(
    "part",
    ["volumes:\n- name: docker\n  host: {path: /var/run/docker.sock}\n", "volumes: [{name: a, temp: {medium: memory}}]\n",
     "steps:\n- {name: a, privileged: true}\n", "services:\n- {name: a, network_mode: host}\n", "steps:\n- {name: a, devices: [{name: x}]}\n"],
)  # fmt: skip
def test_what_only_trusted_repositories_may_is_told(root, clone, capsys, part):
    out = run(capsys, clone("git@host:a/trusting.git", f"kind: pipeline\n{part}"), clone("git@host:a/plain.git"))
    assert "for which Drone must trust a repository; look there whether it does: a/trusting." in out


@pytest.mark.parametrize("part", ["volumes: [{name: a, temp: {}}]\n", "steps: [{name: a, privileged: false}]\n", "steps: x\n"])
def test_what_everybody_may_is_not_told(root, clone, capsys, part):
    assert "trust" not in run(capsys, clone("git@host:a/plain.git", f"kind: pipeline\n{part}"))


class TestWithDronesDatabase:
    """It says which file Drone reads, how Drone writes the name, and what Drone allows."""

    @pytest.fixture
    def database(self, db, tmp_path, settings) -> Iterator[Callable[..., None]]:
        path = drones.recorded_sqlite(tmp_path / "drone.sqlite")
        settings.DRONE_DATABASE, settings.EDRONE_DEMO = {"ENGINE": "django.db.backends.sqlite3"}, False

        def change(**columns: object) -> None:
            with closing(sqlite3.connect(path)) as connection, connection:
                values = ", ".join(f"repo_{name} = ?" for name in columns)
                connection.execute(f"UPDATE repos SET {values} WHERE repo_slug = 'ismewen/edrone'", list(columns.values()))

        with drones.connected(drones.sqlite_database(path)):
            yield change

    def test_the_file_that_drone_reads_is_taken(self, root, clone, capsys, database):
        database(config="ci/drone.yml")
        folder = clone("git@host:ismewen/edrone.git", "kind: pipeline\nname: not-read\n")
        out = refused(capsys, folder)
        assert (
            "Drone reads its ci/drone.yml, which is not there; it has .drone.yml: if that is meant, import it with --path" in out
        )
        (Path(folder) / "ci").mkdir()
        (Path(folder) / "ci" / "drone.yml").write_text(TEXT)
        run(capsys, folder)
        assert (root / "edrone" / "default.yaml").read_bytes() == TEXT.encode()

    def test_a_program_that_drone_reads_is_not_imported(self, root, clone, capsys, database):
        database(config="ci/build.star")
        folder = clone("git@host:ismewen/edrone.git")
        (Path(folder) / "ci").mkdir()
        (Path(folder) / "ci" / "build.star").write_text("x")
        assert "its ci/build.star is a program that makes the YAML" in refused(capsys, folder)

    def test_the_name_is_written_as_drone_writes_it(self, root, clone, capsys, database):
        out = run(capsys, clone("git@host:Ismewen/EDrone.git"))
        assert files(root) == ["edrone/default.yaml"]
        assert "writes Ismewen/EDrone; Drone's spelling counts, and is used." in out

    def test_repositories_that_drone_does_not_know_are_told(self, root, clone, capsys, database):
        out = run(capsys, clone("git@host:ismewen/edrone.git"), clone("git@host:nobody/knows.git"))
        assert "Drone does not know these, so it builds nothing of them: nobody/knows." in out

    def test_rights_and_protection_are_told(self, root, clone, capsys, database):
        text = "kind: pipeline\nsteps: [{name: a, privileged: true}]\n"
        database(trusted=0, protected=1)
        out = run(capsys, "--dry-run", clone("git@host:ismewen/edrone.git", text))
        assert "Drone does not trust them, so runners refuse their builds: ismewen/edrone." in out
        assert "their files are not signed, so it holds their pushes for approval, as it did before: ismewen/edrone." in out
        database(trusted=1, protected=0)
        out = run(capsys, clone("git@host:ismewen/edrone.git", text, name="again"))
        assert "trust" not in out
        assert "approval" not in out

    def test_a_database_that_is_away_is_said_and_hinders_nothing(self, root, clone, capsys, db, settings, tmp_path):
        settings.DRONE_DATABASE, settings.EDRONE_DEMO = {"ENGINE": "django.db.backends.sqlite3"}, False
        with drones.connected(drones.sqlite_database(tmp_path / "gone.sqlite")):
            call_command("importprojects", clone("git@host:a/b.git"))
        out, errors = capsys.readouterr()
        assert "Which files Drone reads is not known: " in errors
        assert "1 of 1 imported." in out
