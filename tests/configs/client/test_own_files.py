"""The commands that know a repository's own file."""

from pathlib import Path

import pytest

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
