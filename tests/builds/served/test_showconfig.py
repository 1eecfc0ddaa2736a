"""`manage.py showconfig`."""

import pytest
from django.core.management import CommandError, call_command

from tests.server import ROOT, manage


@pytest.fixture(autouse=True)
def files(tree):
    return tree(
        {"edrone/default.yaml": "kind: pipeline\r\nname: 默认\n", "edrone/master.yaml": "", "default.yaml": "kind: repository\n"}
    )


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[str, str]:
    call_command("showconfig", *arguments)
    captured = capsys.readouterr()
    return captured.out, captured.err


def test_it_prints_what_would_be_served_and_nothing_else(capsys):
    assert shown(capsys, "ismewen/edrone", "develop") == ("kind: pipeline\r\nname: 默认\n", "")


def test_it_says_when_the_repository_keeps_its_own_file(capsys):
    out, err = shown(capsys, "octocat/hello")
    assert out == ""
    assert "projects/default.yaml" in err
    assert "own file" in err


def test_it_explains_each_candidate_in_comments_before_the_yaml(capsys):
    out, _ = shown(capsys, "ismewen/edrone", "release/1", "--explain")
    assert out.splitlines() == [
        "# projects/@ismewen/edrone/release/1.yaml: not there (nor as .yml)",
        "# projects/@ismewen/edrone/release/default.yaml: not there (nor as .yml)",
        "# projects/@ismewen/edrone/default.yaml: not there (nor as .yml)",
        "# projects/edrone/release/1.yaml: not there (nor as .yml)",
        "# projects/edrone/release/default.yaml: not there (nor as .yml)",
        "# projects/edrone/default.yaml: taken",
        "# projects/@ismewen/default.yaml: not looked at, since projects/edrone/default.yaml is nearer",
        "# projects/default.yaml: not looked at, since projects/edrone/default.yaml is nearer",
        "kind: pipeline",
        "name: 默认",
    ]


def test_a_tag_and_a_pull_request_are_looked_up_as_drone_would(capsys):
    out, _ = shown(capsys, "ismewen/edrone", "--tag", "v1", "--explain")
    assert "master" not in out
    with pytest.raises(CommandError, match=r"edrone/master\.yaml: is empty"):
        call_command("showconfig", "ismewen/edrone", "master", "--event", "pull_request")


def test_an_error_is_explained_and_ends_the_command(capsys):
    with pytest.raises(CommandError, match=r"^projects/edrone/master\.yaml: is empty"):
        call_command("showconfig", "ismewen/edrone", "master", "--explain")
    assert "# projects/edrone/master.yaml: is there, and cannot serve: " in capsys.readouterr().out


@pytest.mark.parametrize("slug", ["edrone", "/edrone", "ismewen/", ""])
def test_a_slug_must_name_a_repository(slug):
    with pytest.raises(CommandError, match="write namespace/name"):
        call_command("showconfig", slug, "master")


def test_a_branch_and_a_tag_at_once_are_refused():
    with pytest.raises(CommandError, match="not both"):
        call_command("showconfig", "ismewen/edrone", "master", "--tag", "v1")


@pytest.mark.slow
def test_it_needs_no_secret_and_no_database(tmp_path):
    done = manage(
        "showconfig",
        "ismewen/edrone",
        "master",
        EDRONE_STATE=str(tmp_path / "gone" / "x"),
        DATABASE_URL="postgres://u:p@127.0.0.1:1/x",
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.encode() == (ROOT / "tests" / "sample" / "edrone" / "master.yaml").read_bytes()


@pytest.mark.slow
def test_an_error_is_one_line_on_stderr_and_exit_code_1(tmp_path):
    done = manage("showconfig", "ismewen/edrone", EDRONE_PROJECTS=str(tmp_path / "gone"))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"CommandError: The tree {tmp_path}/gone (setting EDRONE_PROJECTS) does not exist.\n"
