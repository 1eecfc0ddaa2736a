"""Names that may have been meant."""

from difflib import SequenceMatcher

import pytest
from hypothesis import given
from hypothesis import strategies as st

from texts.suggestions import LONGEST, MOST, MOST_COMPARED, few, nearest


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


words = st.text("abAB_/", max_size=12)


@given(words, st.lists(words, max_size=MOST_COMPARED), st.sampled_from([0.6, 0.7]))
def test_it_is_as_near_as_what_difflib_finds(name, known, cutoff):
    def likeness(other):
        return SequenceMatcher(None, other.casefold(), name.casefold()).ratio()

    found = nearest(name, known, cutoff)
    best = max(map(likeness, known), default=0.0)
    assert (likeness(found) == best and found in known) if best >= cutoff else found == ""


def test_among_many_that_are_alike_it_finds_the_right_one():
    known = [f"_shared/steps/{number}/docker.yaml" for number in range(1500)]
    assert nearest("_shared/steps/1234/dcoker.yaml", known, 0.7) == "_shared/steps/1234/docker.yaml"
