"""Patterns of conditions match what Drone's own library matches; tests/e2e/test_drone_matches_alike.py asks that one."""

import time

import pytest

from pipelines.triggers.globs import matches


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        ("main", "main", True),
        ("main", "Main", False),
        ("", "", True),
        ("", "main", False),
        ("*", "main", True),
        ("*", "", True),
        ("*", "release/1.2", False),
        ("release/*", "release/1.2", True),
        ("release/*", "release/1.2/hot", False),
        ("release/**", "release/1.2/hot", True),
        ("release/**", "release", False),
        ("**/hot", "release/1.2/hot", True),
        ("**/hot", "hot", True),
        ("**", "any/thing", True),
        ("rel**", "release/1", False),  # two stars are special only as a whole part
        ("v?", "v1", True),
        ("v?", "v12", False),
        ("v[0-9]", "v1", True),
        ("v[^0-9]", "v1", False),
        ("v[", "v1", False),
        ("v[]", "v1", False),
        ("v[-1]", "v1", False),
        ("{main,develop}", "develop", True),
        ("{main,develop}", "master", False),
        ("{a/b,c}", "c", False),  # split at the slash before anything else
        ("{main,", "main", False),
        (r"{a\,b}", "b", False),  # one option, since its comma is escaped
        (r"{a\,b\,c}", "c", False),
        (r"{a\,b\,c}", "a,b,c", True),
        (r"v[\]\]]", "v]", True),
        (r"\*", "*", True),
        (r"\*", "a", False),
        ("a\\", "a", False),
        ("refs/tags/v*", "refs/tags/v1.2", True),
        ("ä?", "äö", True),
    ],
)
def test_patterns(pattern, name, expected):
    assert matches(pattern, name) is expected


@pytest.mark.parametrize("pattern", ["*a" * 90 + "b", "*" * 100_000, "{" * 5000, "**/" * 90 + "b", "{a,b}" * 90])
def test_no_pattern_takes_for_ever(pattern):
    began = time.process_time()
    assert not matches(pattern, "a" * 500 + "/" + "a/" * 200)
    assert time.process_time() - began < 5
