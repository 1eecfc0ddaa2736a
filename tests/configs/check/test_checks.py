"""Each check finds its mistake, at its line, and nothing in a tree without it."""

import os
import re

import pytest

from configs.check.examine import examine
from configs.check.findings import CHECKS
from configs.check.report import FORMATS
from configs.tree import Tree
from tests.server import ROOT

GOOD = "kind: pipeline\nname: a\ntrigger:\n  event: [push]\nsteps:\n- name: x\n  image: y\n"
FIRST = GOOD.replace("name: a\n", "name: b\n", 1)
STEP = "name: x\nimage: y\n"
ANYTIME = GOOD.replace("trigger:\n  event: [push]\n", "")
EXEC = GOOD.replace("kind: pipeline\n", "kind: pipeline\ntype: exec\n").replace("  image: y\n", "  commands: [make]\n")
SSH = EXEC.replace("exec", "ssh")
SERVER = "server: {host: h, user: u, password: p}\n"
EXTENDING = GOOD + "- extends: _shared/s.yaml\n  name: z\n"
Files = dict[str, str | bytes]


def one(text: str | bytes) -> Files:
    """Make a tree of one file."""
    return {"shop/default.yaml": text}


OPERATION = "shop/_operations/check.yaml"


def operation(head: str) -> Files:
    """Make a tree of one operation."""
    return {OPERATION: head + ANYTIME}


