"""Names that may have been meant."""

import pytest

from configs.near import LONGEST, MOST, few, nearest


@pytest.mark.parametrize(
    ("name", "known", "meant"),
    [
        ("TARGT", ["NOTE", "TARGET"], "TARGET"),
        ("targt", ["TARGET"], "TARGET"),
        ("x", ["TARGET"], ""),
        ("TARGT", [], ""),
        ("a" * LONGEST, ["a" * LONGEST], "a" * LONGEST),
        ("a" * (LONGEST + 1), ["a" * (LONGEST + 1)], ""),
        ("TARGT", ["x" * 1_000_000, "TARGET"], "TARGET"),
    ],
)
def test_it_finds_the_nearest(name, known, meant):
    assert nearest(name, known) == meant


def test_very_many_names_are_not_all_compared():
    assert nearest("TARGT", (f"K{number}" for number in iter(int, 1))) == ""  # they never end


def test_a_list_is_short():
    assert few(["a", "b"]) == ["a", "b"]
    assert len(few([str(number) for number in range(MOST)])) == 21
