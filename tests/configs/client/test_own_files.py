"""The commands that know a repository's own file."""

import contextlib
from pathlib import Path

import pytest
from django.core.management import call_command

from tests.server import Server, manage

OWN = "kind: pipeline\ntype: docker\nname: own\ntrigger: {{event: [push]}}\nsteps:\n- extends: {}\n"


@pytest.fixture
def environment(tree) -> dict[str, str]:
    root = tree({"_shared/a.yaml": "name: shared\nimage: alpine\ncommands: [make]\n", "shop/master.yaml": "kind: pipeline\n"})
    return {"EDRONE_PROJECTS": str(root)}


def file(folder: Path, text: str) -> str:
    path = folder / "own.yml"
    path.write_text(text)
    return str(path)


def test_showconfig_prints_what_drone_would_use(tmp_path: Path, environment: dict[str, str]):
    own = file(tmp_path, OWN.format("_shared/a.yaml"))
    result = manage("showconfig", "shop/cart", "master", "--own", own, "--explain", **environment)
    assert (result.returncode, "# projects/_shared/a.yaml:1\n- name: shared\n" in result.stdout) == (0, True), result.stderr


def test_checkprojects_reports_what_is_wrong(tmp_path: Path, environment: dict[str, str]):
    good, bad = OWN.format("_shared/a.yaml"), OWN.format("shop/master.yaml")
    assert manage("checkprojects", "--own", "shop/cart", file(tmp_path, good), **environment).returncode == 0
    result = manage("checkprojects", "--own", "shop/cart", file(tmp_path, bad), **environment)
    assert (result.returncode, "own.yml:6:3: error extends" in result.stdout) == (1, True), result.stdout + result.stderr


STEP = "name: shared\nimage: alpine\ncommands: [make]\n"
PLAIN = OWN.partition("- extends")[0].format()


@pytest.mark.parametrize(
    ("files", "text", "said"),
    [
        # What Drone's users are not told: which shared file has the mistake, and which.
        ({"_shared/a.yaml": f"{STEP}: [\n"}, OWN.format("_shared/a.yaml"), ["PROJECTS/_shared/a.yaml:4:1: error yaml is not YAML"]),
        ({"_shared/a.yaml": "extends: shop/x.yaml\n"}, OWN.format("_shared/a.yaml"),
         ['PROJECTS/_shared/a.yaml:1:1: error extends "shop/x.yaml": a repository\'s own file may extend _shared/ and @shop/_shared/ only.']),
        ({"_shared/a.yaml": b"\xff"}, OWN.format("_shared/a.yaml"),
         ['OWN:6:3: error extends "_shared/a.yaml": projects/_shared/a.yaml:1: is not UTF-8']),
        ({"_shared/docker.yaml": STEP, "_shares/docker.yaml": STEP}, OWN.format("_shared/dcoker.yaml"),
         ['OWN:6:3: error extends "_shared/dcoker.yaml": no such file; did you mean "_shared/docker.yaml"?']),
        ({"_shared/a.yaml": "kind: repository\n"}, "extends: _shared/a.yaml\n",
         ["OWN:1:1: error extends `kind: repository` is for files of edrone's tree, not for own files."]),
        ({}, "kind: repository\n---\nkind: pipeline\n",
         ["OWN:1:1: error extends `kind: repository` is for files of edrone's tree, not for own files."]),
        # The lines are those of the files, not of what is composed.
        ({"_shared/a.yaml": f"# a\n\n{STEP}imge: x\n"}, "# one\n\n" + OWN.format("_shared/a.yaml") + "\n\n\ntypo: 1\n",
         ["OWN:12:1: warning unknown-key", "PROJECTS/_shared/a.yaml:6:1: warning unknown-key"]),
        ({"_shared/a.yaml": STEP}, OWN.format("_shared/a.yaml") + "  commands:\n  - |\n    a\n    b ${X\n",
         ["OWN:10:7: error substitution"]),
        # What is switched off in the tree, in a shared file and in the own file.
        ({"_shared/a.yaml": f"{STEP}imge: x  # edrone: allow unknown-key\n"}, OWN.format("_shared/a.yaml"), []),
        ({"_shared/a.yaml": f"# edrone: allow no-steps\n{STEP}"}, OWN.format("_shared/a.yaml"), []),
        ({"_shared/a.yaml": STEP}, OWN.format("_shared/a.yaml") + "# edrone: allow unknown-key\ntypo: 1\n", []),
        ({}, f"{PLAIN}- {{name: a, image: b}}\ntypo: 1  # edrone: allow unknown-key\n", []),
        ({}, f"{PLAIN}- {{name: a, image: b}}  # edrone: allow no-steps\n", ["OWN:6:24: warning idle-switch"]),
        ({"_checks.yaml": "off: [unknown-key, no-steps]\n"}, f"{PLAIN}- {{name: a, image: b}}\ntypo: 1\n", []),
        # What is true of most files is told once.
        ({}, f"{PLAIN}- {{name: a, image: b, privileged: true, dns: [a]}}\n", ["OWN:6:23: warning needs-trust"]),
        ({}, PLAIN.replace("event: [push]", "branch: [main]") + "- {name: a, image: b}\n", ["OWN:4:1: warning no-trigger-event"]),
    ],
)  # fmt: skip
def test_checkprojects_says_of_an_own_file_what_it_says_of_files_of_the_tree(
    tmp_path, tree, settings, no_drone, capsys, files, text, said
):
    settings.EDRONE_PROJECTS, settings.EDRONE_NAMESPACES = tree(files), frozenset()
    own = file(tmp_path, text)
    with contextlib.suppress(SystemExit):
        call_command("checkprojects", "--own", "shop/cart", own)
    lines = capsys.readouterr().out.replace(own, "OWN").replace(str(settings.EDRONE_PROJECTS), "PROJECTS").splitlines()
    assert [line[: len(start)] for line, start in zip(lines, said, strict=True)] == said