# id → what has the mistake, line of the mistake, and what is right.
CASES: dict[str, tuple[Files, str, int, Files]] = {
    "yaml": (one("kind: pipeline\nname: [\n"), "shop/default.yaml", 3, one(GOOD)),
    "extends": ({**one(EXTENDING), "_shared/t.yaml": STEP}, "shop/default.yaml", 8, {**one(EXTENDING), "_shared/s.yaml": STEP}),
    "repository-and-more": (one(f"{GOOD}---\nkind: repository\n"), "shop/default.yaml", 1, one("kind: repository\n")),
    "not-checked": (one(f"{GOOD}data: [{','.join(['1'] * 20_001)}]\n"), "shop/default.yaml", 8, one(f"{GOOD}x-data: [{','.join(['1'] * 1000)}]\n")),
    "long-line": (one(f"{GOOD}# {'x' * 65_536}\n"), "shop/default.yaml", 8, one(f"{GOOD}#{'x' * 65_534}\n")),
    "end-marker": (one(f"{GOOD}...\n---\n{FIRST}"), "shop/default.yaml", 8, one(f"{GOOD}---\n{FIRST}")),
    "end-line": (one(f"{GOOD}...\n"), "shop/default.yaml", 8, one(GOOD)),
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
    "no-steps": (one("kind: pipeline\nname: a\ntrigger: {event: push}\nsteps: []\n"), "shop/default.yaml", 4, one(GOOD)),
    "null-step": (one(f"{GOOD}-\n"), "shop/default.yaml", 8, one(GOOD)),
    "unnamed-step": (one(f"{GOOD}- image: z\n"), "shop/default.yaml", 8, one(f"{GOOD}services:\n- image: z\n")),
    "long-step-name": (one(f"{GOOD}- name: {'x' * 101}\n  image: z\n"), "shop/default.yaml", 8, one(f"{GOOD}- name: {'x' * 100}\n  image: z\n")),
    "duplicate-step": (one(f"{GOOD}services:\n- name: x\n  image: z\n"), "shop/default.yaml", 6, one(f"{GOOD}services:\n- name: z\n  image: z\n")),
    "step-without-image": (one(f"{GOOD}- name: z\n  commands: [make]\n"), "shop/default.yaml", 8, one(f"{EXEC}- name: z\n  commands: [make]\n")),
    "idle-step": (one(f"{EXEC}- name: z\n"), "shop/default.yaml", 9, one(f"{GOOD}- name: z\n  image: y\n")),
    "unknown-step": (one(f"{GOOD}  depends_on: [z]\n- name: z\n  image: y\n"), "shop/default.yaml", 8, one(f"{GOOD}  depends_on: [clone]\n")),
    "unknown-step-name": (one(f"{EXEC}  depends_on: [z]\n"), "shop/default.yaml", 9, one(f"{EXEC}  depends_on: [z]\n- name: z\n  commands: [make]\n")),
    "no-server": (one(f"{SSH}server: {{host: h, password: p}}\n"), "shop/default.yaml", 9, one(SSH + SERVER)),
    "no-trigger-event": (one(GOOD.replace("event: [push]", "branch: [main]")), "shop/default.yaml", 3, one(GOOD.replace("event: [push]", "cron: [nightly]"))),
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


def found(root) -> list[tuple[str, int, str]]:
    return [(finding.path, finding.line, finding.id) for finding in examine(Tree(root))]


@pytest.mark.parametrize("name", CASES)
def test_it_is_found_where_it_stands(tree, name):
    files, path, line, _ = CASES[name]
    assert (path, line, name) in found(tree(files))


@pytest.mark.parametrize("name", CASES)
def test_it_is_not_found_where_it_is_not(tree, name):
    assert name not in {id_ for _, _, id_ in found(tree(CASES[name][3]))}


@pytest.mark.parametrize("head", ["", "kind: operation\n---\n"])
def test_an_operation_that_leaves_it_to_the_repository_is_found(tree, head):
    assert (OPERATION, 1, "repository-and-more") in found(tree({OPERATION: f"{head}kind: repository\n"}))


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
    assert (idle.path, idle.id) == ("_shared/s.yaml", "idle-step")


def test_a_broken_shared_file_is_told_once(tree):
    root = tree({f"shop{number}/default.yaml": EXTENDING for number in range(3)} | {"_shared/s.yaml": "name: [\n"})
    assert found(root) == [("_shared/s.yaml", 2, "yaml")]


def test_a_part_beside_its_project_is_no_pipeline_that_lacks_something(tree):
    assert found(tree({"shop/default.yaml": GOOD + "- extends: ./part.yaml\n", "shop/part.yaml": "name: z\nimage: y\n"})) == []


@pytest.mark.parametrize(
    "path",
    ["_operations/check.yaml", "shop/_operations/check-2.yml", "@ns/_operations/check.yaml", "@ns/shop/_operations/check.yaml", "@g/sub/shop/_operations/check.yaml"],
)  # fmt: skip
def test_an_operation_is_a_pipeline_with_its_head_taken_off(tree, path):
    head = "kind: operation\ntitle: Check\n---\n"
    assert found(tree({path: head + GOOD.replace("trigger:\n  event: [push]\n", "trigger: {event: custom}\n")})) == []
    anytime = GOOD.replace("trigger:\n  event: [push]\n", "")
    assert found(tree({path: head + anytime})) == []  # only custom builds run it
    ((_, line, id_),) = found(tree({path: f"{head}{anytime}platform: {{os: plan9}}\n"}))
    assert (line, id_) == (9, "unsupported-os")


def test_all_mistakes_of_a_head_are_found_at_their_places_and_those_of_the_pipeline_too(tree):
    head = (
        "kind: operation\ntitel: x\nlevel: admin\ninputs:\n  PATH: {}\n  A: {tipe: x, required: maybe}\n  B: {type: choice}\n"
        "  C: {type: number, default: ten}\n--- dropped\n"
    )
    assert found(tree({"_operations/check.yaml": f"{head}{ANYTIME}platform: {{os: plan9}}\n"})) == [
        *(("_operations/check.yaml", line, "operation-head") for line in (2, 3, 5, 6, 6, 7, 8)),
        ("_operations/check.yaml", 9, "separator-text"),
        ("_operations/check.yaml", 15, "unsupported-os"),
    ]


def test_an_operation_that_extends_another_gets_its_pipeline_without_the_head(tree):
    files = {
        "_operations/check.yaml": f"kind: operation\ntitle: All\n---\n{ANYTIME}",
        "shop/_operations/check.yaml": "kind: operation\ntitle: Ours\n---\nextends: _operations/check.yaml\nname: ours\n",
    }
    assert found(tree(files)) == []
    broken = {**files, "_operations/check.yaml": f"kind: operation\nlevel: all\n---\n{ANYTIME}"}
    assert found(tree(broken)) == [("_operations/check.yaml", 2, "operation-head")]


@pytest.mark.parametrize("event", ["[push]", "push", "{include: [push, tag]}"])
def test_a_pipeline_of_an_operation_that_waits_for_other_events_never_runs(tree, event):
    def operation(event):
        return {"_operations/check.yaml": f"{ANYTIME}trigger:\n  event: {event}\n"}

    assert found(tree(operation(event))) == [("_operations/check.yaml", 7, "operation-never-runs")]
    assert found(tree(operation(event.replace("push", "custom")))) == []


def test_an_operation_that_nobody_can_start_is_found_where_namespaces_are_named(tree):
    root = tree(
        {"@ns/shop/_operations/check.yaml": ANYTIME, "shop/_operations/check.yaml": ANYTIME, "_operations/check.yaml": ANYTIME}
    )
    assert found(root) == []  # shops of other namespaces have it
    dead = [(finding.path, finding.id) for finding in examine(Tree(root), {"ns"}) if finding.severity == "error"]
    assert dead == [("shop/_operations/check.yaml", "unreachable")]
    assert [finding for finding in examine(Tree(root), {"ns", "other"}) if finding.severity == "error"] == []


def test_a_name_that_no_operation_can_have_is_said_to_be_one(tree):
    (finding,) = [one for one in examine(Tree(tree({"_operations/Check_it.yaml": ANYTIME}))) if one.id == "reserved-name"]
    assert 'no operation can be called "Check_it"' in finding.message


@pytest.mark.parametrize("path", ["shop/default.yaml", "_operations/check.yaml"])
def test_a_head_further_down_is_found_where_it_stands(tree, path):
    text = ANYTIME if path.startswith("_") else GOOD
    lines = text.count("\n")
    assert found(tree({path: f"{text}---\ntitle: x\nkind: operation\n"})) == [(path, lines + 3, "operation-elsewhere")]


@pytest.mark.parametrize(
    "path", ["_operations/Check.yaml", "_operations/a/check.yaml", "shop/branch/_operations/check.yaml", "_operations/check.json", "_x/_operations/a.yaml"]
)  # fmt: skip
def test_an_operation_elsewhere_is_a_reserved_name_misused(tree, path):
    assert (path, 1, "reserved-name") in found(tree({path: GOOD}))


@pytest.mark.parametrize(
    "name", ["shop/feature x", "shop/a..b", "shop/x.lock", "shop/-x/y", "shop/a~1", "shop/a b/default", "@ns/shop/a^b"]
)
def test_a_branch_that_git_does_not_allow_is_never_built(tree, name):
    assert (f"{name}.yaml", 1, "unreachable") in found(tree({f"{name}.yaml": GOOD}))


@pytest.mark.parametrize(
    "name", ["default", "shop/default", "shop/release/1.2", "shop/release/default", "@ns/default", "@ns/shop/default", "@g/sub/shop/main", "shop/default/x", ".github/default", "shop/修复"]
)  # fmt: skip
def test_every_place_of_the_readme_is_selected(tree, name):
    assert found(tree({f"{name}.yaml": GOOD})) == []


def test_a_plain_folder_behind_a_nearer_default_is_dead_where_namespaces_are_named(tree):
    root = tree({"@ns/shop/default.yaml": GOOD, "shop/main.yaml": GOOD, "shop/default.yaml": GOOD})
    assert found(root) == []  # other namespaces may use it
    dead = [finding for finding in examine(Tree(root), {"ns"}) if finding.id == "unreachable"]
    assert [finding.path for finding in dead] == ["shop/default.yaml", "shop/main.yaml"]
    assert all("projects/@ns/shop/default is nearer" in finding.message for finding in dead)


def test_links_are_followed_within_the_tree_and_refused_outside(tree, tmp_path):
    root = tree(one(GOOD))
    os.symlink("shop", root / "alias")
    os.symlink("..", root / "shop" / "circle")
    os.symlink(tmp_path, root / "out")
    os.symlink("nowhere", root / "shop" / "gone.yaml")
    assert {(path, id_) for path, _, id_ in found(root) if "circle" not in path and not path.startswith("alias")} == {
        ("shop/gone.yaml", "unusable"),
        ("out", "unusable"),
    }


def test_what_is_not_in_the_tree_for_builds_is_left_alone(tree):
    files = {
        ".git/config": "x",
        ".github/workflows/ci.yaml": "on: push",
        ".drone.yml": "kind: x",
        "LICENSE": "x",
        "CODEOWNERS": "x",
    }
    assert found(tree({**one(GOOD), **files})) == []


@pytest.mark.parametrize(
    "text", [f"{GOOD}x-a: &a [*a]\n", f"{GOOD}data: {'[' * 101}{']' * 101}\n", f"{GOOD}data: [{','.join(['1'] * 20_001)}]\n"]
)
def test_what_is_too_deep_or_large_to_look_into_is_served_and_no_error(tree, text):
    assert [id_ for _, _, id_ in found(tree(one(text)))] == ["not-checked"]


@pytest.mark.parametrize(
    "text", [f"{GOOD}a: *b\n", f"{GOOD}a: [b?]\n", f"{GOOD}a: {{b: [c, d ? e]}}\n", "kind: pipeline\n\tname: x\n", "kind: \x01\n"]
)
def test_what_drones_parser_cannot_read_is_not_yaml_and_nothing_else_is_said_of_the_file(tree, text):
    assert [id_ for _, _, id_ in found(tree(one(text)))] == ["yaml"]


@pytest.mark.parametrize(
    ("line", "ids"),
    [
        (r"""- {name: "it\'s \\\\", image: 'a\/', commands: ["a\'b\'c \\\\'", 'x\', \'] }""", []),
        (r"""- {name: "it\'s", image: y, imagee: z}""", ["unknown-key"]),
        (r"""- {name: "it\'s", image: y}|- {name: "it's", image: y}""", ["duplicate-step"]),
        (r"""- {name: "a\/b", image: y}""", ["yaml"]),
        (r"""- {name: "a\'\/b", image: y}""", ["yaml"]),
        (r"""- {name: "a\\/b", image: y}""", []),
        (r"""- {name: "a\.b", image: y}""", ["yaml"]),
    ],
)
def test_escapes_are_those_of_drones_parser(tree, line, ids):
    assert [id_ for _, _, id_ in found(tree(one(f"{GOOD}{line}\n".replace("|", "\n"))))] == ids


@pytest.mark.parametrize(
    ("more", "ids"),
    [
        ("- {name: z, image: '', commands: [x]}\n", ["step-without-image"]),
        ("- {name: z, image: y, commands: []}\n", []),
        ("---\nkind: cron\nname: n\nspeck: {}\nspec: {shedule: x, deployment: {target: y}}\n", ["unknown-key"] * 2),
        ("---\nkind: secret\nname: n\ndat: x\nget: {pat: x}\nx-a: b\n", ["unknown-key"] * 2),
        ("---\nkind: registry\ndatta: {}\n---\nkind: signature\nhmack: x\n", ["unknown-key"] * 2),
        (
            "volumes:\n- {name: a, host: {pth: /x}}\n- {name: b, temp: {medum: x}}\n- {name: c, claim: {nam: x}}\n",
            ["unknown-key"] * 3,
        ),
        ("depends_on: x\ndepends_on: []\n", ["wrong-value"]),
        ("clone: {depth: 99999999999999999999}\n", ["wrong-value"]),
        ("clone: {depth: 0x7fffffffffffffff, skip_verify: !!bool no}\n", []),
        ("concurrency: {limit: .inf}\n", ["wrong-value"]),
        ("services:\n- {name: z, image: y, resources: {limits: {memory: 1.5.5GiB}}}\n", ["wrong-value"]),
        ("workspace: {base:, path:}\n", ["unknown-key"] * 2),  # they end in a colon to Drone
        ("- {name: z:, image: y, depends_on: [z:]}\n", ["unknown-step"]),
        ("node: {<<: [], a: b}\n", []),
        ("workspace: {base: !!int x}\n", ["wrong-value"]),
        ("<<: 12\n", ["wrong-value"]),
        ("node: {<<: ~}\n", ["wrong-value"]),
        ("node: {<<: [{a: [b]}]}\n", ["wrong-value"]),
        ("x-a: [{<<: }]\n", []),  # Drone looks only at what it knows
        ("x-a: &a [b]\nx-b: [{<<: *a}]\n", []),
        ("x-a: &a [b]\nnode: {<<: *a}\n", ["wrong-value"]),
        ("- {name: z, image: y, settings: {tag: {{ x }}}}\n", ["wrong-value"]),
        ("- {name: z, image: y, settings: {tag: !!float 1}}\n", ["wrong-value"]),
        ("- {name: z, image: y, settings: {tag: [{<<: x}]}}\n", ["wrong-value"]),
        ("- {name: z, image: y, settings: {tag: {from_secret: x, y: {{ z }}}}}\n", []),
        ("- {name: z, image: y, settings: {tag: !!binary aGk=, key: !!null , at: !!timestamp 2026-11-25}}\n", []),
        ("- {name: z, image: 'y?', settings: {url: 'a?b'}, commands: [\n  'c?']}\n", []),
        ("- {name: z, image: y}\r---\n- {name: z}\n", ["text-after-document"]),
        ("workspace: {base: !!int 1, path: !!str 2}\n", []),
    ],
)
def test_details_that_are_easily_overlooked(tree, more, ids):
    assert [id_ for _, _, id_ in found(tree(one(GOOD + more)))] == ids


def test_a_step_with_an_empty_list_of_commands_does_nothing(tree):
    assert "idle-step" in {id_ for _, _, id_ in found(tree(one(EXEC.replace("[make]", "[]"))))}


def test_any_name_can_be_printed(tree, capsys):
    root = tree({"shop/a\nb.yaml": GOOD})
    (root / "shop" / os.fsdecode(b"\xff.yaml")).write_text(GOOD)
    assert {id_ for _, _, id_ in found(root)} == {"unreachable"}
    for write in FORMATS.values():
        "".join(write(examine(Tree(root)), "")).encode()
    assert len(list(FORMATS["text"](examine(Tree(root)), ""))) == 2
