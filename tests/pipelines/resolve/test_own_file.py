"""Own files extend the shared files, and learn nothing else of the tree."""

import pytest

from pipelines.errors import ConfigError
from pipelines.language import limits
from pipelines.resolve.own_file import convert
from pipelines.tree.tree import Tree
from tests.conftest import push

PLANTED = "planted-in-the-tree"
SECRET = f"kind: pipeline\nname: {PLANTED}\nsteps: []\n"
STEP = "name: build\nimage: docker\ncommands:\n- make\n"
FILES: dict[str, str | bytes] = {
    "_shared/docker.yaml": STEP,
    "_shared/go/base.yaml": f"kind: pipeline\ntype: docker\nname: base\nsteps:\n- {STEP.replace(chr(10), chr(10) + '  ').rstrip()}\n",
    "_shared/own.yaml": "extends: docker.yaml\n".replace("docker", "./docker"),
    "_shared/leads.yaml": f"extends: ../{PLANTED}.yaml\n",
    "_shared/broken.yaml": f"{PLANTED}: [\n",
    "_shared/empty.yaml": "",
    "_shared/twice.yaml": f"kind: pipeline\nsteps:\n- name: {PLANTED}\n- name: {PLANTED}\n",
    "_shared/_operations/ship.yaml": SECRET,
    "_shared/head.yaml": f"kind: operation\ntitle: {PLANTED}\n",
    "_operations/ship.yaml": SECRET,
    f"{PLANTED}.yaml": SECRET,
    "default.yaml": SECRET,
    "shop/master.yaml": SECRET,
    "@shop/_shared/helm.yaml": STEP,
    "@other/_shared/secret.yaml": SECRET,
    "Shop/_shared/x.yaml": SECRET,
}
PIPELINE = "kind: pipeline\ntype: docker\nname: own\nsteps:\n- extends: '{}'\n- name: test\n"


@pytest.fixture
def root(tree):
    path = tree(FILES)
    (path / "_shared/link.yaml").symlink_to("../shop/master.yaml")
    (path / "_shared/folder").symlink_to("../shop")
    (path / "_shared/inside.yaml").symlink_to("docker.yaml")
    return path


def converted(root, text, namespaces=(), slug="shop/cart", **fields):
    return convert(push(slug=slug, **fields), text, Tree(root), namespaces)


def refused(root, text, **more):
    with pytest.raises(ConfigError) as caught:
        converted(root, text, **more)
    message = str(caught.value)
    assert message.startswith(".drone.yml:"), message
    assert PLANTED not in message
    assert "projects/" not in message
    return message


@pytest.mark.parametrize(
    "reference", ["_shared/docker.yaml", "_shared/own.yaml", "_shared/inside.yaml", "@shop/_shared/helm.yaml"]
)
def test_an_own_file_extends_what_is_shared(root, reference):
    resolved = converted(root, PIPELINE.format(reference))
    assert resolved.yaml == (
        "kind: pipeline\ntype: docker\nname: own\nsteps:\n- name: build\n  image: docker\n  commands:\n  - make\n- name: test\n"
    )
    assert resolved.path == resolved.sources[0] == "/.drone.yml"
    assert {str(origin.place).split(":")[0] for origin in resolved.origins} <= {
        ".drone.yml", *(f"projects/{source}" for source in resolved.sources[1:])
    }  # fmt: skip


def test_extends_at_the_root_means_what_it_means_in_the_tree(root):
    resolved = converted(root, "extends: _shared/go/base.yaml\nname: own\n")
    assert resolved.yaml.startswith("kind: pipeline\ntype: docker\nname: own\n")


@pytest.mark.parametrize(
    "reference",
    [
        "shop/master.yaml", "default.yaml", "_operations/ship.yaml", "_shared/_operations/ship.yaml",
        "@other/_shared/secret.yaml", "@Shop/_shared/helm.yaml", "_Shared/docker.yaml", "Shop/_shared/x.yaml", "./_shared/docker.yaml",
        "../_shared/docker.yaml", "_shared/../shop/master.yaml", "_shared/../_shared/docker.yaml", "_shared/./docker.yaml",
        "/_shared/docker.yaml", "_shared", "_shared/", "_shared/link.yaml", "_shared/folder/master.yaml", "_shared/leads.yaml",
        "_shared/broken.yaml", "_shared/empty.yaml", "_shared/nowhere.yaml", ".drone.yml", "_shared//../shop/master.yaml",
    ],
)  # fmt: skip
def test_nothing_else_is_reached_or_named(root, reference):
    assert f'"{reference}"' in refused(root, PIPELINE.format(reference))
    assert f'"{reference}"' in refused(root, f"extends: '{reference}'\nname: own\n")


def test_what_is_not_there_is_said_like_what_is_forbidden(root):
    """So nobody finds out which files there are."""
    there, missing = (refused(root, PIPELINE.format(f"shop/{name}.yaml")) for name in ("master", "nobody"))
    assert there.replace("master", "") == missing.replace("nobody", "")


def test_no_file_is_suggested(root):
    assert "did you mean" not in refused(root, PIPELINE.format("_shared/dcoker.yaml"))


