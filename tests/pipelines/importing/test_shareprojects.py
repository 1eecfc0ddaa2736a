"""`manage.py shareprojects`: steps that stand alike become one file, and no pipeline means anything else."""

import subprocess
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import CommandError, call_command

from pipelines.compare.serving import served_text
from pipelines.importing import alike as alike_module
from pipelines.importing import sharing as door
from pipelines.importing.alike import shareable_steps
from pipelines.importing.applying import write
from pipelines.importing.sharing import TreeChanged, share
from pipelines.language.compose import compose
from pipelines.resolve.from_file import ExtendedFiles
from pipelines.tree.tree import Tree
from tests.envsubst import substituted

DOCKER = """- name: {name}
  image: plugins/docker:20
  settings:
    # where to
    repo: company/{repo}
    registry: registry.company.com
    username: {{from_secret: user}}
    password:
      from_secret: password
"""
HEAD = "kind: pipeline\ntype: docker\nname: image\n\nsteps:\n"
PROBES: tuple[dict[str, str], ...] = ({}, {"A": "x y", "DRONE_TAG": "1.0"}, {"A": 'say "x" # y', "DRONE_TAG": "it's: so"})


@pytest.fixture
def root(tmp_path: Path, settings) -> Path:
    folder = tmp_path / "repo" / "projects"
    folder.mkdir(parents=True)
    settings.EDRONE_PROJECTS = folder
    return folder


@pytest.fixture
def make(root: Path) -> Callable[[dict[str, str]], None]:
    def write_files(files: dict[str, str]) -> None:
        for path, text in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(text.encode())

    return write_files


def alike(step: str = DOCKER, names: str = "shop web pay", publish: str = "publish") -> dict[str, str]:
    return {f"{name}/default.yaml": HEAD + step.format(name=publish, repo=name) for name in names.split()}


def texts_of(root: Path) -> dict[str, str]:
    return {str(path.relative_to(root)): path.read_bytes().decode() for path in root.rglob("*") if path.is_file()}


def ordered(node: object) -> str:
    """Write what was read, whatever the order of keys."""
    if isinstance(node, dict):
        return "{" + ", ".join(sorted(f"{key!r}: {ordered(value)}" for key, value in node.items())) + "}"
    return "[" + ", ".join(map(ordered, node)) + "]" if isinstance(node, list) else repr(node)


def left(text: str) -> list[str]:
    """Return what runners with different variables read, by their own rules and a parser of its own."""
    results = []
    for variables in PROBES:
        try:
            loaded = list(yaml.load_all(substituted(text, variables), yaml.CSafeLoader))
            results.append(ordered(loaded))
        except yaml.YAMLError:
            results.append("refused")
    return results


def served(root: Path) -> dict[str, list[str]]:
    with Tree(root).snapshot() as snapshot:
        files = ExtendedFiles(snapshot)
        paths = [path for path in texts_of(root) if not path.startswith("_shared/")]
        return {path: left(compose(path, (root / path).read_bytes().decode(), files).text) for path in paths}


def run(capsys, *arguments: str) -> str:
    call_command("shareprojects", *arguments)
    return str(capsys.readouterr().out)


def test_what_all_have_goes_into_a_file_and_no_other_line_is_touched(root, make, capsys):
    make(alike())
    before = served(root)
    out = run(capsys)
    assert (root / "_shared" / "docker-publish.yaml").read_text() == (
        "name: publish\nimage: plugins/docker:20\nsettings:\n  registry: registry.company.com\n"
        "  username: {from_secret: user}\n  password:\n    from_secret: password\n"
    )
    assert (root / "shop" / "default.yaml").read_text() == (
        HEAD + "- extends: _shared/docker-publish.yaml\n  settings:\n    # where to\n    repo: company/shop\n"
    )
    assert served(root) == before
    assert "projects/_shared/docker-publish.yaml: 3 steps of 3 repositories (0 identical, the others nearly)\n" in out
    for name in ("pay", "shop", "web"):
        assert f"  projects/{name}/default.yaml:6:3\n" in out
    assert out.endswith("3 steps of 3 files extend 1 shared files, 1 of them new.\n")
    assert run(capsys) == "0 steps of 0 files extend 0 shared files, 0 of them new.\n"


