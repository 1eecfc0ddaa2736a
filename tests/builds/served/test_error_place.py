"""The lines of the tree around the place that an error names: only of files that may serve the build's own repository."""

import os

import pytest

from builds.drone_db.models import Build, Repo
from builds.served.error_place import ErrorPlace, error_place, lines_at

TEN = "".join(f"l{number}\n" for number in range(1, 21))


def failed(error: str, slug: str = "shop/cart") -> Build:
    namespace, name = slug.split("/")
    build = Build(event="push", ref="refs/heads/master", target="master", status="error", error=error)
    Build.repo.field.set_cached_value(build, Repo(slug=slug, namespace=namespace, name=name))
    return build


@pytest.mark.parametrize(
    ("error", "place"),
    [
        (
            "linter: unsupported os: edrone: projects/@shop/cart/master.yaml:12:5: no image",
            ErrorPlace("@shop/cart/master.yaml", 12),
        ),
        ("linter: unsupported os: edrone: projects/default.yml:1: two; projects/a.yaml:2: too", ErrorPlace("default.yml", 1)),
        ("linter: unsupported os: edrone: no file serves", None),
        ('edrone: .drone.yml:4:3: extends "_shared/nowhere.yaml": no such file.', None),
        ("yaml: line 3: did not find expected key", None),
        ("", None),
    ],
)
def test_the_first_place_is_found(error, place):
    assert error_place(failed(error)) == place


@pytest.mark.parametrize(("line", "first", "last"), [(1, 1, 6), (12, 7, 17), (20, 15, 20)])
def test_the_lines_around_it_are_read(tree, line, first, last):
    tree({"@shop/cart/master.yaml": TEN})
    place = ErrorPlace("@shop/cart/master.yaml", line)
    assert lines_at(place, failed("")) == [(number, f"l{number}") for number in range(first, last + 1)]


@pytest.mark.parametrize(
    "file", ["@shop/cart/x.yaml", "@shop/cart/operations/check.yml", "cart/x.yaml", "@shop/default.yaml", "default.yaml"]
)
def test_files_that_may_serve_the_repository_are_shown(tree, file):
    tree({file: "secret: x\n"})
    assert lines_at(ErrorPlace(file, 1), failed("")) == [(1, "secret: x")]


@pytest.mark.parametrize(
    "file",
    [
        "@shop/other/x.yaml",
        "@shop/cart2/x.yaml",
        "@shop/cart/../other/x.yaml",
        "_shared/x.yaml",
        "@else/default.yaml",
        "@shop/x.yaml",
        "/etc/x.yaml",
    ],
)
def test_files_of_others_are_not(tree, file):
    tree(
        {
            "@shop/other/x.yaml": "s",
            "@shop/cart2/x.yaml": "s",
            "@shop/cart/a.yaml": "s",
            "_shared/x.yaml": "s",
            "@shop/x.yaml": "s",
        }
    )
    assert lines_at(ErrorPlace(file, 1), failed("")) == []


def test_a_link_out_of_the_tree_a_file_that_is_gone_and_a_line_past_the_end_show_nothing(tree, tmp_path):
    root = tree({"@shop/cart/a.yaml": TEN})
    (tmp_path / "outside.yaml").write_text("s\n")
    os.symlink(tmp_path / "outside.yaml", root / "@shop/cart/link.yaml")
    for file, line in (("@shop/cart/link.yaml", 1), ("@shop/cart/gone.yaml", 1), ("@shop/cart/a.yaml", 21)):
        assert lines_at(ErrorPlace(file, line), failed("")) == []