def test_a_mistake_in_the_own_file_says_where(root):
    assert refused(root, "extends: _shared/go/base.yaml\nsteps:\n- name: a\n- name: a\n").startswith(".drone.yml:4:3: ")


def test_a_configuration_path_is_no_path_of_the_tree(root):
    text = PIPELINE.format("_shared/docker.yaml")
    for path in ("_shared/docker.yaml", "/_shared/docker.yaml", "../../etc/passwd", "a\x00\u202eb.yml", "x" * 5000, ""):
        assert converted(root, text, config_path=path).yaml


def test_only_named_namespaces_reach_the_shared_files_of_all(root):
    assert converted(root, PIPELINE.format("_shared/docker.yaml"), namespaces={"shop"})
    assert converted(root, PIPELINE.format("@shop/_shared/helm.yaml"), namespaces={"ismewen"})
    assert '"_shared/docker.yaml"' in refused(root, PIPELINE.format("_shared/docker.yaml"), namespaces={"ismewen"})


@pytest.mark.parametrize("namespace", ["..", "@shop", "_shared", ""])
def test_a_namespace_that_is_no_folder_reaches_no_folder(root, namespace):
    with pytest.raises(ConfigError):
        converted(root, PIPELINE.format(f"@{namespace}/_shared/helm.yaml"), slug=f"{namespace}/x")


def test_a_namespace_with_slashes_has_its_own_shared_files(tree):
    root = tree({"@group/sub/_shared/a.yaml": STEP, "@group/_shared/a.yaml": STEP})
    assert converted(root, PIPELINE.format("@group/sub/_shared/a.yaml"), slug="group/sub/x")
    assert "only" in refused(root, PIPELINE.format("@group/_shared/a.yaml"), slug="group/sub/x")


STARLARK = 'def main(ctx):\n  return {"kind": "pipeline", "extends": "_shared/docker.yaml"}\n'
JSONNET = '{ "kind": "pipeline", "extends": "_shared/docker.yaml" }\n'


@pytest.mark.parametrize(
    "text",
    [
        "", "kind: pipeline\n", "# extends: _shared/docker.yaml\nkind: pipeline\n", 'kind: pipeline\n"extends": _shared/docker.yaml\n',
        STARLARK, JSONNET, f"---\n{JSONNET}---\n{JSONNET}", "a: [", "\x00", "kind: pipeline\nname: 'no extends: here'\n",
        "kind: pipeline\n" + "# x\n" * 1_500_000, "kind: operation\n" + "# x\n" * 1_500_000,
    ],
)  # fmt: skip
def test_what_extends_nothing_is_left_as_it_is(root, text):
    assert converted(root, text) is None


@pytest.mark.parametrize(
    "first", ["extends: _shared/docker.yaml\n", "# extends: \n", "a: [\nextends: b\n", "kind: operation\nextends: b\n"]
)
def test_what_may_extend_and_is_too_long_is_refused_without_being_parsed(root, monkeypatch, first):
    monkeypatch.setattr("yaml.CSafeLoader", None)  # every way to libyaml
    message = refused(root, first + "# x\n" * (limits.SOURCES // 4))
    assert message == f".drone.yml:1:1: the files that extend one another here have more than {limits.SOURCES} characters."


SIGNATURE = "---\nkind: signature\nhmac: 1234\n\n...\n"


def test_a_signature_of_a_file_that_is_composed_is_dropped_and_else_left_alone(root):
    composed = converted(root, PIPELINE.format("_shared/docker.yaml") + SIGNATURE)
    assert composed.yaml == converted(root, PIPELINE.format("_shared/docker.yaml")).yaml
    assert converted(root, f"kind: pipeline\nname: own\n{SIGNATURE}") is None


def test_what_edrone_served_itself_is_left_as_it_is(root):
    once = converted(root, PIPELINE.format("_shared/docker.yaml"))
    assert converted(root, once.yaml) is None


@pytest.mark.parametrize("head", ['kind: "oper\\u0061tion"', "name: &kind operation\nkind: *kind", 'kind: "repositor\\x79"'])
def test_a_head_of_the_tree_is_refused_however_it_is_written(root, head):
    assert "is for files of edrone's tree" in refused(root, f"{head}\n---\n{PIPELINE.format('_shared/docker.yaml')}")


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        (
            "- extends: _shared/docker.yaml\n- extends: _shared/docker.yaml\n",
            '.drone.yml:3:3: "build" is already the name of an item',
        ),
        (
            "- extends: _shared/docker.yaml\n- name: build\n",
            '.drone.yml:3:3: "build" is already the name of an item at a shared file',
        ),
        (
            "- extends: _shared/docker.yaml\n  image+: [x]\n",
            ".drone.yml:3:3: image is a single value at a shared file, and image+",
        ),
    ],
)
def test_a_mistake_of_the_own_file_is_told_at_its_place(root, steps, message):
    assert refused(root, f"steps:\n{steps}").startswith(message)


def test_a_link_out_of_the_tree_is_named_by_its_reference_alone(root):
    (root / "_shared/passwd.yaml").symlink_to("/etc/passwd")
    assert refused(root, PIPELINE.format("_shared/passwd.yaml")).startswith(
        '.drone.yml:5:3: extends "_shared/passwd.yaml": it has'
    )
