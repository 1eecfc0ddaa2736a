"""docs/migrating.md, walked through: its own example, and 60 clones in ten styles, from their own files to the first signed request."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from django.core.management import call_command

from pipelines.tree.tree import Tree
from tests.conftest import Drone, push
from tests.envsubst import SubstitutionError, substituted
from tests.server import ROOT

GUIDE = (ROOT / "docs" / "migrating.md").read_text()
OWN_FILE = "kind: repository\n"
PROBES: tuple[dict[str, str], ...] = (
    {},
    {"DRONE_TAG": "v1.2", "DRONE_BRANCH": "feature/x", "DRONE_COMMIT_SHA": "abc", "USER": "it's # so"},
    {"DRONE_TAG": 'say "x"', "USER": "a: b", "DRONE_BRANCH": "[x"},
)
Style = Callable[[str, int], tuple[str, str]]  # name and number of a repository → path and text of its own file


def plain(name: str, number: int) -> tuple[str, str]:
    return ".drone.yml", (
        f"kind: pipeline\ntype: docker\nname: default\n\nsteps:\n- name: publish-{number}\n  image: plugins/docker:20\n  settings:\n"
        f"    repo: company/{name}\n    registry: registry.company.com\n    tags: ${{DRONE_TAG:-latest}}\n"
        "    username: {from_secret: user}\n    password: {from_secret: password}\ntrigger:\n  event: [push, tag]\n"
    )


def indented(name: str, number: int) -> tuple[str, str]:
    return ".drone.yaml", (
        f"---\nkind: pipeline\ntype: docker\nname: build\n\ntrigger:\n    event:\n        - push\n\nsteps:\n    # tests first\n"
        f"    - name: test\n      image: golang:1.22  # pinned\n      commands:\n          - go vet ./...\n          - |\n"
        f"              go test ./... \\\n                -run '^Test$$'\n          - go build\n          - go mod verify\n"
        f'      environment:\n          CGO_ENABLED: "0"\n          REPO: {name}\n\n    # then the image\n    - name: own\n      image: alpine\n'
        f"      commands: [echo {name}]\n"
    )


def flow(name: str, number: int) -> tuple[str, str]:
    return "drone.yml", (
        "{kind: pipeline, type: docker, name: lint,\n trigger: {event: [push, pull_request]}, steps: [\n"
        f"  {{name: lint, image: 'lint:1', commands: [make lint, \"echo ${{USER}}\"]}},\n  {{name: own, image: x, commands: [{name}]}}]}}\n"
    )


def carriage_returns(name: str, number: int) -> tuple[str, str]:
    return ".drone/drone.yml", plain(name, number)[1].replace("\n", "\r\n")


def several(name: str, number: int) -> tuple[str, str]:
    step = "- name: unit\n  image: node:18\n  commands:\n  - npm ci\n  - npm test\n  - npm run lint\n"
    one = f"kind: pipeline\ntype: docker\nname: {{}}\ntrigger:\n  event: [push]\nsteps:\n{step}"
    secret = "kind: secret\nname: token\nget:\n  path: secret/data\n  name: token\n"
    return ".drone.yml", "---\n".join([one.format("first"), one.format("second") + "depends_on: [first]\n", secret])


def anchors(name: str, number: int) -> tuple[str, str]:
    return ".drone.yml", (
        "kind: pipeline\ntype: docker\nname: default\ntrigger: {event: [push]}\nenvironment: &env\n  A: b\n\nsteps:\n- &base\n  name: test\n"
        f"  image: python:3.12\n  environment: *env\n  commands: [pytest, ruff check]\n- <<: *base\n  name: more-{number}\n  commands: [{name}]\n"
        "- name: notify\n  image: plugins/slack\n  environment: *env\n  settings:\n    channel: builds\n    webhook: {from_secret: slack}\n"
        "    template: >\n      {{build.status}} ${DRONE_BRANCH}\n  when: {status: [failure, success]}\n"
    )


def scripts(name: str, number: int) -> tuple[str, str]:
    return ".drone.yml", (
        "kind: pipeline\ntype: docker\nname: default\ntrigger:\n  event: [push]\nsteps:\n- name: release\n  image: alpine\n  commands:\n"
        "  - \"grep '\\\\\\\\d' file\"\n  - 'echo it''s $${HOME}'\n  - >-\n    tar czf ${DRONE_COMMIT_SHA:0:8}.tgz\n    .\n"
        f'  - echo "${{USER}}"\n  - |\n\n    begins with an empty line\n  user: "{number}"\n'
    )


def old(name: str, number: int) -> tuple[str, str]:
    return ".drone.yml", f"pipeline:\n  build:\n    image: golang:1.9\n    commands: [go build, echo {name}]\n"


def trusting(name: str, number: int) -> tuple[str, str]:
    return ".drone.yml", (
        "kind: pipeline\ntype: docker\nname: default\ntrigger: {event: [push]}\nsteps:\n- name: compose\n  image: docker:24\n  privileged: true\n"
        f"  commands: [docker compose up -d, docker compose ps, docker compose logs {name}]\n  volumes:\n  - name: sock\n"
        "    path: /var/run/docker.sock\n  - {name: cache, path: /cache}\n\nvolumes:\n- name: sock\n  host: {path: /var/run/docker.sock}\n"
        "- {name: cache, temp: {}}\n"
    )


def signed(name: str, number: int) -> tuple[str, str]:
    return ".drone.yml", f"{plain(name, number)[1]}---\nkind: signature\nhmac: {number:064x}\n"


STYLES: tuple[Style, ...] = (plain, indented, flow, carriage_returns, several, anchors, scripts, old, trusting, signed)


@pytest.fixture
def work(tmp_path: Path, settings, monkeypatch) -> Path:
    """A repository with a tree of the one file that the guide begins with; the current folder, as the guide has it."""
    settings.EDRONE_PROJECTS, settings.EDRONE_NAMESPACES = tmp_path / "projects", frozenset()
    settings.EDRONE_PROJECTS.mkdir()
    (settings.EDRONE_PROJECTS / "default.yaml").write_text(OWN_FILE)
    git(tmp_path, "init", "--quiet")
    (tmp_path / ".gitignore").write_text("clones/\n")
    commit(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@b", *arguments], check=True)


def commit(folder: Path) -> None:
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message=x")


def clone(work: Path, name: str, file: str, text: str) -> str:
    path = work / "clones" / name / file
    path.parent.mkdir(parents=True)
    path.write_bytes(text.encode())
    git(work / "clones" / name, "init", "--quiet")
    git(work / "clones" / name, "remote", "add", "origin", f"git@git.company.com:company/{name}.git")
    return f"clones/{name}"


def said(capsys, *command: str) -> str:
    call_command(*command)
    return str(capsys.readouterr().out)


def as_runners_read(text: str) -> list[str]:
    """Return what runners with different variables read, by their own rules and another parser; not the order of keys."""
    results = []
    for variables in PROBES:
        try:
            left = substituted(text.replace("\r\n", "\n"), variables)
            results.append(ordered([one for one in yaml.load_all(left, yaml.CSafeLoader) if one is not None]))
        except (yaml.YAMLError, SubstitutionError):
            results.append("refused")
    return results


def ordered(node: object) -> str:
    if isinstance(node, dict):
        return "{" + ", ".join(sorted(f"{key!r}: {ordered(value)}" for key, value in node.items())) + "}"
    return "[" + ", ".join(map(ordered, node)) + "]" if isinstance(node, list) else repr(node)


def told(command: str) -> str:
    """Return what the guide says that a command prints."""
    match = re.search(rf"^\$ .venv/bin/python manage\.py {re.escape(command)}\n((?:(?!\$ |```).*\n)*)", GUIDE, re.MULTILINE)
    assert match, command
    return match[1]


def test_the_example_of_the_guide_is_as_it_is_told(work, capsys):
    example = re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)
    clones = [
        clone(work, name, ".drone.yml", example[0].replace("company/shop", f"company/{name}")) for name in ("pay", "shop", "web")
    ]
    command = "importprojects --dry-run clones/pay clones/shop clones/web"
    assert said(capsys, *command.split()) == told(command)
    call_command("importprojects", *clones)
    capsys.readouterr()
    assert said(capsys, "checkprojects") == told("checkprojects")
    commit(work)
    assert said(capsys, "shareprojects") == told("shareprojects")
    assert example[1] in (work / "projects" / "shop" / "default.yaml").read_text()
    assert said(capsys, "compareprojects", "HEAD") == told("compareprojects HEAD")


@pytest.mark.slow
@pytest.mark.django_db
def test_sixty_clones_in_ten_styles_are_moved_and_every_pipeline_means_the_same(work, capsys, drone: Drone):
    own: dict[str, str] = {}
    clones: dict[str, list[str]] = {}
    for number in range(60):
        style = STYLES[number % len(STYLES)]
        name = f"{style.__name__.replace('_', '-')}-{number}"
        file, own[name] = style(name, number)
        clones.setdefault(style.__name__, []).append(clone(work, name, file, own[name]))
    every = [folder for folders in clones.values() for folder in folders]

    out = said(capsys, "importprojects", *every)
    assert "60 of 60 imported." in out
    for name, text in own.items():
        assert (work / "projects" / name / "default.yaml").read_bytes() == text.encode()
    assert re.search(r"They use host volumes.*: company/trusting-8, .*company/trusting-58\.", out)
    assert re.search(r"signature.*: company/signed-9, .*company/signed-59\.", out)

    assert ": error " not in said(capsys, "checkprojects")
    commit(work)

    out = said(capsys, "shareprojects")
    shared = {str(path.relative_to(work / "projects")) for path in (work / "projects" / "_shared").iterdir()}
    assert "projects/_shared/docker-publish.yaml: 12 steps of 12 repositories (0 identical, the others nearly)" in out
    assert {
        "_shared/docker-publish.yaml",
        "_shared/golang-test.yaml",
        "_shared/node-unit.yaml",
        "_shared/slack-notify.yaml",
    } <= shared
    assert {"_shared/alpine-release.yaml", "_shared/docker-compose.yaml"} <= shared
    for name, text in own.items():
        left_alone = name.startswith(("old-", "signed-", "flow-"))
        assert ((work / "projects" / name / "default.yaml").read_bytes().decode() == text) == left_alone, name

    out = said(capsys, "compareprojects", "HEAD")
    assert re.match(r"None of 61 pipelines changes; [34]\d are written otherwise and mean the same\.\n", out)
    assert said(capsys, "shareprojects", "--dry-run") == ""

    for name, text in own.items():
        answer = drone.ask(push(slug=f"company/{name}"))
        assert answer.status_code == 200
        assert as_runners_read(answer.json()["Data"]) == as_runners_read(text), name
    assert drone.ask(push(slug="company/not-moved")).status_code == 204
    assert Tree(work / "projects").problem() == ""
