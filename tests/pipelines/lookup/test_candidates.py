"""Which files may serve a build, in which order."""

import posixpath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.build_request import BuildRequest
from pipelines.lookup.candidates import branch_of, candidates
from tests.conftest import push


def paths(request: BuildRequest, *namespaces: str) -> list[str]:
    return list(candidates(request, namespaces).paths)


def test_the_nearest_default_wins_from_the_branch_up():
    assert paths(push("release/1.2")) == [
        "@ismewen/edrone/release/1.2.yaml",
        "@ismewen/edrone/release/default.yaml",
        "@ismewen/edrone/default.yaml",
        "edrone/release/1.2.yaml",
        "edrone/release/default.yaml",
        "edrone/default.yaml",
        "@ismewen/default.yaml",
        "default.yaml",
    ]


def test_without_a_branch_there_are_only_defaults():
    defaults = ["@ismewen/edrone/default.yaml", "edrone/default.yaml", "@ismewen/default.yaml", "default.yaml"]
    assert paths(push("")) == paths(push("v1", event="tag", ref="refs/tags/v1")) == defaults


@pytest.mark.parametrize("branch", ["default", "release/default"])
def test_a_branch_called_default_gets_the_default(branch):
    assert f"edrone/{branch}.yaml" in paths(push(branch))
    assert len(paths(push(branch))) == len(set(paths(push(branch))))


def test_namespaces_with_slashes_keep_them():
    assert paths(push("master", slug="group/sub/shop"))[:2] == ["@group/sub/shop/master.yaml", "@group/sub/shop/default.yaml"]
    assert "@group/sub/default.yaml" in paths(push("master", slug="group/sub/shop"))


@pytest.mark.parametrize(
    ("fields", "branch"),
    [
        ({"target": "master"}, "master"),
        ({"target": "refs/heads/master"}, "master"),
        ({"event": "pull_request", "ref": "refs/pull/7/head", "target": "develop"}, "develop"),
        ({"event": "cron", "target": "master"}, "master"),
        ({"event": "custom", "target": "feature/x"}, "feature/x"),
        ({"event": "promote", "target": "develop"}, "develop"),
        ({"event": "tag", "ref": "refs/tags/v1", "target": "v1"}, ""),
        ({"event": "tag", "ref": "refs/tags/v1", "target": "master"}, ""),
        ({"event": "custom", "ref": "refs/tags/v1", "target": "refs/tags/v1"}, ""),
        ({"event": "promote", "ref": "refs/tags/v1", "target": "v1"}, ""),
        ({"event": "custom", "ref": "refs/heads/x", "target": "refs/tags/v1"}, ""),
        ({"target": ""}, ""),
        ({"target": "refs/heads/"}, ""),
    ],
)
def test_the_target_names_the_branch_and_tags_have_none(fields, branch):
    assert branch_of(push(**fields)) == branch


HOSTILE = ["../../../etc/passwd", "..", ".", "/etc/passwd", "a//b", "a/", "_shared/x", "x/_operations/deploy", "a/../b", "a/./b", "nul\0",
           "new\nline", "del\x7f", "c1\x85", "back\\slash", "x" * 256, "\ud800", "中" * 86]  # fmt: skip


@pytest.mark.parametrize("branch", HOSTILE)
def test_a_branch_that_cannot_be_a_path_is_no_branch(branch):
    found = candidates(push(branch))
    assert found.paths == candidates(push("")).paths
    assert found.remarks[0].startswith("branch ")


@pytest.mark.parametrize("name", [*HOSTILE, "@ismewen", "a/b", ""])
def test_a_repository_that_cannot_be_a_path_has_no_folder(name):
    found = candidates(push(namespace="ismewen", name=name))
    assert found.paths == ("@ismewen/default.yaml", "default.yaml")
    assert found.remarks[0].startswith("repository ")


@pytest.mark.parametrize("namespace", [*HOSTILE, ""])
def test_a_namespace_that_cannot_be_a_path_has_no_folder(namespace):
    assert candidates(push(namespace=namespace)).paths == ("edrone/master.yaml", "edrone/default.yaml", "default.yaml")


@pytest.mark.parametrize(
    "branch",
    [
        "功能/新",
        "🚀",
        "trailing.",
        "trailing ",
        " leading",
        "x" * 255,
        "-x",
        ".hidden",
        "@x",
        "a b",
        "%2e%2e",
        "~",
        "x" * 4000 + "/y",
    ],
)
def test_odd_but_possible_branches_keep_their_own_file(branch):
    if len(branch) > 1000:
        assert candidates(push(branch)).remarks
    else:
        assert f"edrone/{branch}.yaml" in paths(push(branch))


def test_only_named_namespaces_may_use_a_plain_folder():
    fork = push("master", slug="somebody/edrone")
    assert paths(fork, "ismewen", "shop") == [
        "@somebody/edrone/master.yaml",
        "@somebody/edrone/default.yaml",
        "@somebody/default.yaml",
        "default.yaml",
    ]
    assert "EDRONE_NAMESPACES" in candidates(fork, ["ismewen"]).remarks[0]
    assert "edrone/master.yaml" in paths(push("master"), "ismewen", "shop")


names = st.text(max_size=30) | st.sampled_from(["..", ".", "", "_x", "@a", "a/b", "/", "a/../b", "\0", "default"])


@given(names, names, names, st.sampled_from(["push", "tag", "pull_request"]), st.sets(names, max_size=2))
def test_no_name_leads_out_of_the_tree_or_into_reserved_folders(namespace, name, target, event, namespaces):
    for path in candidates(BuildRequest(namespace, name, event, f"refs/heads/{target}", target), namespaces).paths:
        assert posixpath.normpath(path) == path
        assert not path.startswith(("/", "../"))
        assert "\0" not in path
        assert not any(part.removeprefix("@").startswith("_") for part in path.split("/"))
        assert path.endswith(".yaml")
    assert path == "default.yaml"


@given(names, names)
def test_the_head_branch_of_a_pull_request_selects_nothing(source, target):
    a = BuildRequest("ns", "repo", "pull_request", f"refs/pull/1/{source}", target)
    b = BuildRequest("ns", "repo", "pull_request", "refs/pull/1/head", target)
    assert candidates(a) == candidates(b)


def test_a_branch_of_very_many_folders_is_no_branch():
    assert candidates(push("a/" * 600 + "b")).paths == candidates(push("")).paths