FORMS = {
    "own name": "- name: {repo}-lint\n  image: lint:1\n  commands: [make lint, make format]\n",
    "flow": "- {{name: lint, image: 'lint:1', commands: [lint, \"echo ${{A}}\"], environment: {{A: {repo}}}}}\n",
    "variables between brackets": "- {{name: lint, image: lint, commands: [lint, echo ${{A}}, x], environment: {{A: {repo}, B: c}}}}\n",
    "indented": '  - name: lint\n    image: lint:1\n    commands:\n      - |\n        make lint\n\n      - echo "$$X \\\\d"\n    detach: {repo}\n',
    "block at the end": "- name: lint\n  image: lint:1\n  commands:\n  - make\n  - |\n    make lint\n    make\n\n  # kept\n  user: {repo}\n",
    "dash apart": "-\n  name: lint\n  image: lint:1\n  commands: [make lint]\n",
    "name last": "- image: lint:1\n  commands:\n  - make\n  - make lint\n\n  # who\n  name: {repo}\n",
    "carriage returns": "- name: lint\r\n  image: lint:1\r\n  commands: [a, b]\r\n  settings: {{a: b, c: {repo}}}\r\n",
    "anchors": "- name: lint\n  image: lint:1\n  environment: &env {{A: b}}\n  commands: [a]\n- name: {repo}\n  image: {repo}\n  environment: *env\n",
    "alias": "- name: {repo}\n  image: {repo}\n  environment: &env {{A: b}}\n- name: lint\n  image: lint:1\n  environment: *env\n  commands: [a, b]\n",
    "merge keys": "- &a\n  name: lint\n  image: lint:1\n  commands: [a, b]\n- <<: *a\n  name: {repo}\n",
    "folded": "- name: lint\n  image: lint:1\n  commands:\n  - >-\n    a ${{A}}\n    b\n  - 'it''s ${{DRONE_TAG##v}}'\n  when: {{branch: {repo}}}\n",
    "quoted over lines": '- name: lint\n  image: lint:1\n  commands:\n  - "a\n    ${{A}}"\n  - b\n  user: {repo}\n',
    "nested": "- name: lint\n  image: lint:1\n  settings:\n    a: {{x: 1, y: {repo}}}\n    b:\n      c: [1, 2, 3, 4]\n      d: {repo}\n    e: yes\n",
    "comments": "- name: lint # why\n  # first\n  image: lint:1\n  # second\n  commands:\n  # third\n  - make\n  - make test\n  user: {repo} # own\n  # last\n",
    "tags": "- name: lint\n  image: lint:1\n  settings: {{a: !!str 1, b: !!binary aGk=, c: {repo}, d: 1}}\n",
    "no name": "- image: lint:1\n  commands: [a, b]\n  user: {repo}\n",
    "keys of many kinds": "- name: lint\n  image: lint:1\n  settings:\n    ? a\n    : b\n    'c d': e\n    1: 2\n    f: {repo}\n",
}  # fmt: skip


@pytest.mark.parametrize(
    "ending", ["", "\nservices:\n- {name: db, image: db}\n", "---\nkind: secret\nname: x\n", "  # the end\n\n\n"]
)
@pytest.mark.parametrize("form", FORMS)
def test_whatever_the_form_every_pipeline_means_the_same_and_comments_between_stay(root, make, capsys, form, ending):
    make({path: text + ending for path, text in alike(FORMS[form]).items()})
    before = served(root)
    run(capsys)
    assert served(root) == before
    after = texts_of(root)
    for path in before:
        assert after[path].startswith(HEAD)
        assert after[path].endswith(ending)
        assert ("# kept" in after[path]) == ("# kept" in FORMS[form])


def test_most_of_the_forms_can_be_shared(root, make, capsys):
    shared = []
    for number, form in enumerate(FORMS):
        make({f"{form}/{path}": text.replace("lint:1", f"lint{number}:1") for path, text in alike(FORMS[form]).items()})
    out = run(capsys)
    shared = [form for form in FORMS if f"  projects/{form}/shop/default.yaml" in out.partition("Left as they are")[0]]
    assert set(FORMS) - set(shared) <= {"merge keys", "anchors", "keys of many kinds", "dash apart", "variables between brackets"}


