"""Every block of commands in a document is run by a test, or its source says why not."""

import re
import subprocess
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.documents import TYPED_BY, Block, blocks_of, documents
from tests.pipelines.compare.examples import write
from tests.server import ROOT

BLOCKS = [block for page in documents() for block in blocks_of(page)]
STEP = "- name: docker\n  image: plugins/docker:20\n"
PIPELINE = "kind: pipeline\ntype: docker\nname: image\ntrigger:\n  event: [push]\nsteps:\n"


def the(page: str, start: str) -> Block:
    (found,) = [block for block in BLOCKS if block.page == page and block.commands[0].startswith(start)]
    return found


def output(block: Block) -> str:
    return "".join(line for line in block.text.splitlines(keepends=True) if not line.startswith("$ "))


def test_every_fence_is_found():
    for page in documents():
        assert 2 * len(blocks_of(page)) == len(re.findall(r"^ *```", (ROOT / page).read_text(), re.MULTILINE)), page


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: f"{block.page}-{block.number}")
def test_a_block_is_run_or_says_why_not(block: Block):
    """`console` is typed, `sh` is not; a block of anything else, such as YAML, holds no commands."""
    if block.language == "sh":
        assert block.reason, block.text
    else:
        assert not block.reason, block.text
    if block.language not in {"console", "sh", ""}:
        assert not re.search(r"^\$ ", block.text, re.MULTILINE), block.text


@pytest.mark.parametrize(("page", "test"), TYPED_BY.items())
def test_the_test_that_types_a_document_is_there(page: str, test: str):
    assert Path(page).name in (ROOT / test).read_text()
    assert any(block.has_commands and not block.reason for block in blocks_of(page))


def test_checks_md_shows_what_checkprojects_prints(
    tmp_path: Path, settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    shown = the("docs/checks.md", ".venv/bin/python manage.py checkprojects")
    settings.EDRONE_PROJECTS = tmp_path / "projects"
    steps = "- extends: _shared/dcoker.yaml\n- name: x\n  image: y\n  imge: y\n"
    head = "kind: pipeline\nname: a\ntrigger:\n  event: [push]\nsteps:\n"
    files = {"shop/default.yaml": head + steps, "_shared/docker.yaml": STEP.replace("- ", "", 1).replace("\n  ", "\n")}
    write(tmp_path / "projects", files)
    with pytest.raises((CommandError, SystemExit)):
        call_command("checkprojects")
    assert output(shown) in capsys.readouterr().out


def test_checks_md_shows_what_compareprojects_prints(
    tmp_path: Path, settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    shown = the("docs/checks.md", ".venv/bin/python manage.py compareprojects")
    root = settings.EDRONE_PROJECTS = tmp_path / "projects"
    names = ["billing/default", "shop/default", "shop/main"]
    write(
        root,
        {f"{name}.yaml": PIPELINE + STEP for name in names} | {f"other{n}/default.yaml": PIPELINE + STEP for n in range(236)},
    )
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b"]
    for command in (
        ["init", "--quiet"],
        ["add", "."],
        ["commit", "--quiet", "--message=x"],
        ["update-ref", "refs/remotes/origin/main", "HEAD"],
    ):
        subprocess.run([*git, *command], check=True)
    write(root, {f"{name}.yaml": PIPELINE + STEP.replace("20", "21") for name in names})
    monkeypatch.chdir(tmp_path)
    call_command("compareprojects", "origin/main")
    assert capsys.readouterr().out == output(shown)


def test_shared_steps_md_shows_where_each_part_comes_from(
    settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    shown = the("docs/shared-steps.md", ".venv/bin/python manage.py showconfig")
    settings.EDRONE_PROJECTS = ROOT / "projects"
    monkeypatch.chdir(ROOT)
    call_command("showconfig", "ismewen/edrone", "master", "--explain")
    assert output(shown).removeprefix("…\n") in capsys.readouterr().out