@pytest.mark.parametrize("command", [["showconfig", "shop/cart", "--own", "F"], ["checkprojects", "--own", "shop/cart", "F"]])
def test_a_file_that_is_not_there_is_a_sentence(environment: dict[str, str], command: list[str]):
    result = manage(*command, **environment)
    assert (result.returncode, result.stderr.strip()) == (1, "CommandError: F: cannot be read: No such file or directory.")


@pytest.mark.parametrize(
    "command",
    [["showconfig", "shop/cart", "--own"], ["checkprojects", "--own", "shop/cart"], ["askconfig", "shop/cart", "--convert"]],
)
def test_no_command_takes_a_file_that_drone_could_not_send(tmp_path: Path, environment: dict[str, str], command: list[str]):
    own = file(tmp_path, OWN.format("_shared/a.yaml") + f"# {'x' * 8 * 1024 * 1024}\n")
    result = manage(*command, own, **environment | {"DRONE_YAML_SECRET": "s"})
    sentence = "CommandError: The body is larger than 8388608 bytes; no pipeline needs so much: make the file smaller."
    assert (result.returncode, result.stderr.strip()) == (1, sentence)


def test_askconfig_plays_drone_at_the_conversion_too(tmp_path: Path, server: Server):
    good = server.manage("askconfig", "shop/cart", "--convert", file(tmp_path, OWN.format("_shared/test.yaml")))
    assert (good.returncode, "- name: test\n" in good.stdout) == (0, True), good.stderr
    bad = server.manage("askconfig", "shop/cart", "--convert", file(tmp_path, OWN.format("edrone/master.yaml")))
    assert (bad.returncode, "edrone: .drone.yml:6:3: extends" in bad.stderr) == (1, True), bad.stderr
    same = server.manage("askconfig", "shop/cart", "--convert", file(tmp_path, "kind: pipeline\n"))
    assert (same.returncode, "extends nothing" in same.stderr) == (0, True), same.stderr
