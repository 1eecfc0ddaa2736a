"""Many builds bound at once get what each would get alone."""

import time
from collections.abc import Iterable
from dataclasses import replace

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from configs.records import recorder, rules
from configs.records.identity import BuildKey
from configs.records.models import ConfigFile, ServedConfig
from pipelines.build_request import BuildRequest
from pipelines.resolve.resolve import Resolved

pytestmark = pytest.mark.usefixtures("records")
KEY = BuildKey(3, 1, 1, "push", "", "refs/heads/master", "c0ffee", "master", "", 0, "@hook", 1_000_000)
Build = tuple[str, int, int]  # its commit, when it was created, and which value a parameter has
BUILDS = st.tuples(st.sampled_from(["c0ffee", "decaf"]), st.sampled_from([0, 1, 100, 200, 1000]), st.integers(0, 1))
TEXTS = st.sampled_from(["kind: pipeline\n", "kind: pipeline\nname: x\n", None])


def key(number: int, build: Build) -> BuildKey:
    commit, created, value = build
    return replace(KEY, build_id=number, number=number, after=commit, created=1_000_000 + created, params={"A": str(value)})


def serve(build: Build, text: str | None) -> None:
    """Record what a build is served as it is triggered, a second before Drone writes it."""
    commit, created, value = build
    request = BuildRequest(
        "shop", "cart", "push", "refs/heads/master", "master", repo_id=3, after=commit, trigger="@hook",
        params={"A": str(value)}, created=1_000_000 + created - 1,
    )  # fmt: skip
    recorder.recorded(request, Resolved(text, "cart/default.yaml", ("cart/default.yaml",)), time.monotonic() + 4.5)


def files() -> dict[int | None, tuple[int, ConfigFile]]:
    bound = ServedConfig.objects.exclude(build_id=None).select_related("file")
    return {record.build_id: (record.number, record.file) for record in bound}


def one_by_one(keys: Iterable[BuildKey]) -> dict[int | None, tuple[int, ConfigFile]]:
    """Bind each alone, and undo it."""
    with transaction.atomic():
        for each in keys:
            rules.shown_for(each)
        bound = files()
        transaction.set_rollback(True)
    return bound


@given(
    served=st.lists(st.tuples(BUILDS, TEXTS), max_size=8),
    builds=st.lists(BUILDS, max_size=8),
    before=st.integers(0, 3),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_all_at_once_is_as_one_by_one(served: list[tuple[Build, str | None]], builds: list[Build], before: int):
    ServedConfig.objects.all().delete()
    for build, text in served:
        serve(build, text)
    keys = [key(number, build) for number, build in enumerate(builds, 1)]
    for each in keys[:before]:
        rules.shown_for(each)
    right = one_by_one(keys)
    rules.bind_all(keys)
    assert files() == right


def test_what_another_process_took_meanwhile_is_looked_at_again(monkeypatch: pytest.MonkeyPatch):
    serve(("c0ffee", 0, 0), "kind: pipeline\n")
    taken, mine = key(1, ("c0ffee", 0, 0)), key(2, ("c0ffee", 0, 0))
    found = rules.free_twins([mine])
    rules.shown_for(taken)
    monkeypatch.setattr(rules, "free_twins", lambda _: found)
    rules.bind_all([mine])
    assert files().keys() == {1, 2}


def test_a_hundred_builds_take_a_few_statements():
    builds: list[Build] = [(f"{number:040x}", number, 0) for number in range(100)]
    for build in builds:
        serve(build, "kind: pipeline\n")
    with CaptureQueriesContext(connection) as queries:
        rules.bind_all([key(number, build) for number, build in enumerate(builds, 1)])
    assert len(files()) == 100
    assert len(queries) < 10
