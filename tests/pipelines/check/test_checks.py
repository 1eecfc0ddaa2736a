"""Each check finds its mistake, at its line, and nothing in a tree without it."""

import re

import pytest

from pipelines.check.examine import examine
from pipelines.check.findings import CHECKS
from pipelines.check.report import FORMATS
from pipelines.tree.tree import Tree
from tests.pipelines.check.examples import (
    ANYTIME,
    DIGITALOCEAN,
    EXEC,
    EXTENDING,
    FIRST,
    GOOD,
    OPERATION,
    SERVER,
    SSH,
    STEP,
    Files,
    found,
    one,
    operation,
)
from tests.server import ROOT

# id → what has the mistake, line of the mistake, and what is right.
CASES: dict[str, tuple[Files, str, int, Files]] = {
    "yaml": (one("kind: pipeline\nname: [\n"), "shop/default.yaml", 3, one(GOOD)),
    "extends": ({**one(EXTENDING), "_shared/t.yaml": STEP}, "shop/default.yaml", 8, {**one(EXTENDING), "_shared/s.yaml": STEP}),
    "repository-and-more": (one(f"{GOOD}---\nkind: repository\n"), "shop/default.yaml", 1, one("kind: repository\n")),
    "not-checked": (one(f"{GOOD}data: [{','.join(['1'] * 20_001)}]\n"), "shop/default.yaml", 8, one(f"{GOOD}x-data: [{','.join(['1'] * 1000)}]\n")),
    "long-line": (one(f"{GOOD}# {'x' * 65_536}\n"), "shop/default.yaml", 8, one(f"{GOOD}#{'x' * 65_534}\n")),
    "end-marker": (one(f"{GOOD}...\n---\n{FIRST}"), "shop/default.yaml", 8, one(f"{GOOD}...\n# end\n")),
    "text-after-document": (one(f"{GOOD}---\n  kind: secret\n  name: x\nother: y\n"), "shop/default.yaml", 11, one(f"{GOOD}---\n  kind: secret\n  name: x\n# other\n")),
    "separator-text": (one(f"{GOOD}--- text\n{FIRST}"), "shop/default.yaml", 8, one(f"{GOOD}--- # text\n{FIRST}")),
    "legacy-format": (one("pipeline:\n  build:\n    image: x\n"), "shop/default.yaml", 1, one(GOOD)),
    "wrong-value": (one(f"{GOOD}depends_on: b\n"), "shop/default.yaml", 8, one(f"{FIRST}---\n{GOOD}depends_on: [b]\n")),
    "text-before-separator": (one(f"# before\n---\n{GOOD}"), "shop/default.yaml", 1, one(f"---\n# after\n{GOOD}")),
    "empty-document": (one(f"{GOOD}---\n"), "shop/default.yaml", 8, one(f"{GOOD}---\n{FIRST}")),
    "missing-kind": (one(GOOD.replace("kind", "Kind")), "shop/default.yaml", 1, one(GOOD)),
    "not-a-map": (one("- kind: pipeline\n"), "shop/default.yaml", 1, one(GOOD)),
    "duplicate-pipeline": (one(f"{GOOD}---\n{GOOD}"), "shop/default.yaml", 10, one(f"{GOOD}---\n{FIRST}")),
    "unknown-dependency": (one(f"{GOOD}depends_on: [b]\n---\n{FIRST}"), "shop/default.yaml", 8, one(f"{FIRST}---\n{GOOD}depends_on: [b]\n")),
    "self-dependency": (one(f"{GOOD}depends_on: [a]\n"), "shop/default.yaml", 8, one(f"{FIRST}---\n{GOOD}depends_on: [b]\n")),
    "unsupported-os": (one(f"{GOOD}platform: {{os: plan9}}\n"), "shop/default.yaml", 8, one(f"{EXEC}platform: {{os: plan9}}\n")),
    "unsupported-arch": (one(f"{GOOD}platform: {{arch: x86}}\n"), "shop/default.yaml", 8, one(f"{GOOD}platform: {{arch: arm64}}\n")),
    "long-name": (one(GOOD.replace("name: a", f"name: {'a' * 101}")), "shop/default.yaml", 2, one(GOOD.replace("name: a", f"name: {'ä' * 100}"))),
    "unnamed-pipeline": (one(GOOD.replace("name: a\n", "")), "shop/default.yaml", 1, one(GOOD)),
    "unknown-kind": (one(GOOD.replace("pipeline", "pipline")), "shop/default.yaml", 1, one(GOOD)),
    "no-pipeline": (one("kind: secret\nname: a\ndata: b\n"), "shop/default.yaml", 1, one(f"{GOOD}---\nkind: secret\nname: a\ndata: b\n")),
    "unknown-key": (one(GOOD.replace("image", "imagee") + "  image: y\n"), "shop/default.yaml", 7, one(GOOD)),
    "unknown-type": (one(f"{GOOD}type: dokcer\n"), "shop/default.yaml", 8, one(f"{GOOD}type: nomad\n")),
    "unknown-event": (one(GOOD.replace("push", "pushed")), "shop/default.yaml", 4, one(GOOD.replace("push", "pu*"))),
    "unmatched-pattern": (one(GOOD.replace("[push]", "[push]\n  ref: [main]")), "shop/default.yaml", 5, one(GOOD.replace("[push]", "[push]\n  ref: [refs/heads/main]"))),
    "no-steps": (one("kind: pipeline\nname: a\ntrigger: {event: push}\nsteps: []\n"), "shop/default.yaml", 4, one(GOOD)),
    "null-step": (one(f"{GOOD}-\n"), "shop/default.yaml", 8, one(GOOD)),
    "unnamed-step": (one(f"{GOOD}- image: z\n"), "shop/default.yaml", 8, one(f"{GOOD}services:\n- image: z\n")),
    "long-step-name": (one(f"{GOOD}- name: {'x' * 101}\n  image: z\n"), "shop/default.yaml", 8, one(f"{GOOD}- name: {'x' * 100}\n  image: z\n")),
    "duplicate-step": (one(f"{GOOD}services:\n- name: x\n  image: z\n"), "shop/default.yaml", 6, one(f"{GOOD}services:\n- name: z\n  image: z\n")),
    "step-without-image": (one(f"{GOOD}- name: z\n  commands: [make]\n"), "shop/default.yaml", 8, one(f"{EXEC}- name: z\n  commands: [make]\n")),
    "idle-step": (one(f"{EXEC}- name: z\n"), "shop/default.yaml", 9, one(f"{GOOD}- name: z\n  image: y\n")),
    "unknown-step": (one(f"{GOOD}  depends_on: [z]\n- name: z\n  image: y\n"), "shop/default.yaml", 8, one(f"{GOOD}  depends_on: [clone]\n")),
    "unknown-step-name": (one(f"{EXEC}  depends_on: [z]\n"), "shop/default.yaml", 9, one(f"{EXEC}  depends_on: [z]\n- name: z\n  commands: [make]\n")),
    "exec-image": (one(f"{EXEC}  image: y\n"), "shop/default.yaml", 9, one(EXEC)),
    "detached-step": (one(f"{SSH}  detach: true\n{SERVER}"), "shop/default.yaml", 9, one(f"{SSH}  detach: false\n{SERVER}")),
    "no-token": (one(f"{DIGITALOCEAN}token: {{from_secret: ''}}\n"), "shop/default.yaml", 9, one(f"{DIGITALOCEAN}token: {{from_secret: t}}\n")),
    "unnamed-stage": (one(EXEC.replace("name: a\n", "")), "shop/default.yaml", 1, one(EXEC)),
    "substituted-name": (one(EXEC.replace("name: a\n", "name: a-${A}\n")), "shop/default.yaml", 3, one(EXEC.replace("name: a\n", "name: $a\n"))),
    "no-server": (one(f"{SSH}server: {{host: h, password: p}}\n"), "shop/default.yaml", 9, one(SSH + SERVER)),
    "runner-value": (one(f"{GOOD}environment:\n  A: {{from_secret: a}}\n"), "shop/default.yaml", 9, one(f"{GOOD}  environment:\n    A: {{from_secret: a}}\nenvironment: {{A: b}}\n")),
    "runner-crash": (one(f"{SSH}  environment:\n    A:\n{SERVER}"), "shop/default.yaml", 10, one(f"{SSH}  environment: {{A: ''}}\n{SERVER}")),
    "substitution": (one(f"{GOOD}  commands: ['a ${{X']\n"), "shop/default.yaml", 8, one(f"{GOOD}  commands: ['a $${{X', 'b ${{X:-y}}']\n")),
    "refused-volume": (one(f"{GOOD}volumes:\n- temp: {{}}\n"), "shop/default.yaml", 9, one(f"{GOOD}volumes:\n- name: v\n  temp: {{}}\n")),
    "unknown-volume": (one(f"{GOOD}  volumes: [{{name: w, path: /w}}]\nvolumes:\n- name: v\n  temp: {{}}\n"), "shop/default.yaml", 8, one(f"{GOOD}  volumes: [{{name: v, path: /w}}]\nvolumes:\n- name: v\n  temp: {{}}\n")),
    "no-trigger-event": (one(GOOD.replace("event: [push]", "branch: [main]")), "shop/default.yaml", 3, one(GOOD.replace("event: [push]", "cron: [nightly]"))),
    "duplicate-key": (one(f"{GOOD}  image: z\n"), "shop/default.yaml", 8, one(f"{GOOD}- name: z\n  image: y\n")),
    "no-list": (one(GOOD.replace("[push]", "{include: push}")), "shop/default.yaml", 4, one(GOOD.replace("[push]", "{include: [push], exclude: null}"))),
    "never-matches": (one(GOOD.replace("event: [push]", "event: [push]\n  cron: [nightly]")), "shop/default.yaml", 5, one(GOOD.replace("event: [push]", "event: [push, cron]\n  cron: [nightly]"))),
    "needs-trust": (one(f"{GOOD}  privileged: true\n"), "shop/default.yaml", 8, one(f"{GOOD}  privileged: false\n")),
    "stale-signature": (one(f"{GOOD}---\nkind: signature\nhmac: x\n"), "shop/default.yaml", 10, one(f"{GOOD}---\nkind: signature\nhmac: {'0a' * 32}\n")),
    "checks-file": ({**one(GOOD), "_checks.yaml": "off: [no-such-check]\n"}, "_checks.yaml", 1, {**one(GOOD + "typo: 1\n"), "_checks.yaml": "off: [unknown-key]\n"}),
    "idle-switch": (one(f"# edrone: allow no-steps\n{GOOD}"), "shop/default.yaml", 1, one(f"{GOOD}typo: 1  # edrone: allow unknown-key\n")),
    "both-endings": ({**one(GOOD), "shop/default.yml": GOOD}, "shop/default.yml", 1, {**one(GOOD), "shop/main.yml": GOOD}),
    "unusable": (one(b"kind: pipeline\n# \xff\n"), "shop/default.yaml", 2, one(GOOD)),
    "folder-for-file": ({**one(GOOD), "shop/main.yaml/default.yaml": GOOD}, "shop/main.yaml", 1, {**one(GOOD), "shop/main/default.yaml": GOOD}),
    "case-only": ({**one(GOOD), "Shop/default.yaml": GOOD}, "shop", 1, {**one(GOOD), "shop2/default.yaml": GOOD}),
    "unreachable": ({**one(GOOD), "shop.yaml": GOOD}, "shop.yaml", 1, {**one(GOOD), "default.yaml": GOOD}),
    "stray-file": ({**one(GOOD), "shop/main.json": "{}"}, "shop/main.json", 1, {**one(GOOD), "README.md": "# hi", ".yamllint.yaml": "a: b"}),
    "operation-head": (operation("kind: operation\ntitel: x\n---\n"), OPERATION, 2, operation("kind: operation\ntitle: x\n---\n")),
    "operation-without-pipeline": ({OPERATION: "kind: operation\n---\n# nothing\n"}, OPERATION, 1, operation("kind: operation\n---\n")),
    "operation-elsewhere": (one(f"kind: operation\n---\n{GOOD}"), "shop/default.yaml", 1, operation("kind: operation\n---\n")),
    "operation-never-runs": ({OPERATION: GOOD}, OPERATION, 4, {OPERATION: GOOD.replace("push", "custom")}),
    "reserved-name": ({**one(GOOD), "_common/s.yaml": STEP}, "_common/s.yaml", 1, {**one(GOOD), "shop/_operations/check.yaml": ANYTIME}),
    "not-extended": ({**one(GOOD), "_shared/s.yaml": STEP}, "_shared/s.yaml", 1, {**one(EXTENDING), "_shared/s.yaml": STEP}),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_it_is_found_where_it_stands(tree, name):
    files, path, line, _ = CASES[name]
    assert (path, line, name) in found(tree(files))


@pytest.mark.parametrize("name", CASES)
def test_it_is_not_found_where_it_is_not(tree, name):
    assert name not in {id_ for _, _, id_ in found(tree(CASES[name][3]))}


def test_every_check_has_such_a_case():
    assert set(CASES) == set(CHECKS)


def test_the_table_of_the_documentation_is_the_list_of_checks():
    rows = re.findall(r"^\| `([a-z-]+)` \| (error|warning) \| (.+) \|$", (ROOT / "docs" / "checks.md").read_text(), re.MULTILINE)
    assert sorted(rows) == sorted((check.id, check.severity, check.what) for check in CHECKS.values())


def test_all_mistakes_of_a_file_are_found_in_one_run(tree):
    text = f"{GOOD}- extends: _shared/gone.yaml\n- extends: _shared/lost.yaml\n---\n{GOOD}platform: {{os: plan9}}\ntypo: 1\n"
    names = [(line, id_) for _, line, id_ in found(tree(one(text)))]
    assert names == [(8, "extends"), (9, "extends"), (12, "duplicate-pipeline"), (18, "unsupported-os"), (19, "unknown-key")]


def test_a_broken_reference_hides_no_other_mistake_of_its_document(tree):
    text = "kind: pipeline\nname: image\ntrigger: {event: push}\ntypo: 1\nsteps:\n- extends: _shared/dcoker.yaml\n"
    text += "- name: test\n  image: golang\n  imge: golang\n  depends_on: [docker]\n"
    text += "- extends: _shared/s.yaml\n  detach: maybe\nplatform: {os: plan9}\n"
    root = tree({**one(text), "_shared/docker.yaml": STEP, "_shared/s.yaml": "name: s\nimage: s\n"})
    assert [(line, id_) for path, line, id_ in found(root) if path == "shop/default.yaml"] == [
        *((4, "unknown-key"), (6, "extends"), (9, "unknown-key"), (12, "wrong-value"), (13, "unsupported-os")),
    ]


def test_a_name_that_is_there_twice_hides_no_other_mistake_either(tree):
    text = f"{GOOD}- {{name: x, image: z}}\n- extends: _shared/s.yaml\nplatform: {{os: plan9}}\n"
    root = tree({**one(text), "_shared/s.yaml": STEP.replace("x", "s")})
    assert [(line, id_) for _, line, id_ in found(root)] == [(8, "extends"), (10, "unsupported-os")]


def test_where_all_steps_are_left_out_nothing_is_said_to_be_missing(tree):
    text = "kind: pipeline\nname: a\ntrigger: {event: push}\nsteps:\n- extends: _shared/gone.yaml\n"
    assert [id_ for _, _, id_ in found(tree(one(text)))] == ["extends"]


def test_a_document_whose_base_is_gone_is_checked_as_far_as_it_goes(tree):
    text = (
        "extends: _shared/gone.yaml\nkind: pipeline\ntype: exec\ndepends_on: b\nstep: []\nsteps+:\n- extends: _shared/lost.yaml\n"
    )
    names = [(line, id_) for _, line, id_ in found(tree(one(text)))]
    assert names == [(1, "extends"), (4, "wrong-value"), (5, "unknown-key"), (7, "extends")]


def test_the_first_example_of_the_documentation_comes_true(tree):
    text = GOOD.replace("- name: x\n  image: y\n", "- extends: _shared/dcoker.yaml\n- name: x\n  image: y\n  imge: y\n")
    root = tree({**one(text), "_shared/docker.yaml": "name: docker\nimage: x\n"})
    lines = [line for line in FORMATS["text"](examine(Tree(root)), "projects/") if "/shop/" in line]
    assert "\n".join(lines) in (ROOT / "docs" / "checks.md").read_text()


def test_a_mistake_of_a_shared_file_is_told_once_with_those_who_extend_it(tree):
    root = tree({f"shop{number}/default.yaml": EXTENDING for number in range(300)} | {"_shared/s.yaml": "name: s\nimagee: y\n"})
    (key, idle) = sorted(examine(Tree(root)), key=lambda finding: -finding.line)
    assert (key.path, key.line, key.id) == ("_shared/s.yaml", 2, "unknown-key")
    assert key.message.endswith("(extended by projects/shop0/default.yaml and 299 more)")
    assert (idle.path, idle.id) == ("_shared/s.yaml", "step-without-image")


def test_a_broken_shared_file_is_told_once(tree):
    root = tree({f"shop{number}/default.yaml": EXTENDING for number in range(3)} | {"_shared/s.yaml": "name: [\n"})
    assert found(root) == [("_shared/s.yaml", 2, "yaml")]