def test_the_patch_is_what_would_be_written(root, make, capsys, tmp_path):
    files = alike() | {"a b/default.yaml": HEAD + DOCKER.format(name="publish", repo="x").rstrip("\n"), "中文/default.yaml": HEAD + DOCKER.format(name="publish", repo="y")}  # fmt: skip
    make(files)
    git = ["git", "-C", str(root.parent)]
    subprocess.run([*git, "init", "--quiet"], check=True)
    call_command("shareprojects", "--dry-run")
    out, errors = capsys.readouterr()
    assert texts_of(root) == files
    assert "5 steps of 5 files would extend 1 shared files, 1 of them new." in errors
    patched = tmp_path / "patched"
    subprocess.run(["cp", "-r", str(root.parent), str(patched)], check=True)
    subprocess.run(["patch", "--quiet", "-p1", "--directory", str(patched)], input=out, text=True, check=True)
    subprocess.run([*git, "apply"], input=out, text=True, check=True)
    by_git = texts_of(root)
    make(files)
    (root / "_shared" / "docker-publish.yaml").unlink()
    run(capsys)
    assert by_git == texts_of(root) == texts_of(patched / "projects")


def test_nothing_is_written_over_a_file_that_is_there(root, make, capsys):
    make(alike() | {"_shared/docker-publish.yaml": "name: other\nimage: other\n", "_shared/Docker-Publish-2.yml": "x: y\n"})
    run(capsys)
    assert (root / "_shared" / "docker-publish.yaml").read_text() == "name: other\nimage: other\n"
    assert (root / "_shared" / "docker-publish-3.yaml").is_file()


def test_what_came_later_extends_the_file_that_is_there(root, make, capsys):
    make(alike())
    run(capsys)
    make({"late/default.yaml": HEAD + DOCKER.format(name="publish", repo="late")})
    out = run(capsys)
    assert "1 steps of 1 files extend 1 shared files, 0 of them new." in out
    assert "- extends: _shared/docker-publish.yaml\n" in (root / "late" / "default.yaml").read_text()


def test_steps_of_several_repositories_come_first_and_are_named_by_what_they_do():
    lint = "- {name: lint, image: 'registry.company.com:5000/tools/golang:1.22', commands: [golangci-lint run]}\n"
    one = [(f"shop/b{n}.yaml", HEAD + lint + "- {name: own, image: own, commands: [x]}\n") for n in range(9)]
    many = [
        (
            f"p{n}/default.yaml",
            HEAD + DOCKER.format(name=f"Build and push {n or 'quickly'}", repo=f"p{n}") + f"- {{name: p{n}, image: x{n}}}\n",
        )
        for n in range(3)
    ]
    found = shareable_steps([*one, *many])
    assert [(one.path, one.repositories, len(one.uses)) for one in found] == [
        ("_shared/docker-build-push.yaml", 3, 3),
        ("_shared/golang-lint.yaml", 1, 9),
        ("_shared/own.yaml", 1, 9),
    ]


def test_two_of_one_name_are_told_apart_by_what_they_run():
    steps = "".join(f"- {{name: test, image: golang, commands: [{command}]}}\n" for command in ("go vet", "make check all"))
    found = shareable_steps([(f"p{n}/default.yaml", HEAD + steps) for n in range(3)])
    assert [one.path for one in found] == ["_shared/golang-test.yaml", "_shared/golang-test-make-check-all.yaml"]


LINT = "- name: lint\n  image: lint:1\n  commands: [make lint]\n"
DOCUMENTS = HEAD + "".join(LINT.replace("lint", f"lint {n}", 1) for n in range(64)) + f"---\n{HEAD}{LINT}---\n{HEAD}{LINT}"


@pytest.mark.parametrize(
    ("text", "left"),
    [(DOCUMENTS.replace("image:", "? image\n  :", 1), 1), (f"# ${{x[0]}}\n{DOCUMENTS}", 66)],
)
def test_of_many_steps_of_a_file_those_that_cannot_be_edited_are_found_by_halves(root, make, monkeypatch, text, left):
    composed: list[str] = []

    def counting(*arguments: Any) -> Any:
        composed.append("")
        return served_text(*arguments)

    make({"shop/default.yaml": text})
    monkeypatch.setattr(door, "served_text", counting)
    sharing = share(Tree(root))
    assert len(sharing.left) == left
    assert sum(len(step.uses) for step in sharing.steps) == 66 - left
    assert len(composed) <= 40


