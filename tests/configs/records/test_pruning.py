"""Old records are forgotten, and with them the texts that only they were served."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from configs.client import drone_request
from configs.records import packing, pruning
from configs.records.models import ConfigFile, ConfigText, LastError, ServedConfig
from tests.conftest import push

pytestmark = pytest.mark.usefixtures("records")


def test_what_is_old_goes_and_what_is_in_use_stays(tree, drone, capsys, monkeypatch):
    monkeypatch.setattr(pruning, "SQLITE_BATCH", 2)
    old = datetime.now(UTC) - timedelta(days=91)
    for number, content in enumerate(["a\n", "b\n", "a\n", "c\n", "b\n", "", "kind: repository\n", "d\n"]):
        tree({"default.yaml": content})
        drone.post(drone_request.body(push(after=str(number)), created=number + 1))
    ServedConfig.objects.filter(created__lte=5).exclude(created=3).update(served=old)
    call_command("pruneconfigs", days=90)
    assert capsys.readouterr().out == "4 records and 2 texts deleted.\n"
    assert sorted(ServedConfig.objects.values_list("created", flat=True)) == [3, 7, 8]
    assert sorted(bytes(text.content) for text in ConfigText.objects.all()) == [b"a\n", b"d\n"]
    assert ConfigFile.objects.count() == 3
    assert LastError.objects.count() == 1
    LastError.objects.update(time=old)
    call_command("pruneconfigs", days=90)
    assert not LastError.objects.exists()


def test_on_sqlite_half_of_the_time_is_for_those_who_record(tree, drone, monkeypatch):
    tree({"default.yaml": "a\n"})
    drone.post(drone_request.body(push(), created=1))
    first = ServedConfig.objects.values().get()
    old = datetime.now(UTC) - timedelta(days=9)
    same = first | {"id": None, "identity": None, "served": old}
    ServedConfig.objects.bulk_create(ServedConfig(**same) for _ in range(1000))
    pauses: list[float] = []
    monkeypatch.setattr("time.sleep", pauses.append)
    with CaptureQueriesContext(connection) as queries:
        call_command("pruneconfigs", days=1)
    deleted = [query["sql"].count(",") for query in queries if query["sql"].startswith("DELETE")]
    assert len(deleted) >= 5
    assert max(deleted) < 250
    assert len(pauses) >= 4
    assert min(pauses) > 0
    assert ServedConfig.objects.count() == 1


def test_a_text_that_was_pruned_is_recorded_again(tree, drone):
    tree({"default.yaml": "a\n"})
    drone.post(drone_request.body(push(), created=1))
    ServedConfig.objects.update(served=datetime.now(UTC) - timedelta(days=9))
    call_command("pruneconfigs", days=1)
    assert not ConfigText.objects.exists()
    drone.post(drone_request.body(push(), created=2))
    assert packing.unpacked(ServedConfig.objects.get().file).yaml == "a\n"


@pytest.mark.parametrize("days", ["0", "-1", "36501", "99999999999999"])
def test_days_that_make_no_sense_are_refused(days):
    with pytest.raises(CommandError, match="--days must be a whole number from 1"):
        call_command("pruneconfigs", "--days", days)
