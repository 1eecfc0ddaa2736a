"""The rules by which a record is said to be of a build; without a database."""

import dataclasses
from itertools import permutations
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.records.identity import BuildKey, RecordedBuild, choose, digests_of, shown

SECRET = "a-secret"
TRIGGERED = BuildKey(
    1, 0, 0, "custom", "check", "refs/heads/master", "c0ffee", "master", "", 0, "ann", 1000, {"TARGET": "staging"}
)
STARTED = dataclasses.replace(TRIGGERED, build_id=70, number=7)


def kept(key: BuildKey = TRIGGERED, pk: int = 1, build_id: int | None = None, **changed: object) -> RecordedBuild:
    """A record of a build."""
    key = dataclasses.replace(key, **changed)  # type: ignore[arg-type]
    digests = digests_of(key, SECRET)
    return RecordedBuild(
        pk, key.repo_id, build_id, key.event, key.ref, key.after, key.created,
        digests.identity, digests.without_created, digests.cache_key, UUID(int=pk),
    )  # fmt: skip


def chosen(*records: RecordedBuild, key: BuildKey = STARTED) -> int | None:
    """The record that is chosen, in whatever order they are looked at."""
    digests = digests_of(key, SECRET)
    found = {found and found.id for order in permutations(records) for found in [choose(key, digests, order)]}
    assert len(found) == 1
    return found.pop()  # type: ignore[return-value]  # a key is a number


def test_what_is_bound_to_the_build_goes_before_all_else():
    assert chosen(kept(pk=1), kept(pk=2, build_id=70, created=990), kept(pk=3)) == 2


def test_a_build_that_got_an_error_was_served_nothing_that_is_kept():
    assert chosen(kept(pk=1), kept(pk=2, build_id=70), key=dataclasses.replace(STARTED, got_error=True)) is None


@pytest.mark.parametrize("changed", [{"event": "push"}, {"ref": "refs/heads/x"}, {"after": "decaf"}])
def test_a_number_of_another_drone_binds_nothing(changed):
    assert chosen(kept(pk=1, build_id=70, **changed)) is None


@pytest.mark.parametrize("created", [STARTED.created + 1, STARTED.created - 181])
def test_the_same_number_at_another_time_is_of_another_drone(created):
    """Pull requests of Gogs have no commit by which they could be told apart."""
    assert chosen(kept(pk=1, build_id=70, created=created, after=""), key=dataclasses.replace(STARTED, after="")) is None


def test_unbound_goes_before_bound_and_newer_before_older():
    assert chosen(kept(pk=1), kept(pk=2), kept(pk=3, build_id=71)) == 2
    assert chosen(kept(pk=1, build_id=69), kept(pk=3, build_id=71)) == 3
    assert chosen(kept(pk=1, created=999), kept(pk=2, created=998)) == 1


@pytest.mark.parametrize(("created", "found"), [(1001, None), (1000, 1), (820, 1), (819, None)])
def test_the_clock_is_read_twice_within_180_seconds(created, found):
    assert chosen(kept(created=created)) == found
    assert chosen(kept(created=created, trigger="bob")) == found


OTHER = [
    {"target": "x"},
    {"deploy_to": "production"},
    {"parent": 3},
    {"trigger": "bob"},
    {"params": {}},
    {"params": {"TARGET": "x"}},
]


@pytest.mark.parametrize("changed", OTHER)
def test_an_equal_build_goes_before_one_that_shares_its_second(changed):
    assert chosen(kept(pk=1), kept(pk=2, **changed)) == 1
    assert chosen(kept(pk=2, **changed)) == 2


@pytest.mark.parametrize("changed", [{"repo_id": 2}, {"event": "push"}, {"action": "deploy"}, {"ref": "x"}, {"after": "y"}])
def test_what_drones_cache_tells_apart_is_another_build(changed):
    assert chosen(kept(**changed)) is None


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
