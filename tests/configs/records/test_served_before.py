"""Which record tells what a build was served."""

import dataclasses
from datetime import UTC, datetime
from uuid import UUID

import pytest
from django.conf import settings

from configs.records.identity import BuildKey, digests_of
from configs.records.models import ConfigFile, ServedConfig
from configs.records.rows import columns
from configs.records.rules import served_before

pytestmark = pytest.mark.django_db
TRIGGERED = BuildKey(
    1, 0, 0, "custom", "check", "refs/heads/master", "c0ffee", "master", "", 0, "ann", 1000, {"TARGET": "staging"}
)
STARTED = dataclasses.replace(TRIGGERED, build_id=70, number=7)


def kept(pk: int = 1, build_id: int | None = None, **changed: object) -> ServedConfig:
    """A record of a build."""
    key = dataclasses.replace(TRIGGERED, **changed)  # type: ignore[arg-type]
    values = columns(key, digests_of(key, settings.SECRET_KEY)) | {"identity": None, "build_id": build_id}
    return ServedConfig(pk=pk, file_id=UUID(int=1), served=datetime.now(UTC), **values)


def chosen(*records: ServedConfig, key: BuildKey = STARTED) -> int | None:
    """The number of the record that is chosen."""
    ConfigFile.objects.create(digest=UUID(int=1), path="default.yaml", sources=[], origins=b"")
    ServedConfig.objects.bulk_create(records)
    record = served_before(key, digests_of(key, settings.SECRET_KEY))
    ServedConfig.objects.all().delete()
    ConfigFile.objects.all().delete()
    return record.pk if record else None


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