def test_a_step_that_gets_its_keys_through_a_merge_key_is_left(root, make):
    merging = "x: &lint\n  image: lint:1\n  commands: [make lint]\nsteps:\n- name: lint\n  <<: *lint\n"
    make(
        alike("- {{name: lint, image: lint:1, commands: [make lint]}}\n")
        | {"odd/default.yaml": HEAD.replace("steps:\n", merging)}
    )
    sharing = share(Tree(root))
    assert [why for _, why in sharing.left] == ["what it could share comes to it through <<"]


def test_steps_that_have_the_same_in_common_share_one_file():
    few, many = ["x: 0", "x: 1", "x: 2"], ["p: 1, q: 2, r: 3", "p: 1, q: 2", "q: 2, r: 3", "p: 1, r: 3"]
    step = "- {{name: lint, image: lint, settings: {{a: 1, b: 2, {own}}}}}\n"
    texts = [(f"p{n}/default.yaml", HEAD + step.format(own=own)) for n, own in enumerate([*few, *many])]
    assert [(one.path, len(one.uses)) for one in shareable_steps(texts)] == [("_shared/lint.yaml", 7)]


def test_steps_of_one_image_that_have_little_else_in_common_share_nothing():
    unlike = [f"- {{name: s, image: i, settings: {{r: 1, x{n}: 1, y{n}: 1, f{n}: 1, g{n}: 1}}}}\n" for n in range(3)]
    others = [f"- {{name: t, image: i{number}, settings: {{f{number % 3}: 1, g{number % 3}: 1}}}}\n" for number in range(12)]
    assert shareable_steps([(f"p{n}/default.yaml", HEAD + step) for n, step in enumerate([*unlike, *others])]) == []


def test_repositories_below_a_namespace_with_slashes_count_each(root, make, capsys):
    make(alike(names="@group/sub/shop @group/sub/web @group/sub/pay"))
    assert "projects/_shared/docker-publish.yaml: 3 steps of 3 repositories (" in run(capsys)


def test_repositories_whose_steps_are_left_do_not_count(root, make, capsys):
    make(alike() | {"odd/default.yaml": HEAD + DOCKER.format(name="publish", repo="odd") + "# ${ never closed\n"})
    assert "projects/_shared/docker-publish.yaml: 3 steps of 3 repositories (" in run(capsys)


def test_pipelines_are_counted_and_two_are_too_few():
    step = DOCKER.format(name="publish", repo="x")
    assert shareable_steps([("a/default.yaml", HEAD + step + step), ("b/default.yaml", HEAD + step)]) == []
    documents = "---\n".join([HEAD + step] * 3)
    assert [one.pipelines for one in shareable_steps([("a/default.yaml", documents)])] == [3]


@pytest.mark.parametrize("value", ["settings: {x: }", "pull: ~", "tags+: [a]", "settings: {a: [{+b: 1}]}", "extends: x"])
def test_a_step_that_would_mean_something_else_beside_extends_is_no_candidate(value):
    step = f"- {{name: docker, image: plugins/docker, commands: [a, b, c], {value}}}\n"
    assert shareable_steps([(f"{name}/default.yaml", f"kind: pipeline\nsteps:\n{step}") for name in "abc"]) == []


@pytest.mark.parametrize(
    ("ending", "why"),
    [("---\nkind: signature\nhmac: abc\n", ""), ("pipeline:\n", "the pipeline would not mean the same for certain"), ("\u2028# x\n", "it has line ends"),
     ("# ${ never closed\n", "the pipeline would not mean the same")],
)  # fmt: skip
def test_what_cannot_be_proven_is_left_and_then_two_are_too_few(root, make, capsys, ending, why):
    files = alike()
    files["shop/default.yaml"] += ending
    make(files)
    out = run(capsys)
    assert texts_of(root) == files
    assert "0 steps of 0 files" in out
    if why:
        assert f"  projects/shop/default.yaml:6:3: {why}" in out
        assert "projects/web/default.yaml:6:3: fewer than 3 pipelines are left that could share it" in out


