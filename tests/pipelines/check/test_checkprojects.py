"""`manage.py checkprojects`: what it prints, and how it ends."""

import io
import json
import os

import pytest
from django.core.management import CommandError, call_command

from tests.server import ROOT, manage

GOOD = "kind: pipeline\nname: a\ntrigger:\n  event: [push]\nsteps:\n- name: x\n  image: y\n"
BAD = f"{GOOD}platform: {{os: 'plan9\t,%'}}\n"
WARNED = f"{GOOD}typo: 1\n"


def run(capsys, *arguments: str) -> tuple[int, str, str]:
    code = 0
    try:
        call_command("checkprojects", *arguments)
    except SystemExit as ended:
        code = int(str(ended.code))
    out, err = capsys.readouterr()
    return code, out, err


@pytest.mark.slow
def test_the_sample_tree_is_without_a_finding():
    done = manage("checkprojects")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.startswith("0 errors, 0 warnings in projects/ ")


def test_one_line_a_finding_and_exit_code_1_on_errors_only(tree, capsys):
    root = tree({"a/default.yaml": BAD, "b/default.yaml": WARNED})
    code, out, err = run(capsys)
    assert code == 1
    lines = out.splitlines()
    assert lines[0].startswith(
        f'{root}/a/default.yaml:8:16: error unsupported-os Drone has no docker pipelines for os "plan9\\t,%"'
    )
    assert lines[1].startswith(f"{root}/b/default.yaml:8:1: warning unknown-key ")
    assert len(lines) == 2
    assert err.startswith("1 error, 1 warning in ")
    tree({"a/default.yaml": GOOD})
    assert run(capsys)[0] == 0


def test_it_speaks_to_github(tree, capsys):
    root = tree({"a/x,y/100%.yaml": BAD})
    (line,) = run(capsys, "--format", "github")[1].splitlines()
    path = f"{root}/a/x%2Cy/100%25.yaml".replace(":", "%3A")
    assert line.startswith(f"::error file={path},line=8,col=16,title=unsupported-os::")
    assert "plan9\t,%25" in line


def test_it_writes_json(tree, capsys):
    root = tree({"a/default.yaml": WARNED})
    (found,) = json.loads(run(capsys, "--format", "json")[1])
    assert (found["path"], found["line"], found["column"]) == (f"{root}/a/default.yaml", 8, 1)
    assert (found["severity"], found["id"]) == ("warning", "unknown-key")
    tree({"a/default.yaml": GOOD})
    assert json.loads(run(capsys, "--format", "json")[1]) == []


@pytest.mark.parametrize("named", ["a", "a/default.yaml", "./a/", "{root}/a", "{root}/a/default.yaml"])
def test_files_and_folders_are_named_from_here_or_from_the_root(tree, capsys, named):
    root = tree({"a/default.yaml": BAD, "b/default.yaml": BAD, "ab/default.yaml": BAD})
    code, out, _ = run(capsys, named.format(root=root))
    assert code == 1
    assert [line.split(":")[0] for line in out.splitlines()] == [f"{root}/a/default.yaml"]


def test_the_whole_tree_is_known_where_a_part_is_checked(tree, capsys):
    tree({"a/default.yaml": GOOD + "- extends: _shared/s.yaml\n", "_shared/s.yaml": "name: s\nimage: s\n"})
    assert run(capsys, "_shared")[:2] == (0, "")
    assert run(capsys, "a", "_shared/s.yaml")[:2] == (0, "")


@pytest.mark.parametrize("named", ["_shared/bad.yaml", "_shared", "a", "a/default.yaml"])
def test_a_mistake_belongs_to_the_file_where_it_stands_and_to_those_that_serve_it(tree, capsys, named):
    root = tree(
        {
            "a/default.yaml": GOOD + "- extends: _shared/bad.yaml\n",
            "b/default.yaml": BAD,
            "_shared/bad.yaml": "name: s\ncommands: [x]\n",
        }
    )
    code, out, _ = run(capsys, named)
    assert (code, out.count("\n")) == (1, 1)
    assert out.startswith(f"{root}/_shared/bad.yaml:1:1: error step-without-image ")


@pytest.mark.parametrize("named", ["a/default.yaml", "a/default.yml", "a"])
def test_that_both_endings_are_there_is_told_of_either(tree, capsys, named):
    tree({"a/default.yaml": GOOD, "a/default.yml": GOOD, "b/default.yaml": GOOD})
    assert "both-endings" in run(capsys, named)[1]
    assert "both-endings" not in run(capsys, "b")[1]


@pytest.mark.parametrize("named", ["nowhere", "a/nothing.yaml", "/etc/passwd", ".."])
def test_a_path_that_is_not_in_the_tree_is_refused(tree, named):
    tree({"a/default.yaml": GOOD})
    with pytest.raises(CommandError, match=r"no such file|not in the tree"):
        call_command("checkprojects", named)


@pytest.mark.slow
def test_a_tree_that_is_not_there_is_told():
    done = manage("checkprojects", EDRONE_PROJECTS="/nowhere")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "CommandError: The tree /nowhere (setting EDRONE_PROJECTS) does not exist.\n"


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_progress_is_shown_on_a_terminal_only(tree):
    tree({"a/default.yaml": GOOD})
    for stream, shown in ((Terminal(), True), (io.StringIO(), False)):
        call_command("checkprojects", stderr=stream)
        assert ("1 of 1 files" in stream.getvalue()) is shown


@pytest.mark.slow
def test_several_processes_find_the_same_as_one(tree, capsys, monkeypatch):
    files = {f"p{number}/default.yaml": (GOOD, BAD, WARNED)[number % 3] for number in range(2100)}
    tree(files)
    together = run(capsys)
    monkeypatch.setattr("pipelines.check.processes.MANY", 10_000)
    assert run(capsys)[:2] == together[:2]
    assert together[1].count("\n") == 1400
    assert os.cpu_count()


def test_the_pipeline_of_the_trees_repository_runs_both_commands():
    text = (ROOT / "projects" / "projects" / "default.yaml").read_text()
    assert "manage.py checkprojects" in text
    assert "manage.py compareprojects --format markdown" in text


def test_where_the_tree_is_where_one_stands_the_summary_says_so(tree, capsys, monkeypatch):
    monkeypatch.chdir(tree({"a/default.yaml": WARNED}))
    _, out, err = run(capsys)
    assert out.startswith("a/default.yaml:8:1: warning ")
    assert " in ./ (" in err
