"""`manage.py importprojects --leave-own-files`: what repositories' own files could extend without moving."""

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from configs.client import drone_request
from configs.endpoint.signature import CONVERSION
from tests.conftest import SECRET, push
from tests.pipelines.importing.test_the_move import (
    OWN_FILE,
    anchors,
    as_runners_read,
    carriage_returns,
    clone,
    flow,
    git,
    indented,
    old,
    plain,
    scripts,
    several,
    signed,
    trusting,
    work,  # noqa: F401 (a fixture)
)
from tests.server import ROOT

HEAD = "kind: pipeline\ntype: docker\nname: default\n\nsteps:\n"
PUBLISH = (
    "name: publish\nimage: plugins/docker:20\nsettings:\n  registry: registry.company.com\n"
    "  tags: ${DRONE_TAG:-latest}\n  username: {from_secret: user}\n  password: {from_secret: password}\n"
)
SHARED = {
    "_shared/publish.yaml": PUBLISH,
    "_shared/go/test.yaml": "name: test\nimage: golang:1.22\ncommands:\n- go vet ./...\n- |\n  go test ./... \\\n    -run '^Test$$'\n"
    '- go build\n- go mod verify\nenvironment:\n  CGO_ENABLED: "0"\n',
    "_shared/node.yaml": "image: node:18\n",
    "_shared/unit.yml": "extends: ./node.yaml\nname: unit\ncommands: [npm ci, npm test, npm run lint]\n",
    "_shared/slack.yaml": "name: notify\nimage: plugins/slack\nsettings:\n  channel: builds\n  webhook: {from_secret: slack}\n"
    "  template: >\n    {{build.status}} ${DRONE_BRANCH}\nwhen: {status: [failure, success]}\nenvironment: {A: b}\n",
    "_shared/compose.yaml": "name: compose\nimage: docker:24\nprivileged: true\nvolumes:\n- name: sock\n  path: /var/run/docker.sock\n"
    "- {name: cache, path: /cache}\n",
    "_shared/lint.yaml": 'name: lint\nimage: "lint:1"\ncommands: [make lint]\n',
    "_shared/broken.yaml": "image: [",
    "_shared/pipeline.yaml": HEAD + "- name: x\n  image: plugins/docker:20\n",
    "_operations/deploy.yaml": HEAD + "- name: x\n  image: alpine\n",
    "other/default.yaml": "name: publish\nimage: alpine\ncommands: [make secret-of-other]\n",
    "@company/_shared/mine.yaml": "name: mine\nimage: company/tool\ncommands: [mine]\n",
    "@else/_shared/theirs.yaml": "name: theirs\nimage: else/tool\ncommands: [theirs]\n",
}


@pytest.fixture
def tree(work, settings) -> dict[str, bytes]:  # noqa: F811
    for path, text in SHARED.items():
        (settings.EDRONE_PROJECTS / path).parent.mkdir(parents=True, exist_ok=True)
        (settings.EDRONE_PROJECTS / path).write_text(text)
    return files(work)


def files(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts}


def proposed(capsys, *arguments: str) -> tuple[str, str]:
    """Return the patch, and what is said."""
    call_command("importprojects", "--leave-own-files", *arguments)
    out, errors = capsys.readouterr()
    return out, errors


def partly(capsys, *arguments: str) -> tuple[str, str]:
    with pytest.raises(CommandError, match=r"^[1-9]\d* left out: the lines above say why\."):
        call_command("importprojects", "--leave-own-files", *arguments)
    out, errors = capsys.readouterr()
    return out, errors


def own(folder: Path, name: str, steps: str, file: str = ".drone.yml") -> str:
    return clone(folder, name, file, HEAD + steps)


@pytest.mark.parametrize("apply", [("git", "apply"), ("patch", "-p1", "--binary", "--quiet")], ids=lambda apply: apply[0])
def test_what_is_proposed_can_be_applied_and_means_the_same_to_drone(work, tree, drone, capsys, apply):  # noqa: F811
    own_files: dict[str, tuple[str, str]] = {}
    for number, style in enumerate((plain, indented, flow, carriage_returns, several, anchors, scripts, old, trusting)):
        name = style.__name__.replace("_", "-")
        own_files[name] = style(name, number)
    clones = [clone(work, name, file, text) for name, (file, text) in own_files.items()]
    before = files(work)

    out, _ = proposed(capsys, *clones)
    assert files(work) == before
    subprocess.run(apply, input=out.encode(), check=True, cwd=work)

    changed = set()
    for name, (file, text) in own_files.items():
        now = (work / "clones" / name / file).read_bytes().decode()
        if now != text:
            changed.add(name)
        call_command("checkprojects", "--own", f"company/{name}", f"clones/{name}/{file}")
        request = push(slug=f"company/{name}", config_path=file)
        assert drone.ask(request).status_code == 204  # the tree leaves it its own file
        body = drone_request.body(request, created=0, text=now)
        headers = drone_request.signed_headers(body, SECRET, datetime.now(UTC), accept=CONVERSION.accept)
        answer = drone.send(body, headers, "/edrone/convert")
        assert answer.status_code == (204 if now == text else 200), name
        assert as_runners_read(now if now == text else answer.json()["Data"]) == as_runners_read(text), name
    assert changed == {"plain", "indented", "carriage-returns", "several", "anchors", "trusting"}