def test_a_file_that_extends_an_edited_one_means_the_same_too(root, make, capsys):
    branch = "extends: ./default.yaml\nsteps:\n- name: publish\n  settings: {registry: other, username: x}\n"
    make(alike() | {"shop/release.yaml": branch, "web/release.yaml": "extends: ./gone.yaml\n"})
    with Tree(root).snapshot() as snapshot:
        before = left(compose("shop/release.yaml", branch, ExtendedFiles(snapshot)).text)
    assert "3 steps of 3 files extend 1" in run(capsys)
    with Tree(root).snapshot() as snapshot:
        assert left(compose("shop/release.yaml", branch, ExtendedFiles(snapshot)).text) == before


def test_where_a_file_that_extends_an_edited_one_would_change_two_are_too_few(root, make, capsys):
    chain = ["default", *(f"release-{number}" for number in range(1, 9))]  # as many in a row as there may be
    files = alike() | {f"shop/{name}.yaml": f"extends: ./{base}.yaml\n" for base, name in pairwise(chain)}
    make(files)
    out = run(capsys)
    assert texts_of(root) == files
    assert "0 steps of 0 files" in out
    assert "projects/shop/default.yaml:6:3: projects/shop/release-8.yaml, which extends it, would change" in out
    assert "projects/web/default.yaml:6:3: fewer than 3 pipelines are left that could share it" in out


def test_the_last_line_keeps_its_line_end_though_the_file_has_none(root, make, capsys):
    make({path: text.rstrip("\n") for path, text in alike().items()})
    call_command("shareprojects", "--dry-run")
    added = [line for line in capsys.readouterr().out.splitlines() if line.startswith("+") and "repo:" in line]
    assert added == []
    run(capsys)
    assert (root / "web" / "default.yaml").read_text().endswith("    repo: company/web\n")


def test_only_the_named_folders_are_looked_at(root, make, capsys):
    make(alike(names="a b c d"))
    run(capsys, str(root / "a"), str(root / "b"), "c/default.yaml")
    assert "extends" not in (root / "d" / "default.yaml").read_text()
    assert "extends" in (root / "c" / "default.yaml").read_text()


def test_operations_share_too_and_links_are_left_alone(root, make, capsys):
    operation = "kind: operation\ntitle: Check\n---\n" + HEAD + DOCKER.format(name="publish", repo="ops")
    make({"_operations/check.yaml": operation, **alike()})
    (root / "link").mkdir()
    (root / "link" / "default.yaml").symlink_to("../shop/default.yaml")
    assert "4 steps of 4 files extend 1 shared files" in run(capsys)
    assert (root / "_operations" / "check.yaml").read_text().startswith("kind: operation\ntitle: Check\n---\n")
    assert (root / "link" / "default.yaml").is_symlink()


def test_a_file_that_is_changed_meanwhile_is_not_overwritten(root, make):
    make(alike())
    found = share(Tree(root))
    (root / "web" / "default.yaml").write_text("new\n")
    with pytest.raises(TreeChanged, match=r"projects/web/default\.yaml was changed meanwhile; run the command again\."):
        write(found, root)
    assert (root / "web" / "default.yaml").read_text() == "new\n"
    assert not list(root.rglob(".share-*"))


def test_where_nothing_can_be_written_it_is_said(root, make):
    make(alike())
    (root / "_shared").write_text("a file\n")
    with pytest.raises(CommandError, match=r"_shared: File exists\. Fix it and run the same command again\."):
        call_command("shareprojects")


def test_each_step_is_compared_with_few_others(monkeypatch):
    """Time grows with the number of steps, not with its square: counted, not measured."""
    compared = 0
    likeness = alike_module.likeness

    def counted(first, second) -> float:
        nonlocal compared
        compared += 1
        return likeness(first, second)

    def needed(count: int) -> int:
        nonlocal compared
        compared = 0
        step = "- name: build\n  image: golang\n  commands: [go mod download, go build {n}, go test {n}, go vet {n}, x]\n"
        shareable_steps([(f"p{n}/default.yaml", HEAD + step.format(n=n)) for n in range(count)])
        return compared

    monkeypatch.setattr(alike_module, "likeness", counted)
    assert needed(400) <= 2.5 * needed(200)


def test_the_door_is_told_how_far_it_is(root, make):
    make(alike())
    seen: list[tuple[int, int]] = []
    assert door.share(Tree(root), progress=lambda done, count: seen.append((done, count))).before
    assert seen == [(1, 3), (2, 3), (3, 3)]
