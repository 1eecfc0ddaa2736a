"""`manage.py showconfig SLUG --build N`: what a build was served."""

import pytest
from django.core.management import CommandError, call_command

from configs.client import drone_request
from tests.conftest import push

pytestmark = pytest.mark.usefixtures("records")


def served(drone, number, created):
    drone.post(drone_request.body(push(repo_id=1, after=str(created), number=number, build_id=number), created=created))


def test_it_prints_what_the_build_was_served(tree, drone, capsys):
    root = tree({"edrone/master.yaml": "extends: _shared/a.yaml\n", "_shared/a.yaml": "kind: pipeline\nname: x\n"})
    served(drone, 7, 1)
    (root / "edrone/master.yaml").unlink()
    call_command("showconfig", "ismewen/edrone", build=7)
    assert capsys.readouterr().out == "kind: pipeline\nname: x\n"
    call_command("showconfig", "ismewen/edrone", build=7, explain=True)
    assert capsys.readouterr().out.startswith("# projects/_shared/a.yaml:1\nkind: pipeline\n")


def test_it_compares_two_builds(tree, drone, capsys):
    root = tree({"default.yaml": 'kind: pipeline\ntype: "a\u2028b"\nname: x'})
    served(drone, 7, 1)
    (root / "default.yaml").write_text('kind: pipeline\ntype: "a\u2028b"\nname: y\n')
    served(drone, 8, 2)
    (root / "default.yaml").write_text("kind: repository\n")
    served(drone, 9, 3)
    call_command("showconfig", "ismewen/edrone", build=8, diff=7)
    shown = capsys.readouterr().out
    assert shown.startswith("--- projects/default.yaml (ismewen/edrone build 7, ")
    assert shown.endswith(' type: "a\u2028b"\n-name: x\n\\ No newline at end of file\n+name: y\n')
    call_command("showconfig", "ismewen/edrone", build=8, diff=8)
    assert capsys.readouterr().out == ""
    call_command("showconfig", "ismewen/edrone", build=9)
    assert "uses its own file" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--build", "1"], "No record is known to be of build 1 of ismewen/edrone"),
        (["--build", "0"], "0 is no number of a build"),
        (["--build", "9" * 30], "is no number of a build"),
        (["--diff", "1"], "name the other one with --build"),
        (["master", "--build", "1"], "leave out BRANCH"),
    ],
)
def test_what_cannot_be_shown_is_said(arguments, message):
    with pytest.raises(CommandError, match=message):
        call_command("showconfig", "ismewen/edrone", *arguments)


def test_a_missing_secret_key_is_said(settings, recorded_drone):
    settings.SECRET_KEY = ""
    with pytest.raises(CommandError, match="SECRET_KEY is not set"):
        call_command("showconfig", "ismewen/edrone", build=7)


def test_a_database_without_tables_is_said(monkeypatch):
    monkeypatch.setattr("configs.records.models.ServedConfig._meta.db_table", "nowhere")
    with pytest.raises(CommandError, match=r"run manage\.py migrate. \(no such table: nowhere"):
        call_command("showconfig", "ismewen/edrone", build=1)