def test_each_step_is_told_with_the_file_that_it_could_extend(work, tree, capsys):  # noqa: F811
    folder = clone(work, "shop", *plain("shop", 1))
    out, said = proposed(capsys, folder)
    assert "clones/shop (company/shop): 1 step of its .drone.yml could extend shared files\n" in said
    assert "  .drone.yml:6:3: projects/_shared/publish.yaml\n" in said
    assert f"Nothing is written. Apply the patch in the folder {work}.\n" in said
    assert out.startswith("--- a/clones/shop/.drone.yml\n+++ b/clones/shop/.drone.yml\n")
    assert "+  extends: _shared/publish.yaml\n" in out
    assert "-    registry: registry.company.com\n" in out
    assert files(work) == tree | {str(work / "clones/shop/.drone.yml"): plain("shop", 1)[1].encode()}


def test_shared_steps_of_the_own_namespace_are_proposed_and_nothing_else_of_the_tree(work, tree, capsys):  # noqa: F811
    steps = (
        "- name: mine\n  image: company/tool\n  commands: [mine]\n- name: theirs\n  image: else/tool\n  commands: [theirs]\n"
        "- name: publish\n  image: alpine\n  commands: [make secret-of-other]\n"
    )
    out, said = proposed(capsys, own(work, "shop", steps))
    assert "+- extends: '@company/_shared/mine.yaml'\n" in out
    assert "1 step of its" in said
    assert "theirs.yaml" not in out + said
    assert "other/" not in out + said


def test_a_namespace_that_does_not_reach_the_shared_files_is_proposed_none_of_them(work, tree, settings, capsys):  # noqa: F811
    settings.EDRONE_NAMESPACES = frozenset({"else"})
    steps = "- name: mine\n  image: company/tool\n  commands: [mine]\n- name: lint\n  image: 'lint:1'\n  commands: [make lint]\n"
    out, said = proposed(capsys, own(work, "shop", steps))
    assert "mine.yaml" in out
    assert "lint.yaml" not in out + said


def test_links_out_of_the_shared_files_are_not_proposed(work, settings, capsys):  # noqa: F811
    root = settings.EDRONE_PROJECTS
    (root / "_shared").mkdir()
    (root / "other").mkdir()
    (root / "other" / "secret.yaml").write_text("name: s\nimage: alpine\ncommands: [make secret]\n")
    (root / "_shared" / "link.yaml").symlink_to("../other/secret.yaml")
    (root / "_shared" / "extending.yaml").write_text("extends: ../other/secret.yaml\n")
    out, said = proposed(capsys, own(work, "shop", "- name: s\n  image: alpine\n  commands: [make secret]\n"))
    assert (out, "no step of its .drone.yml is a shared step of the tree" in said) == ("", True)


def test_a_step_of_another_name_keeps_its_name(work, tree, capsys):  # noqa: F811
    out, _ = proposed(capsys, own(work, "shop", "- name: my-lint\n  image: lint:1\n  commands: [make lint]\n"))
    assert "+  extends: _shared/lint.yaml\n" in out
    assert " - name: my-lint\n" in out


def test_a_file_that_extends_something_already_can_extend_more(work, tree, capsys):  # noqa: F811
    steps = "- extends: _shared/publish.yaml\n- name: lint\n  image: lint:1\n  commands: [make lint]\n"
    out, said = proposed(capsys, own(work, "shop", steps))
    assert "1 step of its" in said
    assert "+- extends: _shared/lint.yaml\n" in out


def test_what_cannot_be_edited_is_left_with_the_reason(work, tree, capsys):  # noqa: F811
    text = HEAD.replace("steps:\n", "steps: [{name: lint, image: 'lint:1', commands: [make lint]}]\n")
    out, said = proposed(capsys, clone(work, "shop", ".drone.yml", text))
    assert out == ""
    assert ".drone.yml:5:9: left as it is: the step does not begin on a line of its own with its `-`" in said


def test_a_repository_somewhere_else_gets_a_patch_for_its_own_folder(work, tree, capsys, tmp_path_factory, monkeypatch):  # noqa: F811
    folder = work / own(work, "shop", "- name: lint\n  image: lint:1\n  commands: [make lint]\n")
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    out, said = proposed(capsys, str(folder))
    assert out.startswith("--- a/.drone.yml\n")
    assert f"in the folder {folder}." in said
    git(folder, "add", ".")
    subprocess.run(["git", "apply"], input=out.encode(), check=True, cwd=folder)
    assert "extends: _shared/lint.yaml" in (folder / ".drone.yml").read_text()


