"""What identifies a build; without a database."""

import dataclasses

from hypothesis import given
from hypothesis import strategies as st

from configs.records.identity import BuildKey, digests_of, shown

SECRET = "a-secret"
TRIGGERED = BuildKey(
    1, 0, 0, "custom", "check", "refs/heads/master", "c0ffee", "master", "", 0, "ann", 1000, {"TARGET": "staging"}
)


names = st.text(max_size=5)
keys = st.builds(
    BuildKey, st.integers(0, 3), st.just(0), st.just(0), names, names, names, names, names, names, st.integers(0, 3), names,
    st.integers(1, 5), st.dictionaries(names, names, max_size=2),
)  # fmt: skip


@given(keys, keys)
def test_digests_are_equal_for_equal_builds_alone(one, other):
    first, second = digests_of(one, SECRET), digests_of(other, SECRET)
    assert (first.identity == second.identity) == (one == other)
    assert (first.without_created == second.without_created) == (one == dataclasses.replace(other, created=one.created))
    cached = [(key.repo_id, key.event, key.action, key.ref, key.after) for key in (one, other)]
    assert (first.cache_key == second.cache_key) == (cached[0] == cached[1])


def test_the_order_of_parameters_says_nothing_and_the_secret_keeps_them():
    swapped = [dataclasses.replace(TRIGGERED, params=params) for params in ({"A": "1", "B": "2"}, {"B": "2", "A": "1"})]
    assert digests_of(swapped[0], SECRET) == digests_of(swapped[1], SECRET)
    assert digests_of(TRIGGERED, SECRET).identity != digests_of(TRIGGERED, "another").identity


@given(st.text())
def test_names_fit_into_a_column_and_drones_own_stay(name):
    assert len(shown(name)) <= 500
    assert "\0" not in shown(name)
    assert shown(name) == name or "\0" in name or len(name) > 500
