"""What needs trust, where it is known which repositories Drone trusts."""

import pytest

from pipelines.check.examine import examine, look_into
from pipelines.check.trusted import recipients
from pipelines.tree.tree import Tree
from tests.pipelines.check.examples import ANYTIME, GOOD, one

PRIVILEGED = f"{GOOD}  privileged: true\n"
ADVICE = "privileged needs a repository that is trusted in Drone; elsewhere the runner fails it."


def told(root, trusted, within=()) -> list[tuple[str, int, str]]:
    findings = examine(Tree(root), within=within, trusted=trusted)
    return [(finding.path, finding.line, finding.message) for finding in findings if finding.id == "needs-trust"]


def test_a_repository_that_drone_does_not_trust_is_named_with_file_and_line(tree):
    root = tree({f"{name}/default.yaml": PRIVILEGED for name in ("shop", "cart", "till")})
    trusted = {"acme/shop": False, "acme/cart": True, "acme/till": False}
    assert told(root, trusted) == [
        ("shop/default.yaml", 8, f"{ADVICE} Not trusted: acme/shop."),
        ("till/default.yaml", 8, f"{ADVICE} Not trusted: acme/till."),
    ]
    assert told(root, trusted, ["till"]) == [("till/default.yaml", 8, f"{ADVICE} Not trusted: acme/till.")]


def test_where_drone_trusts_all_nothing_is_told(tree):
    root = tree({**one(PRIVILEGED), "default.yaml": PRIVILEGED})
    assert told(root, {"acme/shop": True, "acme/cart": True}) == []


def test_where_nobody_knows_it_stays_one_advice_for_the_tree(tree):
    root = tree({f"{name}/default.yaml": PRIVILEGED for name in ("shop", "cart", "till")})
    (only,) = told(root, None)
    assert only == ("cart/default.yaml", 8, f"{ADVICE} (and 2 more in 3 files)")
    assert told(root, {}) == [only]
    assert told(root, {"acme/shop": False}) == [
        ("cart/default.yaml", 8, f"{ADVICE} (and 1 more in 2 files)"),
        ("shop/default.yaml", 8, f"{ADVICE} Not trusted: acme/shop."),
    ]
    assert told(root, {"acme/shop": True, "acme/cart": True}) == [("till/default.yaml", 8, ADVICE)]


def test_in_a_shared_file_it_is_found_once_with_those_who_get_it(tree):
    step = "name: z\nimage: y\nprivileged: true\n"
    names = ("a", "b", "c", "d", "e", "f")
    root = tree({f"{name}/default.yaml": f"{GOOD}- extends: _shared/s.yaml\n" for name in names} | {"_shared/s.yaml": step})
    trusted = {f"acme/{name}": name == "a" for name in names}
    message = f"{ADVICE} Not trusted: acme/b, acme/c, acme/d and 2 more. (extended by projects/a/default.yaml and 5 more)"
    assert told(root, trusted) == [("_shared/s.yaml", 3, message)]
    assert told(root, {f"acme/{name}": True for name in names}) == []
    assert told(root, {"acme/a": True}) == [("_shared/s.yaml", 3, ADVICE)]


def test_every_place_of_a_file_is_found(tree):
    root = tree(one(f"{PRIVILEGED}  dns: [1.1.1.1]\nvolumes:\n- name: v\n  host: {{path: /x}}\n"))
    assert [line for _, line, _ in told(root, {"acme/shop": False})] == [8, 9, 12]


def test_a_switch_that_silences_what_a_trusted_repository_may_do_is_not_idle(tree):
    root = tree({**one(PRIVILEGED), "_checks.yaml": "off: [needs-trust]\n"})
    for known in (None, {"acme/shop": True}, {"acme/shop": False}):
        assert examine(Tree(root), trusted=known) == []


def test_all_places_are_there_for_those_who_may_not_see_the_first(tree):
    root = tree({f"{name}/default.yaml": ANYTIME for name in ("a", "b", "c")})
    assert [finding.path for finding in look_into(Tree(root)).once] == [f"{name}/default.yaml" for name in ("a", "b", "c")]


SLUGS = ["acme/shop", "acme/cart", "other/shop", "group/sub/shop", "group/tool"]


@pytest.mark.parametrize(
    ("path", "namespaces", "slugs"),
    [
        ("shop/default.yaml", (), ["acme/shop", "group/sub/shop", "other/shop"]),
        ("shop/default.yaml", ("acme",), ["acme/shop"]),
        ("shop/main.yaml", ("acme",), ["acme/shop"]),
        ("shop/release/default.yaml", ("acme",), ["acme/shop"]),
        ("shop/_operations/check.yaml", ("acme",), ["acme/shop"]),
        ("@other/shop/default.yml", (), ["other/shop"]),
        ("@group/sub/shop/default.yaml", (), ["group/sub/shop"]),
        ("@group/sub/default.yaml", (), ["group/sub/shop"]),
        ("@acme/default.yaml", (), ["acme/cart", "acme/shop"]),
        ("@acme/_operations/check.yaml", (), ["acme/cart", "acme/shop"]),
        ("default.yaml", (), sorted(SLUGS)),
        ("_operations/check.yaml", (), sorted(SLUGS)),
        ("nobody/default.yaml", (), []),
        ("_shared/x.yaml", (), []),
    ],
)
def test_which_repositories_get_a_file(path, namespaces, slugs):
    stem = path.rpartition(".")[0]
    assert recipients(SLUGS, {stem}, namespaces).get(stem, []) == slugs


def test_a_nearer_file_is_in_the_way():
    stems = {"default", "@acme/default", "shop/default", "@other/shop/default", "cart/main"}
    served = recipients(SLUGS, stems, ())
    assert served["default"] == ["group/tool"]
    assert served["@acme/default"] == ["acme/cart"]  # for its other branches
    assert served["shop/default"] == ["acme/shop", "group/sub/shop"]
    assert served["cart/main"] == ["acme/cart"]