def test_a_link_within_the_clone_stays_one(work, tree, capsys):  # noqa: F811
    folder = work / own(work, "shop", "- name: lint\n  image: lint:1\n  commands: [make lint]\n", "ci/build.yml")
    (folder / ".drone.yml").symlink_to("ci/build.yml")
    out, _ = proposed(capsys, str(folder), str(folder))
    assert out.count("--- a/") == 1
    assert "b/clones/shop/ci/build.yml\n" in out


def test_what_cannot_be_looked_into_is_told_and_the_rest_goes_on(work, tree, capsys):  # noqa: F811
    cases = {
        clone(work, "empty", ".drone.yml", " \n"): "it is empty",
        clone(work, "latin", ".drone.yml", ""): "it is not UTF-8 text",
        clone(work, "signed", *signed("signed", 1)): "remove its `kind: signature` first",
        clone(
            work, "operation", ".drone.yml", "kind: operation\n---\n" + HEAD
        ): "`kind: operation` is for files of edrone's tree",
        clone(work, "repository", ".drone.yml", OWN_FILE): "`kind: repository` is for files of edrone's tree",
        clone(
            work, "outside", ".drone.yml", HEAD + "- extends: other/default.yaml\n"
        ): "may extend _shared/ and @company/_shared/",
        clone(work, "large", ".drone.yml", HEAD + "# x\n" * 1_500_000): "and could extend nothing",
        clone(work, "program", ".drone.jsonnet", "{}"): "is a program that makes the YAML",
        "clones/gone": "there is no such folder",
    }
    (work / "clones" / "latin" / ".drone.yml").write_bytes(b"\xe4")
    good = own(work, "good", "- name: lint\n  image: lint:1\n  commands: [make lint]\n")
    out, said = partly(capsys, good, *cases)
    assert "+- extends: _shared/lint.yaml" in out
    for folder, message in cases.items():
        (line,) = [line for line in said.splitlines() if line.startswith((f"{folder} ", f"{folder}:"))]
        assert message in line


@pytest.mark.parametrize(
    "text",
    [
        "a: [",
        "- a\n",
        "x",
        "kind: pipeline\u2028\n",
        "kind: pipeline\nsteps: x\n",
        "kind: pipeline\nsteps:\n- \n- [a]\n- image: [x]\n",
        "[" * 3000,
    ],
)
def test_a_file_that_drone_would_refuse_has_no_proposal_and_breaks_nothing(work, tree, capsys, text):  # noqa: F811
    out, said = proposed(capsys, clone(work, "odd", ".drone.yml", text))
    assert (out, "no step of its .drone.yml is a shared step" in said) == ("", True)


def test_a_step_that_would_mean_something_else_is_left(work, tree, capsys):  # noqa: F811
    """A comment that runners refuse goes when a file is composed."""
    text = HEAD + "# ${x-y}\n- name: lint\n  image: lint:1\n  commands: [make lint]\n"
    out, said = proposed(capsys, clone(work, "shop", ".drone.yml", text))
    assert (out, "the pipeline would not mean the same for certain" in said) == ("", True)


def test_the_example_of_the_guide_is_as_it_is_told(work, settings, capsys):  # noqa: F811
    guide = (ROOT / "docs" / "own-files.md").read_text().replace("/home/ann", str(work)).replace("(shop/", "(company/")
    shared = guide.split("`projects/_shared/docker.yaml`:\n\n   ```yaml\n")[1].split("   ```")[0].replace("\n   ", "\n").lstrip()
    (settings.EDRONE_PROJECTS / "_shared").mkdir()
    (settings.EDRONE_PROJECTS / "_shared" / "docker.yaml").write_text(shared)
    step = "- name: image\n  image: plugins/docker\n  settings:\n    repo: registry.example.com/shop/cart\n    tags: latest\n"
    own_text = "kind: pipeline\ntype: docker\nname: default\nsteps:\n"
    cart, web = clone(work, "cart", ".drone.yml", own_text + step), clone(work, "web", ".drone.yml", own_text + "- name: x\n")
    out, said = proposed(capsys, cart, web)
    assert (
        f"$ .venv/bin/python manage.py importprojects --leave-own-files {cart} {web} > shared.patch\n{said}$ git apply" in guide
    )
    subprocess.run(["git", "apply"], input=out.encode(), check=True, cwd=work)
    extending = guide.split("own `.drone.yml`:\n\n   ```yaml\n")[1].split("   ```")[0].replace("\n   ", "\n").lstrip()
    assert (work / cart / ".drone.yml").read_text() == extending
